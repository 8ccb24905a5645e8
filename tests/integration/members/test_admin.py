"""The staff's pages: that they work here, and under our content security policy."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from tests.integration.members.asking import post, sign_in, visitor
from tests.live import Shop

STAFF_EMAIL = "boss@example.com"
STAFF_PASSWORD = "a-password-of-the-staff"
PAGES = [
    "/admin/",
    "/admin/storefront/",
    "/admin/storefront/book/",
    "/admin/storefront/book/?q=jane",
    "/admin/storefront/book/?added_on__year=2026",
    "/admin/storefront/book/add/",
    "/admin/storefront/author/",
    "/admin/storefront/author/add/?_popup=1",
    "/admin/members/member/",
    "/admin/members/member/add/",
    "/admin/members/letter/",
    "/admin/members/member/42/change/",
    "/admin/members/member/42/history/",
    "/admin/members/member/42/password/",
    "/admin/auth/group/add/",
    "/admin/password_change/",
    "/admin/jsi18n/",
    "/admin/autocomplete/?app_label=storefront&model_name=book&field_name=author&term=jane",
]
STRANGERS_PAGES = ["/", "/books/", "/authors/", "/signin/", "/nowhere"]


class Inline(HTMLParser):
    """Collects what a policy of 'self' alone would keep a browser from running or showing."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        data = given.get("type") not in (None, "", "text/javascript", "module")
        if tag == "style" or (tag == "script" and "src" not in given and not data):
            self.found.append(f"<{tag}>")
        self.found += [
            f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")
        ]
        for name in ("src", "href", "action"):
            if re.match(r"(?:https?:)?//|javascript:", given.get(name) or ""):
                self.found.append(f"<{tag} {name}={given[name]}>")


@pytest.fixture(scope="module")
def staff(shop: Shop) -> Iterator[httpx.Client]:
    """One who may do everything, signed in."""
    shop.manage(
        "createsuperuser",
        "--noinput",
        DJANGO_SUPERUSER_EMAIL=STAFF_EMAIL,
        DJANGO_SUPERUSER_NAME="Boss",
        DJANGO_SUPERUSER_PASSWORD=STAFF_PASSWORD,
    )
    with visitor(shop.url) as client:
        answer = sign_in(
            client, "/signin/?next=/admin/", username=STAFF_EMAIL, password=STAFF_PASSWORD
        )
        assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
        yield client


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_and_is_nobodys_to_keep(staff: httpx.Client, path: str) -> None:
    response = staff.get(path)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"] or "private" in str(response.headers)


@pytest.mark.parametrize("path", [*STRANGERS_PAGES, *PAGES])
def test_nothing_on_a_page_is_kept_back_by_the_policy(
    staff: httpx.Client, shop: Shop, path: str
) -> None:
    with visitor(shop.url) as stranger:
        response = (stranger if path in STRANGERS_PAGES else staff).get(path)
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    inline = Inline()
    if response.headers["Content-Type"].startswith("text/html"):
        inline.feed(response.text)
    assert inline.found == []


def test_styles_and_scripts_of_a_page_are_there(staff: httpx.Client) -> None:
    page = staff.get("/admin/storefront/book/add/").text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(files) > 10
    for file in files:
        assert staff.get(file).status_code == 200, file


def test_staff_can_add_a_member_who_can_then_sign_in(staff: httpx.Client, shop: Shop) -> None:
    answer = post(
        staff,
        "/admin/members/member/add/",
        email="Grace@Example.com",
        name="Grace",
        password1="a-long-enough-one",
        password2="a-long-enough-one",
        usable_password="true",
    )
    assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", answer.text)
    with visitor(shop.url) as client:
        sign_in(client, username="grace@example.com", password="a-long-enough-one")
        assert "Good to see you, Grace." in client.get("/").text


def test_staff_can_add_an_author_and_a_book(staff: httpx.Client) -> None:
    author = {"name": "Anne Brontë", "slug": "anne-bronte-2", "country": "England", "bio": "-"}
    answer = post(staff, "/admin/storefront/author/add/", **author, born="1820", died="1849")
    assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", answer.text)
    assert "Anne Bront" in staff.get("/authors/?page=1").text + staff.get("/authors/?page=2").text


@pytest.mark.parametrize(
    "path",
    [
        "/admin/storefront/book/%00/change/",
        "/admin/members/member/x/change/",
        "/admin/members/member/99999999999999999999999/change/",
        "/admin/storefront/book/?q=%00",
        "/admin/storefront/book/?nonsense__x=1",
        "/admin/storefront/book/?p=x",
        "/admin/nowhere/",
    ],
)
def test_nonsense_from_staff_is_no_fault_of_ours(staff: httpx.Client, path: str) -> None:
    response = staff.get(path)
    assert response.status_code in (200, 302, 400, 404)
    assert "Traceback" not in response.text


@pytest.mark.parametrize("path", ["/admin/", "/admin/members/member/", "/admin/x"])
def test_strangers_are_asked_who_they_are(shop: Shop, path: str) -> None:
    with visitor(shop.url) as client:
        response = client.get(path)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/?next=/admin/")


def test_a_member_is_no_staff(shop: Shop) -> None:
    with visitor(shop.url) as client:
        sign_in(client)
        assert client.get("/admin/").headers["Location"].startswith("/admin/login/")


def test_the_demo_member_has_no_rights_at_all(staff: httpx.Client) -> None:
    page = staff.get("/admin/members/member/42/change/").text
    for right in ("is_staff", "is_superuser"):
        box = re.search(rf'<input[^>]*name="{right}"[^>]*>', page)
        assert box
        assert "checked" not in box[0]
