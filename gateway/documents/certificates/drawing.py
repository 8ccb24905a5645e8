"""From a certificate to paper: a PDF, or a picture of it. Synchronous, for a thread.

Typst sets the text: it shapes every script, knows which way it runs and where lines may break, and
its PDFs are tagged for screen readers (PDF/UA). It refuses a letter that none of our fonts has,
where other libraries print an empty box. Its compilers are not for two threads at once, so each
thread has one of its own; the fonts are shared, and read when a letter needs them.
"""

import json
import re
import threading
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from gateway.documents.certificates.sealing import Certificate
from gateway.documents.certificates.wording import day, euros, side

_HERE = Path(__file__).parent
_UNKNOWN = re.compile(r'the text `"(.+?)"` could not be displayed', re.S)
PIXELS_PER_INCH = 130

_of_this_thread = threading.local()


class Undisplayable(Exception):
    """None of our fonts has ``letters``."""

    def __init__(self, letters: str) -> None:
        super().__init__(letters)
        self.letters = letters


def pdf(certificate: Certificate, now: datetime) -> bytes:
    """Return the certificate as PDF/UA, downloaded at ``now``. Raises ``Undisplayable``."""
    import typst

    try:
        made = _compiler().compile(
            format="pdf", sys_inputs=_inputs(certificate, now), pdf_standards=["ua-1"]
        )
    except typst.TypstError as exc:
        if found := _UNKNOWN.search(exc.message):
            raise Undisplayable(found[1]) from exc
        raise
    return bytes(made)


def picture(certificate: Certificate) -> bytes:
    """Return the certificate as a PNG."""
    inputs = _inputs(certificate, certificate.issued_at)
    return bytes(_compiler().compile(format="png", ppi=PIXELS_PER_INCH, sys_inputs=inputs))


def _inputs(certificate: Certificate, now: datetime) -> dict[str, str]:
    """Return what the card says. All of it goes in as values; none is read as markup."""
    at = now.astimezone(UTC)
    worth = f"EUR {certificate.cents // 100}.{certificate.cents % 100:02}"
    moment = {name: getattr(at, name) for name in ("year", "month", "day")}
    moment |= {name: getattr(at, name) for name in ("hour", "minute", "second")}
    return {
        "title": f"Gift certificate for {certificate.name}",
        "description": f"Worth {worth}. Downloaded on {day(at)} at {at:%H:%M:%S} UTC.",
        "keywords": f"gift certificate|{certificate.number}|{worth}|{at:%Y-%m-%dT%H:%M:%SZ}",
        "at": json.dumps(moment),
        "name": certificate.name,
        "name_side": side(certificate.name),
        "amount": euros(certificate.cents),
        "message": certificate.message,
        "message_side": side(certificate.message),
        "number": certificate.number,
        "issued": day(certificate.issued_at),
    }


def _compiler() -> Any:
    """Return this thread's compiler."""
    import typst

    if not hasattr(_of_this_thread, "compiler"):
        _of_this_thread.compiler = typst.Compiler(
            _HERE / "card.typ", root=_HERE, font_paths=_fonts(), ignore_system_fonts=True
        )
    return _of_this_thread.compiler


@cache
def _fonts() -> Any:
    # Imported where it is used: it is 80 MB, and most processes of ours never make a certificate.
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[_HERE / "fonts"])
