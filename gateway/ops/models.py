"""What staff change while the gateways run, and what they have changed.

It lies in Postgres, so that nothing of it is lost with Redis; every gateway reads all of it once a
second (``gateway/sources/inforce.py``). It is written in ``changing/`` alone.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from gateway.sources.inforce import Kind

KINDS = [
    (Kind.SETTING.value, "setting"),
    (Kind.OFF.value, "source that is off"),
    (Kind.FAULT.value, "fault"),
]


class Switch(models.Model):
    """One thing that is other than the gateways began with."""

    kind = models.CharField(max_length=10, choices=KINDS, editable=False)
    name = models.CharField(max_length=60)
    value = models.JSONField(null=True, editable=False)
    until = models.DateTimeField(null=True, blank=True, help_text="UTC. Empty: until it is ended.")
    why = models.CharField(max_length=200, blank=True, help_text="For those who find it later.")
    changed_by = models.CharField("by", max_length=120, editable=False)
    changed_at = models.DateTimeField("since", default=timezone.now, editable=False)

    class Meta:
        ordering = ["kind", "name"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="ops_switch_once")]

    def __str__(self) -> str:
        return self.name


class _OfKind(models.Manager[Switch]):
    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind

    def get_queryset(self) -> models.QuerySet[Switch]:
        return super().get_queryset().filter(kind=self._kind)


class Setting(Switch):
    """So many seconds, in place of what the environment says."""

    kind_of = Kind.SETTING
    objects: ClassVar[models.Manager[Switch]] = _OfKind(Kind.SETTING)  # type: ignore[assignment]

    class Meta:
        proxy = True
        verbose_name = "setting changed at run time"
        verbose_name_plural = "settings changed at run time"


class SourceOff(Switch):
    """A source that nobody asks: pages show what stands in for it."""

    kind_of = Kind.OFF
    objects: ClassVar[models.Manager[Switch]] = _OfKind(Kind.OFF)  # type: ignore[assignment]

    class Meta:
        proxy = True
        verbose_name = "source switched off"
        verbose_name_plural = "sources switched off"


class Fault(Switch):
    """A source that is slow, or fails, on purpose."""

    kind_of = Kind.FAULT
    objects: ClassVar[models.Manager[Switch]] = _OfKind(Kind.FAULT)  # type: ignore[assignment]

    class Meta:
        proxy = True
        verbose_name = "fault on purpose"
        verbose_name_plural = "faults on purpose"


class Change(models.Model):
    """One change: who, when, from what to what. Never changed itself."""

    kind = models.CharField(max_length=10, choices=KINDS)
    name = models.CharField(max_length=60)
    before = models.CharField(max_length=200)
    after = models.CharField(max_length=200)
    why = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name}: {self.before} → {self.after}"
