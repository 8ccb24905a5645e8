"""The worker as a process: what it has begun survives its death, and is done once."""

from collections.abc import Iterator

import psycopg
import pytest

from deploy.local.process import wait_until
from tests.integration.members.asking import visitor
from tests.integration.members.joining import address, join
from tests.integration.members.outside import PATIENCE_SECONDS, Worker, working
from tests.integration.members.sink import Sink
from tests.live import Server, Shop


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server."""
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def gateway(shop: Shop) -> Iterator[Server]:
    """A gateway that knows no avatars, and may be killed."""
    with shop.another_gateway(AVATAR_SERVICE_URL="http://127.0.0.1:1") as gateway:
        yield gateway


def joins(gateway: Server, email: str) -> None:
    """Join, by both steps."""
    with visitor(gateway.url) as client:
        assert join(client, email).status_code == 303


def comes(sink: Sink, email: str) -> bool:
    """Whether there is mail for an address, before long."""
    return wait_until(lambda: bool(sink.to(email)), PATIENCE_SECONDS)


def flush(shop: Shop, sink: Sink) -> None:
    """Do all that there is to do, with a worker that ends then."""
    shop.manage("db_worker", "--batch", EMAIL_URL=sink.url)


def settled(shop: Shop) -> bool:
    """Whether the workers have come to have nothing to do, so that no mail can be sent any more."""
    unfinished = "SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE finished_at IS NULL"

    def nothing_left() -> bool:
        with psycopg.connect(shop.environment["DATABASE_URL"]) as connection:
            return connection.execute(unfinished).fetchone() == (0,)

    return wait_until(nothing_left, PATIENCE_SECONDS)


def test_the_mail_of_a_worker_that_was_killed_is_sent_once_by_the_next(
    shop: Shop, gateway: Server, sink: Sink
) -> None:
    email = address("killed")
    sink.hanging = True
    worker = Worker(shop, sink.url).start()
    joins(gateway, email)
    assert sink.begun.wait(PATIENCE_SECONDS)
    worker.kill()
    sink.hanging = False
    with working(shop, sink.url):
        assert comes(sink, email)
        assert settled(shop)
    assert len(sink.to(email)) == 1


def test_a_worker_that_lives_finishes_what_another_finds_running(
    shop: Shop, gateway: Server, sink: Sink
) -> None:
    email = address("alive")
    sink.hanging = True
    with working(shop, sink.url):
        joins(gateway, email)
        assert sink.begun.wait(PATIENCE_SECONDS)
        flush(shop, sink)  # recovers what the dead left: this one is not dead
        sink.hanging = False
        assert settled(shop)
    assert len(sink.to(email)) == 1


def test_the_mail_is_sent_once_though_postgres_cut_all_connections_meanwhile(
    shop: Shop, gateway: Server, sink: Sink
) -> None:
    email = address("cut-off")
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'worker'"
    with working(shop, sink.url):
        sink.hanging = True
        joins(gateway, email)
        assert sink.begun.wait(PATIENCE_SECONDS)
        with psycopg.connect(shop.environment["DATABASE_URL"], autocommit=True) as connection:
            assert connection.execute(cut).fetchall()
        sink.hanging = False
        assert comes(sink, email)
        assert settled(shop)
    owed = "SELECT count(*) FROM members_letter WHERE sent_at IS NULL"
    with psycopg.connect(shop.environment["DATABASE_URL"]) as connection:
        assert connection.execute(owed).fetchone() == (0,)
    assert len(sink.to(email)) == 1


def test_the_mail_survives_the_gateway_and_a_time_without_a_worker(shop: Shop, sink: Sink) -> None:
    email = address("gateway-gone")
    with shop.another_gateway(AVATAR_SERVICE_URL="http://127.0.0.1:1") as gateway:
        joins(gateway, email)
        gateway.signal(9)
        gateway.wait()
    flush(shop, sink)
    assert settled(shop)
    (mail,) = sink.to(email)
    assert mail["Message-ID"].endswith("@foolscap.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"] == "Foolscap <shop@foolscap.example>"
    assert {part.get_content_type() for part in mail.iter_parts()} == {"text/plain", "text/html"}


def test_two_workers_send_each_mail_once(shop: Shop, gateway: Server, sink: Sink) -> None:
    addresses = [address(f"shared{n}x") for n in range(8)]
    with working(shop, sink.url), working(shop, sink.url):
        for email in addresses:
            joins(gateway, email)
        assert settled(shop)
    assert [len(sink.to(email)) for email in addresses] == [1] * len(addresses)


def test_the_worker_waits_for_a_database_and_ends_when_told(shop: Shop) -> None:
    worker = Worker(shop, "consolemail://", database_url="postgres://nobody@127.0.0.1:1/none")
    before = len(worker.said())
    worker.start()
    assert wait_until(lambda: "worker.waiting" in worker.said()[before:], PATIENCE_SECONDS)
    assert worker.stop() == 0
    said = worker.said()[before:]
    assert "Traceback" not in said
    assert "worker.ended" in said


def test_the_worker_ends_what_it_has_begun_before_it_ends(
    shop: Shop, gateway: Server, sink: Sink
) -> None:
    email = address("ending")
    sink.hanging = True
    worker = Worker(shop, sink.url).start()
    joins(gateway, email)
    assert sink.begun.wait(PATIENCE_SECONDS)
    assert worker.process
    worker.process.terminate()
    sink.hanging = False
    assert worker.process.wait(PATIENCE_SECONDS) == 0
    assert len(sink.to(email)) == 1
