"""The toxic proxy does what each toxic is named for, and cleans up behind itself."""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.toxics import (
    Bandwidth,
    Direction,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
    ToxicProxy,
)

PATIENCE_SECONDS = 5.0
"""Far more than anything here takes: what is not there by then does not come."""
SOON_SECONDS = 0.15
"""How long it is watched that nothing comes."""
LATE_SECONDS = 0.3


class _Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets, and closes when the client has closed."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data)


@contextlib.contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def proxy() -> Iterator[ToxicProxy]:
    """A proxy in front of a server that sends everything back."""
    with (
        _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo)) as address,
        ToxicProxy(address) as proxy,
    ):
        yield proxy


@contextlib.contextmanager
def _client(proxy: ToxicProxy) -> Iterator[socket.socket]:
    with socket.create_connection(proxy.address, PATIENCE_SECONDS) as client:
        yield client


def _echo(client: socket.socket, data: bytes) -> bytes:
    """Send ``data`` and return as many bytes, or what came before the end."""
    client.sendall(data)
    return _read(client, len(data))


def _read(client: socket.socket, size: int) -> bytes:
    got = bytearray()
    while len(got) < size and (data := client.recv(65536)):
        got += data
    return bytes(got)


def _silent(client: socket.socket) -> bool:
    """Whether nothing comes for a moment, not even the end."""
    client.settimeout(SOON_SECONDS)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(PATIENCE_SECONDS)
    return False


def _seconds(work: Any, *args: Any) -> float:
    started = time.monotonic()
    work(*args)
    return time.monotonic() - started


def _became(check: Any, value: Any) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while check() != value and time.monotonic() < until:
        time.sleep(0.005)
    return bool(check() == value)


def test_without_toxics_everything_passes_whole(proxy: ToxicProxy) -> None:
    data = bytes(range(256)) * 4096
    with _client(proxy) as client:
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        assert _read(client, len(data)) == data
        sender.join()


def test_a_unix_socket_can_be_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "echo"
    server = socketserver.ThreadingUnixStreamServer(str(path), _Echo)
    with _serving(server), ToxicProxy(path) as proxy, _client(proxy) as client:
        assert _echo(client, b"hello") == b"hello"


def test_the_end_of_one_direction_leaves_the_other_open(proxy: ToxicProxy) -> None:
    with _client(proxy) as client, proxy.poisoned(Latency(seconds=SOON_SECONDS)):
        client.sendall(b"last words")
        client.shutdown(socket.SHUT_WR)
        assert _read(client, 1000) == b"last words"


def test_connections_and_bytes_are_counted(proxy: ToxicProxy) -> None:
    with _client(proxy) as one, _client(proxy) as two:
        _echo(one, b"12345")
        _echo(two, b"123")
        assert (proxy.accepted, proxy.open_connections) == (2, 2)
    assert _became(lambda: proxy.open_connections, 0)
    assert proxy.passed(Direction.UPSTREAM) == 8
    assert _became(lambda: proxy.passed(Direction.DOWNSTREAM), 8)


def test_latency_delays_what_is_under_way_side_by_side(proxy: ToxicProxy) -> None:
    """Ten pieces that follow one another quickly arrive once late, not ten times."""
    with _client(proxy) as client, proxy.poisoned(Latency(seconds=LATE_SECONDS)):
        started = time.monotonic()
        for _ in range(10):
            client.sendall(b"x")
            time.sleep(0.001)
        assert _read(client, 10) == b"x" * 10
        assert LATE_SECONDS <= time.monotonic() - started < 5 * LATE_SECONDS


def test_jitter_makes_latency_uneven(proxy: ToxicProxy) -> None:
    toxic = Latency(seconds=0.05, jitter_seconds=0.05)
    with _client(proxy) as client, proxy.poisoned(toxic):
        took = [_seconds(_echo, client, b"x") for _ in range(6)]
    assert max(took) - min(took) > 0.005
    assert max(took) < PATIENCE_SECONDS


def test_a_toxic_works_on_its_own_direction_only(proxy: ToxicProxy) -> None:
    with proxy.poisoned(LimitData(most_bytes=4)), _client(proxy) as client:
        assert _echo(client, b"12345678") == b"1234"
    assert proxy.passed(Direction.UPSTREAM) == 8
    toxic = LimitData(most_bytes=4, direction=Direction.UPSTREAM)
    with proxy.poisoned(toxic), _client(proxy) as client:
        # The connection ends as a whole, so that little of this comes back, or nothing.
        assert b"1234".startswith(_echo(client, b"12345678"))
    assert proxy.passed(Direction.UPSTREAM) == 8 + 4


def test_down_refuses_and_cuts_and_comes_back_at_the_same_port(proxy: ToxicProxy) -> None:
    port = proxy.port
    with _client(proxy) as client:
        _echo(client, b"x")
        with proxy.poisoned(Down()):
            with contextlib.suppress(ConnectionError):
                assert client.recv(1) == b""
            with pytest.raises(ConnectionRefusedError), _client(proxy):
                pass
        assert proxy.port == port
    with _client(proxy) as client:
        assert _echo(client, b"again") == b"again"


def test_bandwidth_bounds_the_rate(proxy: ToxicProxy) -> None:
    toxic = Bandwidth(bytes_per_second=10_000)
    with _client(proxy) as client, proxy.poisoned(toxic):
        seconds = _seconds(_echo, client, b"x" * 4_000)
    assert 0.4 <= seconds < PATIENCE_SECONDS


def test_slow_close_delays_the_end_but_no_data(proxy: ToxicProxy) -> None:
    with _client(proxy) as client, proxy.poisoned(SlowClose(seconds=LATE_SECONDS)):
        client.sendall(b"x")
        client.shutdown(socket.SHUT_WR)
        started = time.monotonic()
        assert client.recv(1) == b"x"
        assert client.recv(1) == b""
        assert LATE_SECONDS <= time.monotonic() - started < PATIENCE_SECONDS


def test_timeout_lets_nothing_through_and_then_closes(proxy: ToxicProxy) -> None:
    with proxy.poisoned(Timeout(seconds=LATE_SECONDS)), _client(proxy) as client:
        client.sendall(b"x")
        assert _silent(client)
        assert client.recv(1) == b""


def test_timeout_without_end_closes_when_it_is_removed(proxy: ToxicProxy) -> None:
    with _client(proxy) as client:
        with proxy.poisoned(Timeout()):
            client.sendall(b"x")
            assert _silent(client)
        assert client.recv(1) == b""
    with _client(proxy) as client:
        assert _echo(client, b"well") == b"well"


def test_reset_peer_resets(proxy: ToxicProxy) -> None:
    with proxy.poisoned(ResetPeer()), _client(proxy) as client:
        client.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_slicer_cuts_into_pieces_and_loses_nothing(proxy: ToxicProxy) -> None:
    toxic = Slicer(average_bytes=5, variation_bytes=2, pause_seconds=0.02)
    data = b"abcdefghijklmnopqrstuvwxyz"
    with _client(proxy) as client, proxy.poisoned(toxic):
        client.sendall(data)
        pieces = [client.recv(100)]
        while sum(map(len, pieces)) < len(data):
            pieces.append(client.recv(100))
    assert b"".join(pieces) == data
    assert len(pieces) > 1


def test_limit_data_closes_after_so_many_bytes(proxy: ToxicProxy) -> None:
    with proxy.poisoned(LimitData(most_bytes=10)), _client(proxy) as client:
        assert _echo(client, b"123456") == b"123456"
        client.sendall(b"789abcdef")
        assert _read(client, 100) == b"789a"


def test_toxics_work_one_after_another(proxy: ToxicProxy) -> None:
    both = (Latency(seconds=LATE_SECONDS), LimitData(most_bytes=3))
    with proxy.poisoned(*both), _client(proxy) as client:
        started = time.monotonic()
        assert _echo(client, b"12345") == b"123"
        assert time.monotonic() - started >= LATE_SECONDS


def test_toxicity_spoils_a_share_of_the_connections(proxy: ToxicProxy) -> None:
    spoiled = 0
    with proxy.poisoned(LimitData(most_bytes=1, toxicity=0.5)):
        for _ in range(40):
            with _client(proxy) as client:
                spoiled += len(_echo(client, b"12")) == 1
    assert 5 < spoiled < 35


@pytest.mark.parametrize(
    "toxic",
    [
        Latency(seconds=60),
        Bandwidth(bytes_per_second=1),
        SlowClose(seconds=60),
        Slicer(average_bytes=1, pause_seconds=60),
    ],
    ids=lambda toxic: type(toxic).__name__,
)
def test_what_a_removed_toxic_holds_back_goes_on_at_once(proxy: ToxicProxy, toxic: Toxic) -> None:
    with _client(proxy) as client:
        with proxy.poisoned(toxic):
            client.sendall(b"12345")
            client.shutdown(socket.SHUT_WR)
            _silent(client)
        rest = _read(client, 1000)
    assert rest.endswith(b"5") or isinstance(toxic, SlowClose)


def test_clear_removes_every_toxic(proxy: ToxicProxy) -> None:
    proxy.add(Down())
    proxy.add(LimitData(most_bytes=0))
    proxy.clear()
    with _client(proxy) as client:
        assert _echo(client, b"clean") == b"clean"


def test_removing_twice_is_harmless(proxy: ToxicProxy) -> None:
    toxic = Down()
    proxy.add(toxic)
    proxy.remove(toxic)
    proxy.remove(toxic)
    with _client(proxy) as client:
        assert _echo(client, b"x") == b"x"


def test_a_server_that_is_not_there_closes_the_connection() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        with ToxicProxy(deaf.getsockname()) as proxy, _client(proxy) as client:
            assert client.recv(1) == b""


def test_cut_ends_what_is_open_and_nothing_else(proxy: ToxicProxy) -> None:
    with _client(proxy) as client:
        _echo(client, b"x")
        proxy.cut()
        with contextlib.suppress(ConnectionError):
            assert client.recv(1) == b""
    with _client(proxy) as client:
        assert _echo(client, b"x") == b"x"


def test_leaving_the_block_ends_connections_and_thread() -> None:
    before = threading.active_count()
    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo)) as address:
        with ToxicProxy(address) as proxy:
            client = socket.create_connection(proxy.address, PATIENCE_SECONDS)
            proxy.add(Timeout())
            client.sendall(b"x")
        with client, contextlib.suppress(ConnectionError):
            assert client.recv(1) == b""
    assert _became(threading.active_count, before)
