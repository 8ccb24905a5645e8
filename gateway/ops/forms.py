"""The form that switches a fault on."""

from typing import Any

from django import forms

from gateway.aggregation.faults import FaultRule
from gateway.sources.switches import FAULT_SECONDS

MOST_DELAY_MS = 60_000
MOST_MINUTES = 60


def _bounds(what: str, lowest: int, highest: int) -> dict[str, str]:
    """Return one sentence for whatever may be wrong with a number.

    It must hold no percent sign: Django fills some of these sentences in, and some not.
    """
    sentence = f"{what} must be a number from {lowest} to {highest}."
    return dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence)


class FaultForm(forms.Form):
    """What is to be done to how many calls of one source, and for how long."""

    delay_ms = forms.IntegerField(
        label="Delay, in ms",
        min_value=0,
        max_value=MOST_DELAY_MS,
        initial=0,
        error_messages=_bounds("The delay, in whole milliseconds,", 0, MOST_DELAY_MS),
    )
    delay_percent = forms.FloatField(
        label="Calls delayed, in %",
        min_value=0,
        max_value=100,
        initial=100,
        error_messages=_bounds("The share of calls that are delayed, in percent,", 0, 100),
    )
    abort_percent = forms.FloatField(
        label="Calls that fail, in %",
        min_value=0,
        max_value=100,
        initial=0,
        error_messages=_bounds("The share of calls that fail, in percent,", 0, 100),
    )
    minutes = forms.IntegerField(
        label="For how long, in min",
        min_value=1,
        max_value=MOST_MINUTES,
        initial=round(FAULT_SECONDS / 60),
        error_messages=_bounds("The time, in whole minutes,", 1, MOST_MINUTES),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a fault that would do nothing: whoever switches it on believes that it does."""
        given = super().clean() or {}
        if not self.errors:
            if given["delay_ms"] and not given["delay_percent"]:
                raise forms.ValidationError("Say how many calls the delay is for: more than 0 %.")
            if not given["delay_ms"] and not given["abort_percent"]:
                raise forms.ValidationError(
                    "Say what is to happen: a delay of more than 0 ms, or more than 0 % of the "
                    "calls that fail."
                )
        return given

    def rule(self) -> FaultRule:
        """Return the rule that a valid form describes."""
        delay_ms = self.cleaned_data["delay_ms"]
        return FaultRule(
            delay_seconds=delay_ms / 1000,
            delay_percent=self.cleaned_data["delay_percent"] if delay_ms else 0.0,
            abort_percent=self.cleaned_data["abort_percent"],
        )

    def seconds(self) -> float:
        """Return for how long a valid form wants the fault."""
        return float(self.cleaned_data["minutes"] * 60)


def fault_form(source: str, data: Any = None) -> FaultForm:
    """Return the form of ``source``; its ids tell it from those of the other sources."""
    return FaultForm(data, auto_id=f"{source}-%s")
