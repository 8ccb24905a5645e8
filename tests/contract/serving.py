"""Putting a foreign service on trial: without a socket, or over a real one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import httpx
from starlette.types import ASGIApp

from gateway.contracts.asking import Messenger, messenger
from gateway.contracts.pactfiles import interactions
from gateway.contracts.services import Contract
from gateway.contracts.trial import Trial
from tests.contract.foreign import Answer, Asked, Service


async def tried(contract: Contract, service: Service) -> Trial:
    """Return the trial of ``service``, spoken to without a socket."""

    def handle(request: httpx.Request) -> httpx.Response:
        answer = service(
            Asked(request.method, request.url.path, dict(request.url.params), _lower(request))
        )
        body = b"" if request.method == "HEAD" else answer.sent
        return httpx.Response(
            answer.status, headers=dict(answer.headers), stream=httpx.ByteStream(body)
        )

    trial = Trial(contract, "http://foreign.test", Messenger(httpx.MockTransport(handle)))
    await trial.run(interactions(contract.provider))
    return trial


async def recorded(contract: Contract, app: ASGIApp) -> Service:
    """Return what ``app`` answers to a whole trial, as a service that can be asked again."""
    tape: dict[tuple[str, str, str | None], Answer] = {}
    inner = httpx.ASGITransport(app=app)

    class Recorder(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await inner.handle_async_request(request)
            body = await response.aread()
            headers = {name.title(): value for name, value in response.headers.items()}
            answer = Answer(response.status_code, headers, body=body)
            target = f"{request.url.path}?{sorted(request.url.params.items())}"
            tape[request.method, target, request.headers.get("If-None-Match")] = answer
            return httpx.Response(
                response.status_code, headers=response.headers, stream=httpx.ByteStream(body)
            )

    await Trial(contract, "http://ours.test", Messenger(Recorder())).run(
        interactions(contract.provider)
    )

    def service(asked: Asked) -> Answer:
        target = f"{asked.path}?{sorted(asked.query.items())}"
        return tape[asked.method, target, asked.headers.get("if-none-match")]

    return service


def _lower(request: httpx.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


async def tried_at(contract: Contract, url: str) -> Trial:
    """Return the trial of whatever serves at ``url``."""
    async with messenger() as ours:
        trial = Trial(contract, url, ours)
        await trial.run(interactions(contract.provider))
    return trial


@asynccontextmanager
async def served(service: Service) -> AsyncIterator[str]:
    """Serve ``service`` on a free port of this machine; give its address."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            writer.write(_wire(head, service))
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def _wire(head: str, service: Service) -> bytes:
    """Return the bytes of the answer to a request's head."""
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.lower(): value.strip() for name, value in pairs}
    parts = urlsplit(target)
    answer = service(Asked(method, parts.path, dict(parse_qsl(parts.query)), headers))
    said = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", "Connection: close"]
    said += [f"{name}: {value}" for name, value in answer.headers.items()]
    return _framed(said, answer, method)


def _framed(said: list[str], answer: Answer, method: str) -> bytes:
    body = answer.sent
    if answer.status == 304:
        return _head(said)
    if method == "HEAD":
        return _head([*said, f"Content-Length: {len(body)}"])
    if answer.chunked:
        pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        return _head([*said, "Transfer-Encoding: chunked"]) + framed + b"0\r\n\r\n"
    whole = _head([*said, f"Content-Length: {len(body)}"]) + body
    return whole[:-1] if answer.cut else whole


def _head(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
