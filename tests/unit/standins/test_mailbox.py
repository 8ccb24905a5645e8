from email.message import EmailMessage

import pytest

from tests.standins import mailbox
from tests.standins.mailbox import Mailbox
from tests.standins.pages import mailbox_page


def letter(subject: str = "Welcome", text: str = "Hello") -> bytes:
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content(text)
    return message.as_bytes()


def test_the_newest_comes_first_and_an_address_finds_its_own() -> None:
    box = Mailbox()
    box.put("shop@example.com", ("ada@example.com",), letter("first"))
    box.put("shop@example.com", ("bob@example.com", "ada@example.com"), letter("second"))
    box.put("shop@example.com", ("bob@example.com",), letter("third"))
    assert [mail.subject for mail in box.mails()] == ["third", "second", "first"]
    assert [mail.subject for mail in box.mails(" ADA@example.com ")] == ["second", "first"]


def test_what_is_forgotten_is_gone_and_the_rest_stays() -> None:
    box = Mailbox()
    box.put("s", ("ada@example.com",), letter())
    box.put("s", ("bob@example.com",), letter())
    assert box.empty("ada@example.com") == 1
    assert [mail.recipients for mail in box.mails()] == [("bob@example.com",)]
    assert box.empty() == 1
    assert box.mails() == []


def test_it_keeps_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MOST_MAILS", 3)
    box = Mailbox()
    for number in range(5):
        box.put("s", ("a@b.c",), letter(str(number)))
    assert [mail.subject for mail in box.mails()] == ["4", "3", "2"]


def test_it_keeps_no_more_than_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MOST_BYTES", 2500)
    box = Mailbox()
    for number in range(5):
        box.put("s", ("a@b.c",), letter(str(number), "x" * 1000))
    assert [mail.subject for mail in box.mails()] == ["4", "3"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: =?utf-9?q?x?=\r\nContent-Type: text/plain; charset=nowhere\r\n\r\n\xff",
        b"Content-Type: multipart/mixed\r\n\r\nno parts",
        b"From: <<>>,;\r\nTo: @\r\nDate: soon\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
    ],
)
def test_a_broken_mail_is_kept_as_far_as_it_can_be_read(content: bytes) -> None:
    box = Mailbox()
    box.put("\udcff", ("a@b.c",), content)
    (mail,) = box.mails()
    mailbox_page([mail], "").encode("utf-8")
    assert mail.document()["to"] == ("a@b.c",)


def test_nothing_of_a_mail_becomes_markup() -> None:
    box = Mailbox()
    bad = "<script>alert(1)</script>"
    box.put(bad, (bad,), letter(bad, bad))
    page = mailbox_page(box.mails(), f'"{bad}')
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 5


async def test_recipients_have_an_end() -> None:
    class Envelope:
        rcpt_tos = ["a@b.c"] * mailbox.MOST_RECIPIENTS

    said = await Mailbox().handle_RCPT(None, None, Envelope(), "one@more.com", [])
    assert said.startswith("452")
