"""What is asked of Postgres, in SQL: each is one statement, so that each is one transaction.

The update of the room comes first in both changes: its lock lets the room's changes happen one
after another, and their numbers become visible in their order.
"""

from gateway.chat.models import KEPT

SAY = f"""
WITH known AS (
    SELECT m.number FROM chat_message m JOIN chat_room r ON r.id = m.room_id
    WHERE r.slug = %(room)s AND m.author_key = %(key)s AND m.client_id = %(client_id)s
), counted AS (
    UPDATE chat_room SET changes = changes + 1
    WHERE slug = %(room)s AND is_open AND NOT EXISTS (SELECT FROM known)
    RETURNING id, changes
), put AS (
    INSERT INTO chat_message
        (room_id, number, change, author_key, author_name, author_kind, text, client_id, sent_at)
    SELECT id, changes, changes, %(key)s, %(name)s, %(kind)s, %(text)s, %(client_id)s,
        clock_timestamp()
    FROM counted
    ON CONFLICT DO NOTHING
    RETURNING number
), trimmed AS (
    DELETE FROM chat_message m USING counted c
    WHERE m.room_id = c.id AND m.number <= c.changes - {KEPT:d}
)
SELECT number FROM put UNION ALL SELECT number FROM known
"""  # noqa: S608 - the one value that is put in is a number of ours

REMOVE = """
WITH counted AS (
    UPDATE chat_room r SET changes = changes + 1
    WHERE r.slug = %(room)s AND EXISTS (
        SELECT FROM chat_message m
        WHERE m.room_id = r.id AND m.number = %(number)s AND m.removed_at IS NULL
    )
    RETURNING id, changes
)
UPDATE chat_message m SET text = '', removed_at = clock_timestamp(), change = c.changes
FROM counted c
WHERE m.room_id = c.id AND m.number = %(number)s AND m.removed_at IS NULL
RETURNING m.number
"""

CHANGES = """
SELECT r.changes, m.number, m.change, m.author_name, m.author_kind, m.text, m.sent_at,
    m.removed_at IS NOT NULL
FROM chat_room r LEFT JOIN LATERAL (
    SELECT * FROM chat_message WHERE room_id = r.id AND change > %(since)s
    ORDER BY change LIMIT %(most)s
) m ON true
WHERE r.slug = %(room)s AND r.is_open
ORDER BY m.change
"""

LATEST = """
SELECT r.changes, m.number, m.change, m.author_name, m.author_kind, m.text, m.sent_at, false
FROM chat_room r LEFT JOIN LATERAL (
    SELECT * FROM chat_message WHERE room_id = r.id AND removed_at IS NULL
    ORDER BY number DESC LIMIT %(most)s
) m ON true
WHERE r.slug = %(room)s AND r.is_open
ORDER BY m.number
"""

COUNTERS = "SELECT slug, changes FROM chat_room WHERE is_open AND slug = ANY(%(rooms)s)"
