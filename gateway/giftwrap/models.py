"""The job: what is wrapped for whom, and how far it is."""

import uuid

from django.db import models
from django.utils import timezone


class Job(models.Model):
    """A parcel. Its id is the unguessable part of its address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visitor = models.CharField(max_length=64, help_text="The key of whoever asked for it.")
    order_key = models.CharField(max_length=64, help_text="Equal for equal orders.")
    items = models.JSONField(help_text="The names of the things, in their order.")
    ribbon = models.CharField(max_length=16)
    stage = models.PositiveSmallIntegerField(
        default=0, help_text="0 waits; then the step's number."
    )
    due_at = models.DateTimeField(help_text="When its step should be over.")
    task_id = models.UUIDField(null=True, editable=False, help_text="Who takes it further.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["visitor", "order_key"], name="giftwrap_whose"),
            models.Index(fields=["created_at"], name="giftwrap_created"),
            models.Index(
                fields=["due_at"],
                name="giftwrap_open",
                condition=models.Q(finished_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.items)} ({self.ribbon})"
