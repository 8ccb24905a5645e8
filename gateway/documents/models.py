"""What is remembered of a manuscript; its bytes lie in ``UPLOADS_ROOT``."""

import uuid

from django.db import models


class Manuscript(models.Model):
    """A file that somebody sends, or has sent.

    Its id names its file, and is part of its address: whoever knows it may go on with the upload.
    ``received`` is the truth about how much is there: the file has at least so many bytes, synced
    to the disk, and what it has beyond them does not count.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=48, db_index=True, help_text="The key of a visitor.")
    name = models.CharField(max_length=200, help_text="As its owner calls it; it names no file.")
    kind = models.CharField(max_length=8, blank=True, help_text="Empty until its bytes tell.")
    metadata = models.TextField(blank=True, help_text="What a tus client said of it.")
    length = models.BigIntegerField(help_text="In bytes.")
    received = models.BigIntegerField(default=0, help_text="In bytes.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, db_index=True, help_text="Unfinished ones do.")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def finished(self) -> bool:
        """Whether it is all there, and has been judged."""
        return self.expires_at is None
