"""Joining, over real sockets: a gateway, a worker, and stand-ins for avatars and mail."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from gateway.members.avatars import picture_address
from tests.integration.members.asking import membership, post, sign_in, token, visitor
from tests.integration.members.joining import (
    PASSWORD,
    address,
    first_step,
    join,
    link_in,
    second_step,
    ticket,
)
from tests.integration.members.outside import joinable, mail, mails, smtp, working
from tests.live import DEMO_EMAIL, Server, Shop
from tests.standins.running import Standins, standins

__all__ = ["standins"]


@pytest.fixture(scope="module")
def gateway(shop: Shop, standins: Standins) -> Iterator[Server]:
    """A gateway and a worker that know the stand-ins."""
    with joinable(shop, standins) as gateway, working(shop, smtp(standins)):
        yield gateway


@pytest.fixture
def client(gateway: Server) -> Iterator[httpx.Client]:
    """A visitor."""
    with visitor(gateway.url) as client:
        yield client


def shape(page: httpx.Response) -> str:
    """A page without what differs by chance: tokens, and the address that was typed."""
    text = re.sub(r'value="[^"]{40,}"', "", page.text)
    text = re.sub(r"/avatars/[^\"]+", "", text)
    text = re.sub(r"\S+@example.com", "", text)
    return re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)


def test_who_joins_gets_a_mail_and_the_link_in_it_lets_them_in(
    client: httpx.Client, standins: Standins
) -> None:
    email = address("grace")
    answer = join(client, f" {email.upper()} ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/join/welcome/")
    assert email in client.get("/join/welcome/").text
    letter = mail(standins, email)
    assert letter["to"] == [email]
    assert "Hello Grace," in letter["text"]
    assert "Hello Grace," in letter["html"]
    answer = post(client, link_in(letter), password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert membership(client)["name"] == "Grace"


def test_nobody_signs_in_before_the_address_is_confirmed(
    client: httpx.Client, standins: Standins
) -> None:
    email = address("early")
    join(client, email)
    assert sign_in(client, username=email, password=PASSWORD).status_code == 200
    path = link_in(mail(standins, email))
    assert post(client, path, password="something else").status_code == 200
    assert sign_in(client, username=email, password=PASSWORD).status_code == 200
    assert post(client, path, password=PASSWORD).status_code == 303
    client.cookies.clear()
    assert sign_in(client, username=email, password=PASSWORD).status_code == 302


def test_a_link_opens_once(client: httpx.Client, standins: Standins) -> None:
    email = address("once")
    join(client, email)
    path = link_in(mail(standins, email))
    assert post(client, path, password=PASSWORD).status_code == 303
    assert client.get(path).status_code == 410


@pytest.mark.parametrize("path", ["/join/open/x/", "/join/open/0:0:0/", f"/join/open/{'a' * 99}/"])
def test_a_link_of_somebody_elses_making_opens_nothing(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 410
    assert "Traceback" not in answer.text


def test_a_member_and_a_stranger_see_the_same_pages(
    client: httpx.Client, gateway: Server, standins: Standins
) -> None:
    email = address("stranger", pictured=False)
    with visitor(gateway.url) as other:
        pages = [first_step(client, email), first_step(other, DEMO_EMAIL)]
        assert shape(pages[0]) == shape(pages[1])
        answers = [second_step(client, pages[0]), second_step(other, pages[1])]
        assert {answer.status_code for answer in answers} == {303}
        assert len({answer.headers["Location"] for answer in answers}) == 1
        assert {tuple(sorted(each.cookies)) for each in (client, other)} == {
            ("csrftoken", "joined")
        }
        welcomes = [each.get("/join/welcome/") for each in (client, other)]
        assert shape(welcomes[0]) == shape(welcomes[1])
    said = mail(standins, DEMO_EMAIL)
    assert "account already" in " ".join(said["text"].split())
    assert "/join/open/" not in said["text"]
    assert "/join/open/" in mail(standins, email)["text"]


def test_trying_to_join_changes_nothing_for_the_member(
    client: httpx.Client, gateway: Server
) -> None:
    join(client, DEMO_EMAIL, name="Mallory")
    with visitor(gateway.url) as other:
        sign_in(other)
        assert membership(other) == {"member_id": 42, "name": "Ada"}


def test_a_browser_that_knows_a_member_tells_them_at_once(client: httpx.Client) -> None:
    sign_in(client)
    post(client, "/signout/", form_on="/")
    assert "You are a member already" in first_step(client, DEMO_EMAIL).text
    assert "You are a member already" not in first_step(client, address("unknown")).text


def test_who_joins_with_anothers_address_cannot_choose_a_password_for_them(
    client: httpx.Client, gateway: Server, standins: Standins
) -> None:
    email = address("victim")
    with visitor(gateway.url) as mallory:
        join(mallory, email, name="Mallory", password="the password of mallory")
        first = mail(standins, email)
        # The owner begins after that, and is told nothing of it.
        assert join(client, email).status_code == 303
        own = mail(standins, email, number=2)
        assert post(client, link_in(first), password=PASSWORD).status_code == 200
        assert post(client, link_in(own), password=PASSWORD).status_code == 303
        assert membership(client)["name"] == "Grace"
        assert mallory.get(link_in(first)).status_code == 410
        answer = sign_in(mallory, username=email, password="the password of mallory")
        assert answer.status_code == 200


def test_of_two_at_the_same_instant_one_has_joined_and_one_is_told(
    gateway: Server, standins: Standins
) -> None:
    email = address("race")
    visitors = [visitor(gateway.url) for _ in range(4)]
    pages = [first_step(each, email) for each in visitors]
    with ThreadPoolExecutor(len(visitors)) as threads:
        answers = list(threads.map(second_step, visitors, pages))
    for each in visitors:
        each.close()
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    told = next(answer for answer in answers if answer.status_code == 409)
    assert "this very moment" in told.text
    mail(standins, email)


def test_a_form_that_is_sent_twice_is_one_joining(gateway: Server, standins: Standins) -> None:
    email = address("twice")
    with visitor(gateway.url) as client, ThreadPoolExecutor(3) as threads:
        page = first_step(client, email)
        answers = list(threads.map(lambda _: second_step(client, page), range(3)))
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    mail(standins, email)


def test_a_form_that_was_corrected_counts_as_it_was_sent_last(
    client: httpx.Client, standins: Standins
) -> None:
    email = address("corrected")
    page = first_step(client, email)
    second_step(client, page, name="Grac", password="mistyped by me")
    assert second_step(client, page).status_code == 303
    assert post(client, link_in(mail(standins, email)), password=PASSWORD).status_code == 303
    assert membership(client)["name"] == "Grace"


def test_nobody_is_flooded_with_mails(client: httpx.Client, standins: Standins) -> None:
    email = address("flooded")
    for _ in range(6):
        assert join(client, email).status_code == 303
    last = address("after-the-flood")
    join(client, last)
    mail(standins, last)  # it is sent after all the others
    assert len(mails(standins, email)) == 4


def test_all_that_is_wrong_with_a_password_is_said(client: httpx.Client) -> None:
    answer = join(client, address("weak"), password="grace")
    assert answer.status_code == 200
    for part in ("too short", "too similar to the name"):
        assert part in answer.text
    assert 'value="grace"' not in answer.text
    assert second_step(client, answer, name="Grace H.").status_code == 303


@pytest.mark.parametrize(
    "email",
    [
        "", "x", "x@", "@example.com", "a b@example.com", "ada@example.com\r\nBcc: x@example.com",
        "ada@example.com\nx", "a@example.com,b@example.com", "x" * 65 + "@example.com",
        "x@" + "y" * 63 + "." + "z" * 200 + ".com", "x" * 5000, "ada@exam\x00ple.com",
        '"ada lovelace"@example.com', "ада@example.com", "<script>@example.com",
        "ada@localhost", "ada@-bad-.com", "ada@xn--.com", "ada@[127.0.0.1]",
    ],
)  # fmt: skip
def test_what_is_no_address_is_said_to_be_none(client: httpx.Client, email: str) -> None:
    answer = first_step(client, email)
    assert answer.status_code == 200
    assert "errorlist" in answer.text
    assert 'name="ticket"' not in answer.text


def test_an_address_with_a_domain_of_letters_is_one_with_its_other_form(
    client: httpx.Client, standins: Standins
) -> None:
    page = first_step(client, "kaete@Bücher.example")
    assert "kaete@xn--bcher-kva.example" in page.text
    assert second_step(client, page).status_code == 303
    assert mail(standins, "kaete@xn--bcher-kva.example")["to"] == ["kaete@xn--bcher-kva.example"]


@pytest.mark.parametrize("name", ["محمد بن سلمان", "李小龙", "Ζωή", "Māra O’Neill-Šķēle", "नीरज"])
def test_a_name_of_any_script_is_greeted_by(
    client: httpx.Client, standins: Standins, name: str
) -> None:
    email = address(f"script{abs(hash(name)) % 10**6}x")
    join(client, email, name=f"  {name} ")
    letter = mail(standins, email)
    assert f"Hello {name}," in letter["text"]
    post(client, link_in(letter), password=PASSWORD)
    assert membership(client)["name"] == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "a\r\nBcc: x@example.com",
        "a\x00b",
        "a\x1bb",
        "a\u202eb",
        "\u200d\u200d",
        "x" * 81,
    ],
)
def test_what_is_no_name_is_refused(client: httpx.Client, name: str) -> None:
    answer = join(client, address("nameless"), name=name)
    assert answer.status_code == 200
    assert "errorlist" in answer.text


def test_a_name_that_is_markup_or_a_link_is_text_and_goes_into_no_mail(
    client: httpx.Client, standins: Standins
) -> None:
    email = address("markup")
    name = "<b>Win</b> at evil.example"
    assert "<b>Win" not in join(client, email, name=name, password="x").text
    join(client, email, name=name)
    letter = mail(standins, email)
    assert "evil" not in letter["text"] + letter["html"]
    post(client, link_in(letter), password=PASSWORD)
    page = client.get("/").text
    assert "&lt;b&gt;Win" in page
    assert "<b>Win" not in page


def test_a_ticket_that_was_changed_begins_again(client: httpx.Client) -> None:
    page = first_step(client, address("changed"))
    for changed in ("", "x", ticket(page)[:-1], "A" + ticket(page)[1:], "x" * 10_000):
        answer = client.post(
            "/join/",
            data={
                "csrfmiddlewaretoken": token(page),
                "ticket": changed,
                "name": "Grace",
                "password": PASSWORD,
            },
        )
        assert answer.status_code == 400
        assert 'name="email"' in answer.text


def test_a_member_who_is_signed_in_need_not_join(client: httpx.Client) -> None:
    sign_in(client)
    answer = client.get("/join/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/join/", "/join/welcome/"])
def test_other_methods_are_not_answered(client: httpx.Client, path: str, method: str) -> None:
    header = {"X-CSRFToken": token(client.get("/join/"))}
    assert client.request(method, path, headers=header).status_code == 405


def test_the_picture_comes_from_our_own_host(client: httpx.Client) -> None:
    page = first_step(client, address("pictured"))
    found = re.search(r'<img src="(/avatars/[^"]+)"', page.text)
    assert found
    answer = client.get(found[1])
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "public" not in answer.headers["Cache-Control"]
    assert client.get(found[1][:-1]).status_code == 404


def test_who_has_no_picture_gets_a_drawn_one(client: httpx.Client) -> None:
    page = first_step(client, address("unpictured", pictured=False))
    assert "/avatars/" not in page.text
    assert "so we drew one" in page.text
    assert "taken;state=live, avatar;state=live" in page.headers["Fragment-Status"]


def test_the_pages_say_that_stand_ins_are_at_work(client: httpx.Client) -> None:
    assert "stand-in" in first_step(client, address("standin")).text
    assert "stand-in" in client.get("/join/welcome/").text


def test_without_avatars_and_postgres_the_pages_stand_and_say_so(shop: Shop) -> None:
    with (
        shop.another_gateway(
            AVATAR_SERVICE_URL="http://127.0.0.1:1",
            DATABASE_URL="postgres://nobody@127.0.0.1:1/none",
        ) as gateway,
        visitor(gateway.url) as client,
    ):
        page = first_step(client, address("away"))
        assert page.status_code == 200
        assert "could not look for your picture" in page.text
        assert page.headers["Gateway-Complete"] == "?0"
        face = client.get(picture_address(address("away")))
        assert face.headers["Content-Type"] == "image/svg+xml"
        assert face.headers["Cache-Control"] == "no-store"
        answer = second_step(client, page)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "Traceback" not in answer.text + gateway.said()
