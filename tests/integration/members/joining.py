"""A visitor's part in joining: the forms, and the link in the mail."""

import re
from hashlib import sha256
from typing import Any

import httpx

from tests.integration.members.asking import post, token

PASSWORD = "a goose on a bicycle"
_TICKET = re.compile(r'name="ticket" value="([^"]+)"')


def address(word: str, *, pictured: bool = True) -> str:
    """An address that the stand-in has a picture for, or none."""
    for number in range(1000):
        found = f"{word}{number}@example.com"
        if (sha256(found.encode()).hexdigest()[-1] in "0123") != pictured:
            return found
    raise AssertionError("there is no such address")


def first_step(client: httpx.Client, email: str) -> httpx.Response:
    """Send the address."""
    return post(client, "/join/", email=email)


def ticket(page: httpx.Response) -> str:
    """What the second step's form carries of the first."""
    found = _TICKET.search(page.text)
    assert found, page.text[-3000:]
    return found[1]


def second_step(client: httpx.Client, page: httpx.Response, **fields: Any) -> httpx.Response:
    """Fill in the form that came back from the first step."""
    said = {"name": "Grace", "password": PASSWORD, **fields}
    return client.post(
        "/join/",
        data={"csrfmiddlewaretoken": token(page), "ticket": ticket(page), **said},
    )


def join(client: httpx.Client, email: str, **fields: Any) -> httpx.Response:
    """Both steps."""
    return second_step(client, first_step(client, email), **fields)


def link_in(mail: dict[str, Any]) -> str:
    """The path that the link in a mail leads to."""
    found = re.search(r"https?://[^/]+(/join/open/\S+)", mail["text"])
    assert found, mail["text"]
    return found[1]
