"""The forms of joining. What is wrong is said in sentences beside the field."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from gateway.members.models import Member
from gateway.members.wording import judged_address, judged_name

MOST_OF_A_PASSWORD = 128


class AddressForm(forms.Form):
    """The first step."""

    email = forms.CharField(
        label="E-mail address",
        error_messages={"required": "Please type your e-mail address."},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "maxlength": 254}),
    )

    def clean_email(self) -> str:
        """Return the address in its one form."""
        return judged_address(self.cleaned_data["email"])


class MemberForm(forms.Form):
    """The second step, for the owner of ``email``."""

    name = forms.CharField(
        label="Your name",
        strip=False,  # so that a line break at its end is judged too
        error_messages={"required": "Please tell us what to call you."},
        widget=forms.TextInput(attrs={"autocomplete": "name", "maxlength": 80}),
    )
    password = forms.CharField(
        label="A password",
        max_length=MOST_OF_A_PASSWORD,
        strip=False,
        error_messages={"required": "Please choose a password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean_name(self) -> str:
        """Return the name, its spaces made single."""
        return judged_name(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        """Judge the password by all of the shop's rules at once. It must not be like the rest."""
        said = super().clean() or self.cleaned_data
        if "password" in said:
            owner = Member(email=self._email, name=said.get("name", ""))
            try:
                validate_password(said["password"], owner)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return said


class OpeningForm(forms.Form):
    """The password, once more, by who has followed the link."""

    password = forms.CharField(
        label="The password that you chose",
        max_length=MOST_OF_A_PASSWORD,
        strip=False,
        error_messages={"required": "Please type the password that you chose."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
