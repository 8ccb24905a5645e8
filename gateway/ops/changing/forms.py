"""The admin's forms for what can be changed: each says in a sentence what is wrong with it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from gateway.aggregation.faults import FaultRule
from gateway.ops.changing.judging import judge_off, judge_setting
from gateway.ops.changing.tunable import CAN_BE_OFF, SETTINGS, sources_of
from gateway.ops.changing.wording import said_at_first
from gateway.ops.forms import MOST_DELAY_MS, MOST_MINUTES
from gateway.ops.models import Switch
from gateway.ops.sources import SOURCES
from gateway.sources.inforce import Kind
from gateway.sources.switches import FAULT_SECONDS


class SwitchForm(forms.ModelForm):
    """What all of them ask: what it is about, until when, and why."""

    kind: ClassVar[Kind]
    own_fields: ClassVar[tuple[str, ...]] = ()
    no_choice: ClassVar[str] = "%(value)s is switched already, or there is no such source."
    warnings: tuple[str, ...] = ()

    class Meta:
        model = Switch
        fields = ["name", "until", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            taken = set(Switch.objects.filter(kind=self.kind).values_list("name", flat=True))
            free = [(name, self.labelled(name)) for name in self.names() if name not in taken]
            said = {"required": "Choose one.", "invalid_choice": self.no_choice}
            self.fields["name"] = forms.ChoiceField(
                choices=[("", "Choose one"), *free], error_messages=said
            )

    def names(self) -> Iterable[str]:
        """Return what it can be about."""
        raise NotImplementedError

    def labelled(self, name: str) -> str:
        """Return a name as the form offers it."""
        return name

    def value(self) -> Any:
        """Return what a valid form wants to be in force."""
        return None

    def about(self) -> str:
        """Return what the form is about; empty where it does not say."""
        return str(self.cleaned_data.get("name") or self.instance.name or "")

    def clean_until(self) -> Any:
        """An end must lie ahead, or it would be no change at all."""
        until = self.cleaned_data["until"]
        if until is not None and until <= timezone.now():
            raise forms.ValidationError("The end must lie in the future (the clock is UTC).")
        return until


class SettingForm(SwitchForm):
    """So many seconds for a setting, judged by the rules of ``manage.py audit``."""

    kind = Kind.SETTING
    own_fields = ("seconds",)
    no_choice = (
        "%(value)s cannot be added here: it needs a restart, or it is in the list already, where "
        "it can be changed."
    )
    seconds = forms.FloatField(
        label="Seconds",
        help_text="A timeout: more than 0, and shorter than the page's budget. A fresh time: 0 "
        "keeps nothing.",
        error_messages={"invalid": "It must be a number of seconds, such as 0.25."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["seconds"].initial = self.instance.value

    def names(self) -> Iterable[str]:
        """All that are not changed already."""
        return SETTINGS

    def labelled(self, name: str) -> str:
        """Say what it is now, and for which sources."""
        first = said_at_first(Kind.SETTING, name)
        return f"{name}: {first}, for {', '.join(sources_of(name))}"

    def value(self) -> float:
        """Return the seconds."""
        return float(self.cleaned_data["seconds"])

    def clean(self) -> dict[str, Any]:
        """Judge the seconds beside what else is changed already."""
        given = super().clean() or {}
        name, seconds = self.about(), given.get("seconds")
        if name and seconds is not None:
            judged = judge_setting(name, seconds, _others(name))
            self.warnings = judged.warnings
            for sentence in judged.errors:
                self.add_error("seconds", sentence)
        return given


class OffForm(SwitchForm):
    """A source that nobody is to ask."""

    kind = Kind.OFF
    no_choice = (
        "%(value)s cannot be switched off: it is off already, there is no such source, or a page "
        "is nothing without it."
    )

    def names(self) -> Iterable[str]:
        """Those that no page is nothing without."""
        return CAN_BE_OFF

    def clean(self) -> dict[str, Any]:
        """Refuse what is primary, whoever sends it."""
        given = super().clean() or {}
        if name := self.about():
            for sentence in judge_off(name).errors:
                self.add_error(None, sentence)
        return given


class FaultSwitchForm(SwitchForm):
    """A fault on purpose. It always has an end, so that none is forgotten."""

    kind = Kind.FAULT
    own_fields = ("delay_ms", "delay_percent", "abort_percent")
    delay_ms = forms.IntegerField(label="Delay, in ms", min_value=0, max_value=MOST_DELAY_MS)
    delay_percent = forms.FloatField(label="Calls delayed, in %", min_value=0, max_value=100)
    abort_percent = forms.FloatField(label="Calls that fail, in %", min_value=0, max_value=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = FaultRule(**(self.instance.value or {}))
        self.fields["delay_ms"].initial = round(rule.delay_seconds * 1000)
        self.fields["delay_percent"].initial = rule.delay_percent or 100
        self.fields["abort_percent"].initial = rule.abort_percent
        if "until" in self.fields:
            self.fields["until"].required = True
            self.fields["until"].error_messages["required"] = "A fault needs an end."
            self.fields["until"].initial = timezone.now() + timedelta(seconds=FAULT_SECONDS)
            self.fields["until"].help_text = f"UTC, at most {MOST_MINUTES} min ahead."

    def names(self) -> Iterable[str]:
        """All sources."""
        return SOURCES

    def value(self) -> FaultRule:
        """Return the rule."""
        delay_ms = self.cleaned_data["delay_ms"]
        return FaultRule(
            delay_seconds=delay_ms / 1000,
            delay_percent=self.cleaned_data["delay_percent"] if delay_ms else 0.0,
            abort_percent=self.cleaned_data["abort_percent"],
        )

    def clean_until(self) -> Any:
        """Bound it, as the form on /ops/ does."""
        until = super().clean_until()
        ahead = (until - timezone.now()).total_seconds() if until else 0.0
        if ahead > MOST_MINUTES * 60:
            raise forms.ValidationError(f"A fault may last for {MOST_MINUTES} min at most.")
        return until

    def clean(self) -> dict[str, Any]:
        """Refuse one that would do nothing."""
        given = super().clean() or {}
        delays = given.get("delay_ms") and given.get("delay_percent")
        if not self.errors and not delays and not given.get("abort_percent"):
            raise forms.ValidationError("Say what is to happen: a delay, or calls that fail.")
        return given


def _others(name: str) -> dict[str, float]:
    """Return the other settings that are changed now."""
    rows = Switch.objects.filter(kind=Kind.SETTING).exclude(name=name)
    now = timezone.now()
    return {
        row.name: float(row.value or 0)
        for row in rows
        if row.name in SETTINGS and (row.until is None or row.until > now)
    }
