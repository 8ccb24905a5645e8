"""What people type of themselves: their address and their name, in one form, judged in words.

Plain code: it asks nobody.
"""

import re
import unicodedata
from contextlib import suppress
from hashlib import sha256

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MOST_OF_AN_ADDRESS = 254
"""RFC 5321, 4.5.3.1.3, without the angle brackets."""

MOST_OF_A_LOCAL_PART = 64
MOST_OF_A_NAME = 80
_NOT_IN_NAMES = frozenset(("Cc", "Cs", "Co", "Cn", "Zl", "Zp"))
# These turn the direction of what stands around a name, in pages and mails alike. The joiners, also
# invisible, are part of how some scripts are spelt and stay.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_VISIBLE = ("L", "N")
_PLAIN_NAME = re.compile(r"[^\W\d_]+(?:(?:\. |[ '’‑-])[^\W\d_]+)*\.?")

WRONG_ADDRESS = "That does not look like an e-mail address, such as ada@example.com."
LONG_ADDRESS = "That address is longer than addresses can be."


def normalized(email: str) -> str:
    """Return the form in which an address is kept and compared: trimmed, lower case.

    A domain in letters of its own becomes what mail servers call it (RFC 5891), so that both ways
    of writing it are one address. What is no address at all comes back as it is.
    """
    local, at, domain = unicodedata.normalize("NFC", email).strip().lower().rpartition("@")
    if domain and not domain.isascii():
        # What is no domain stays as it is, and whoever judges the address says so.
        with suppress(UnicodeError):
            domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}{at}{domain}"


def judged_address(given: str) -> str:
    """Return the address in its one form. Raises ``ValidationError`` with a sentence for people."""
    if len(given) > 4 * MOST_OF_AN_ADDRESS:
        raise ValidationError(LONG_ADDRESS)
    address = normalized(given)
    local, _, domain = address.rpartition("@")
    if len(address) > MOST_OF_AN_ADDRESS or len(local) > MOST_OF_A_LOCAL_PART:
        raise ValidationError(LONG_ADDRESS)
    try:
        validate_email(address)
    except ValidationError:
        raise ValidationError(WRONG_ADDRESS) from None
    # Quoted local parts may hold anything, and hardly a server takes them. A domain that is a
    # number, or has no dot, is a machine beside ours.
    if '"' in local or "[" in domain or "." not in domain or not address.isascii():
        raise ValidationError(WRONG_ADDRESS)
    return address


def judged_name(given: str) -> str:
    """Return a name of any script, its spaces made single. Raises ``ValidationError``."""
    name = " ".join(unicodedata.normalize("NFC", given).split(" ")).strip()
    name = re.sub(" {2,}", " ", name)
    if any(unicodedata.category(each) in _NOT_IN_NAMES or each in _TURNING for each in name):
        raise ValidationError("There are characters in that name that cannot be written.")
    if not any(unicodedata.category(each).startswith(_VISIBLE) for each in name):
        raise ValidationError("Please tell us what to call you: a name has letters.")
    if len(name) > MOST_OF_A_NAME:
        raise ValidationError(f"We have room for {MOST_OF_A_NAME} characters of a name.")
    return name


def name_for_mail(name: str) -> str:
    """Return ``name`` if it is fit for a mail to somebody who may not have chosen it, else nothing.

    Whoever joins with another's address chooses a text that this other one will read. So it goes
    out only where it is letters alone, and nothing a mail program makes a link of.
    """
    letters = "".join(c for c in name if not unicodedata.category(c).startswith("M"))
    return name if _PLAIN_NAME.fullmatch(letters) else ""


def avatar_hash(email: str) -> str:
    """Return what the avatar service knows an address by: 64 hexadecimal digits."""
    return sha256(email.strip().lower().encode()).hexdigest()
