"""The form that makes out a certificate."""

import re

from django import forms

from gateway.documents.certificates.wording import is_blank, tidy, unwritable

MOST_NAME = 80
MOST_MESSAGE = 300
MOST_LINES = 6
LEAST_CENTS = 5_00
MOST_CENTS = 1_000_00
_THOUSANDS = "[.,'’ \u00a0\u202f]"
"""What people write between thousands. Three digits follow it, and never three after a point."""
_AMOUNT = re.compile(
    rf"(?:€|EUR)?\s*([1-9][0-9]{{0,2}}{_THOUSANDS}[0-9]{{3}}|[0-9]{{1,6}})"
    r"(?:[.,]([0-9]{1,2}))?\s*(?:€|EUR)?\Z",
    re.I | re.A,
)
_BOUNDS = "The amount must be between €5.00 and €1,000.00, as in 25 or 25.50."


class CertificateForm(forms.Form):
    """Who it is for, what it is worth, and a word or two."""

    use_required_attribute = True
    name = forms.CharField(
        label="Who is it for?",
        help_text=f"As it is to stand on the card, in any script; up to {MOST_NAME} characters.",
        strip=False,
        error_messages={"required": "Write the name of the person that the card is for."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    amount = forms.CharField(
        label="How much, in euros?",
        help_text="From 5 to 1,000; cents are welcome.",
        max_length=20,
        initial="25.00",
        error_messages={"required": _BOUNDS, "max_length": _BOUNDS},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    message = forms.CharField(
        label="A message (optional)",
        help_text=f"Up to {MOST_MESSAGE} characters, on at most {MOST_LINES} lines.",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )

    def clean_name(self) -> str:
        """Return the name as it is printed."""
        name = tidy(self.cleaned_data["name"])
        _judge("The name", name, MOST_NAME)
        if is_blank(name):
            raise forms.ValidationError("Write the name of the person that the card is for.")
        return name

    def clean_amount(self) -> int:
        """Return the amount in cents. A comma is as good as a point."""
        found = _AMOUNT.match(self.cleaned_data["amount"].strip())
        cents = 0
        if found:
            cents = int(re.sub(_THOUSANDS, "", found[1])) * 100
            cents += int((found[2] or "0").ljust(2, "0"))
        if not LEAST_CENTS <= cents <= MOST_CENTS:
            raise forms.ValidationError(_BOUNDS)
        return cents

    def clean_message(self) -> str:
        """Return the message as it is printed, with its line breaks."""
        message = tidy(self.cleaned_data["message"], lines=True)
        _judge("The message", message, MOST_MESSAGE)
        if message.count("\n") >= MOST_LINES:
            raise forms.ValidationError(f"The message may have at most {MOST_LINES} lines.")
        return "" if is_blank(message) else message


def _judge(what: str, text: str, most: int) -> None:
    """Refuse what is too long for the card, or cannot stand on paper."""
    if len(text) > most:
        raise forms.ValidationError(
            f"{what} has {len(text):,} characters; the card has room for {most}."
        )
    if (bad := unwritable(text)) is not None:
        raise forms.ValidationError(
            f"{what} holds a character that cannot be written: U+{ord(bad):04X}."
        )
