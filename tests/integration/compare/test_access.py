"""Who may compare on a gateway where it is not for everybody."""

import httpx
import pytest

from tests.integration.members.asking import post, sign_in, visitor
from tests.live import Shop
from tests.plain import NO_TLS

STAFF_EMAIL = "measuring@example.com"
STAFF_PASSWORD = "a-password-of-one-who-measures"


@pytest.fixture(scope="module")
def staff_email(shop: Shop) -> str:
    """The address of one who is staff."""
    shop.manage(
        "createsuperuser",
        "--noinput",
        DJANGO_SUPERUSER_EMAIL=STAFF_EMAIL,
        DJANGO_SUPERUSER_NAME="Measuring",
        DJANGO_SUPERUSER_PASSWORD=STAFF_PASSWORD,
    )
    return STAFF_EMAIL


def test_a_stranger_is_asked_to_sign_in(shop: Shop) -> None:
    with visitor(shop.url) as client:
        answer = client.get("/compare/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/signin/?next=/compare/"


def test_a_member_who_is_not_staff_is_refused(shop: Shop) -> None:
    with visitor(shop.url) as client:
        sign_in(client)
        assert client.get("/compare/").status_code == 403


def test_staff_run_it_against_the_real_services(shop: Shop, staff_email: str) -> None:
    with visitor(shop.url) as client:
        sign_in(client, username=staff_email, password=STAFF_PASSWORD)
        page = post(client, "/compare/", slower="0")
    assert page.status_code == 200
    assert page.text.count('<rect class="bar"') == 12
    assert "fall-failed" not in page.text


def test_a_run_leaves_no_breaker_open_and_no_page_incomplete(shop: Shop) -> None:
    assert httpx.get(shop.url, trust_env=False, verify=NO_TLS).headers["Gateway-Complete"] == "?1"
