"""What the worker does for this room."""

from datetime import datetime

from django_tasks import task

from gateway.members.letters import post

QUEUE = "mail"
"""Of its own, so that a mail server that hangs does not hold up other work: see ``worker.py``."""


@task(queue_name=QUEUE)
def post_letter(letter_id: str) -> str:
    """Send one mail that is owed, or put it off; return what came of it, in a word."""
    return post(letter_id, again)


def again(letter_id: str, run_after: datetime) -> None:
    """Have the mail sent at ``run_after``; within a transaction, if that is committed."""
    post_letter.using(run_after=run_after).enqueue(letter_id)
