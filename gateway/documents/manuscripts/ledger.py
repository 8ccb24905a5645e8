"""What Postgres knows of manuscripts. Synchronous: for threads."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from gateway.documents.manuscripts import store
from gateway.documents.manuscripts.refusal import Refusal, gone
from gateway.documents.models import Manuscript

MOST_OF_A_VISITOR = 20
MOST_FILES_OF_A_VISITOR = 5
"""Of the largest allowed: so many times ``MANUSCRIPT_MAX_BYTES`` a visitor may keep here."""

MOST_UNFINISHED = 1_000
SWEPT_AT_ONCE = 100


def create(manuscript: Manuscript) -> Manuscript:
    """Store a manuscript that is about to come, or refuse it where the bounds are reached."""
    store.judge_disk(manuscript.length)
    with transaction.atomic():
        # One at a time of each visitor: what is counted must not change meanwhile.
        with connection.cursor() as cursor:
            key = f"manuscripts:{manuscript.owner}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        _judge_visitor(manuscript)
        _judge_all(manuscript.length)
        manuscript.expires_at = expiry()
        manuscript.save(force_insert=True)
    return manuscript


def find(manuscript_id: UUID) -> Manuscript:
    """Return a manuscript; a ``Refusal``, 404 or 410, where there is none, or none any more."""
    found = Manuscript.objects.filter(pk=manuscript_id).first()
    if found is None:
        raise gone()
    if found.expires_at is not None and found.expires_at < timezone.now():
        raise Refusal(410, "The upload has expired. Please begin again.")
    return found


def begin(manuscript_id: UUID) -> tuple[Manuscript, store.Part]:
    """Return an upload with its file, held for this writer, and at its end."""
    find(manuscript_id)
    part = store.Part(manuscript_id)
    try:
        # Only who holds the file may believe what is said of it.
        manuscript = find(manuscript_id)
        part.begin(manuscript.received)
    except Refusal:
        part.close()
        if not Manuscript.objects.filter(pk=manuscript_id).exists():
            store.remove(manuscript_id)  # it was deleted between the two looks
        raise
    except BaseException:
        part.close()
        raise
    return manuscript, part


def advance(manuscript: Manuscript, received: int) -> None:
    """Write down that so many bytes are on the disk. Refuses where somebody was faster."""
    expires_at = expiry()
    unfinished = Manuscript.objects.filter(
        pk=manuscript.pk, received=manuscript.received, expires_at__isnull=False
    )
    if not unfinished.update(
        received=received, kind=manuscript.kind, name=manuscript.name, expires_at=expires_at
    ):
        raise gone()
    manuscript.received, manuscript.expires_at = received, expires_at


def finish(manuscript: Manuscript) -> None:
    """Write down that it is all there, and judged: in one step, so that no half of it is seen."""
    unfinished = Manuscript.objects.filter(
        pk=manuscript.pk, received=manuscript.received, expires_at__isnull=False
    )
    if not unfinished.update(
        received=manuscript.length, kind=manuscript.kind, name=manuscript.name, expires_at=None
    ):
        raise gone()
    manuscript.received, manuscript.expires_at = manuscript.length, None


def forget(manuscript_id: UUID) -> bool:
    """Remove a manuscript and its bytes; False where there is none."""
    deleted, _ = Manuscript.objects.filter(pk=manuscript_id).delete()
    store.remove(manuscript_id)
    return bool(deleted)


def owned_by(owners: Collection[str]) -> list[Manuscript]:
    """Return the manuscripts of a visitor, the newest first, without what has expired."""
    alive = Q(expires_at__isnull=True) | Q(expires_at__gte=timezone.now())
    return list(Manuscript.objects.filter(alive, owner__in=owners)[: 2 * MOST_OF_A_VISITOR])


def sweep() -> int:
    """Remove some of what has expired, row by row; return how many."""
    with transaction.atomic():
        expired = (
            Manuscript.objects.filter(expires_at__lt=timezone.now())
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[:SWEPT_AT_ONCE]
        )
        ids = list(expired)
        Manuscript.objects.filter(pk__in=ids).delete()
    for manuscript_id in ids:
        store.remove(manuscript_id)
    return len(ids)


def expiry() -> datetime:
    """Return when an upload expires to which nothing is added from now on."""
    return timezone.now() + timedelta(seconds=settings.MANUSCRIPT_KEPT_SECONDS)


def judge_quota(more: int) -> None:
    """Refuse with 507 what would be too much altogether."""
    # What has come, not what was promised: promises cost nothing, and would keep others out.
    total = Manuscript.objects.aggregate(total=Sum("received"))["total"] or 0
    if total + more > settings.MANUSCRIPTS_QUOTA_BYTES:
        raise store.disk_full()


def _judge_visitor(manuscript: Manuscript) -> None:
    mine = Manuscript.objects.filter(owner=manuscript.owner)
    most = MOST_FILES_OF_A_VISITOR * settings.MANUSCRIPT_MAX_BYTES
    promised = mine.aggregate(total=Sum("length"))["total"] or 0
    if mine.count() >= MOST_OF_A_VISITOR or promised + manuscript.length > most:
        raise Refusal(
            403,
            f"We keep {MOST_OF_A_VISITOR} manuscripts of one person, and {most} bytes. "
            "Please delete one first.",
        )


def _judge_all(length: int) -> None:
    if Manuscript.objects.filter(expires_at__isnull=False).count() >= MOST_UNFINISHED:
        raise Refusal(503, "Too many uploads are under way. Please try again.", Retry_After="60")
    judge_quota(length)
