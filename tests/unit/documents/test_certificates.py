"""Certificates: what may stand on one, what its address is, and what is in its PDF."""

import zlib
from datetime import UTC, datetime

import pytest

from gateway.documents.certificates.drawing import Undisplayable, pdf, picture
from gateway.documents.certificates.forms import CertificateForm
from gateway.documents.certificates.sealing import make_out, seal, unseal
from gateway.documents.certificates.wording import disposition, side, tidy

NOW = datetime(2026, 11, 20, 21, 5, 7, tzinfo=UTC)


def judged(**given: str) -> CertificateForm:
    """A form with a good name and amount, unless ``given`` says otherwise."""
    form = CertificateForm({"name": "Zoë", "amount": "25.50", **given})
    form.is_valid()
    return form


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("25", 2500),
        ("25.5", 2550),
        ("25,05", 2505),
        (" €5 ", 500),
        ("1000.00", 100_000),
        ("€1,000.00", 100_000),
        ("1.000,00", 100_000),
        ("1\u202f000 €", 100_000),
    ],
)
def test_an_amount_may_be_written_as_people_do(amount: str, cents: int) -> None:
    assert judged(amount=amount).cleaned_data["amount"] == cents


@pytest.mark.parametrize(
    "amount",
    [
        "4.99",
        "1000.01",
        "-5",
        "NaN",
        "Infinity",
        "1e2",
        "0,999",
        "1,001",
        "",
        "٢٥",
        "25.505",
        "9" * 4000,
    ],
)
def test_an_amount_out_of_bounds_is_refused_with_the_bounds(amount: str) -> None:
    assert "between €5.00 and €1,000.00" in judged(amount=amount).errors["amount"][0]


def test_a_name_of_ten_kilobytes_is_refused_with_the_limit() -> None:
    assert judged(name="x" * 10_240).errors["name"] == [
        "The name has 10,240 characters; the card has room for 80."
    ]


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u200d", "\u3164", "\u202e"])
def test_a_name_that_nobody_sees_is_no_name(name: str) -> None:
    assert "Write the name" in judged(name=name).errors["name"][0]


@pytest.mark.parametrize("name", ["a\x07b", "a\ufffdb", "a\ue000b"])
def test_what_cannot_be_written_is_refused_by_its_number(name: str) -> None:
    assert "cannot be written: U+" in judged(name=name).errors["name"][0]


def test_marks_that_turn_the_text_around_are_dropped() -> None:
    assert tidy("A\u202egro.\u2066x  y\n z") == "Agro.x y z"
    assert tidy("a \n\n\n b", lines=True) == "a\nb"


def test_text_begins_where_its_first_letter_says() -> None:
    assert [side(text) for text in ("12 שלום", "محمد", "Zoë שלום", "123")] == [
        "rtl", "rtl", "ltr", "ltr",
    ]  # fmt: skip


def test_an_address_tells_the_certificate_and_cannot_be_made_up() -> None:
    made = make_out("Zoë 王小明", 2550, "hello", NOW)
    token = seal(made)
    assert unseal(token) == made
    for at in range(0, len(token), 7):
        other = "A" if token[at] != "A" else "B"
        assert unseal(token[:at] + other + token[at + 1 :]) is None, at
    assert seal(make_out("Zoë 王小明", 2550, "hello", NOW)) != token


def test_the_longest_certificate_has_an_address_that_every_server_takes() -> None:
    made = make_out("🎁🎂" * 40, 100_000, "".join(map(chr, range(0x20000, 0x2012C))), NOW)
    assert len(seal(made)) < 4000


def test_a_file_name_is_safe_in_a_header_and_on_a_disk() -> None:
    told = disposition("AB2C-D3EF-GH4I", '../Zoë"\r\nX: y/王')
    assert told.isascii()
    assert told.isprintable()
    assert 'filename="gift-certificate-ab2c-d3ef-gh4i.pdf"' in told
    assert "filename*=UTF-8''Gift%20certificate%20for%20Zo%C3%AB%20X%20y%20%E7%8E%8B.pdf" in told


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Müller", "محمد العربي", "नमस्ते क्षत्रिय", "王小明", "さくら", "김철수", "สวัสดี",
        "שלום 1 abc",
        "👩‍👩‍👧‍👦 🎁 ❤️", "Z̵̢a̶l̷g̸o", "Ελένη Жанна", "ქართული Հայերեն አማርኛ", "W" * 80,
        "#set page() $x$ *b* _u_ @ref </svg>", "বাংলা தமிழ் తెలుగు",
    ],
)  # fmt: skip
def test_a_name_in_any_script_is_printed(name: str) -> None:
    made = pdf(make_out(name, 2550, "", NOW), NOW)
    assert made.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in made or b"/ObjStm" in made


def test_letters_that_no_font_has_are_named() -> None:
    with pytest.raises(Undisplayable) as told:
        pdf(make_out("ab\U00012000", 2550, "", NOW), NOW)
    assert told.value.letters == "\U00012000"


def test_name_amount_and_time_of_the_download_are_in_the_metadata() -> None:
    made = pdf(make_out("Zoe", 2550, "", NOW), NOW)
    told = made + b"".join(_inflated(made))
    for what in (b"Gift certificate for Zoe", b"EUR 25.50", b"2026-11-20T21:05:07Z"):
        assert what in told, what
    assert b"D:20261120210507" in told


def test_the_picture_is_one() -> None:
    assert picture(make_out("Zoe", 2550, "", NOW)).startswith(b"\x89PNG")


def _inflated(document: bytes) -> list[bytes]:
    found = []
    for part in document.split(b"stream\n")[1:]:
        try:
            found.append(zlib.decompressobj().decompress(part))
        except zlib.error:
            continue
    return found
