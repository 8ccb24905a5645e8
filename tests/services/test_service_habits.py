"""What both services do alike, each with code of its own: errors, caching, deadlines, headers."""

import importlib
import json
import logging
from types import ModuleType

import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from tests.services.asking import SERVICE_NAMES, SERVICES, ask

DEADLINE = "X-Envoy-Expected-Rq-Timeout-Ms"
both = pytest.mark.parametrize(("app", "path"), SERVICES, ids=SERVICE_NAMES)
either = pytest.mark.parametrize("name", SERVICE_NAMES)


def module(service: str, name: str) -> ModuleType:
    return importlib.import_module(f"{service}_service.{name}")


@both
async def test_every_reply_carries_nosniff_and_a_request_id(app: Starlette, path: str) -> None:
    for asked in (path, "/livez", "/openapi.json", "/nowhere", path + "&x=1"):
        reply = await ask(app, asked)
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert len(reply.headers["x-request-id"]) == 32
        assert "server" not in reply.headers


@both
async def test_a_well_formed_request_id_comes_back(app: Starlette, path: str) -> None:
    for request_id in ("a", "A-1._z", "x" * 128):
        reply = await ask(app, path, headers=[("X-Request-ID", request_id)])
        assert reply.headers["x-request-id"] == request_id


@both
@pytest.mark.parametrize("request_id", ["", "a b", "x" * 129, 'a"b', "é", "a\n"])
async def test_a_malformed_request_id_is_replaced(
    app: Starlette, path: str, request_id: str
) -> None:
    reply = await ask(app, path, headers=[("X-Request-ID", request_id)])
    assert reply.status_code == 200
    assert reply.headers["x-request-id"].isalnum()
    assert len(reply.headers["x-request-id"]) == 32


@both
async def test_the_same_question_has_the_same_tag_and_another_question_another(
    app: Starlette, path: str
) -> None:
    first, second = await ask(app, path), await ask(app, path)
    described = await ask(app, "/openapi.json")
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["etag"] != described.headers["etag"]


@both
async def test_a_held_tag_gets_304_with_the_same_tag_and_lifetime(
    app: Starlette, path: str
) -> None:
    for asked in (path, "/openapi.json"):
        full = await ask(app, asked)
        etag = full.headers["etag"]
        for held in (etag, "W/" + etag, "*", f'"other", W/"more" , {etag}', f'"a,b",{etag}'):
            reply = await ask(app, asked, headers=[("If-None-Match", held)])
            assert reply.status_code == 304, held
            assert reply.content == b""
            assert reply.headers["etag"] == etag
            assert reply.headers["cache-control"] == full.headers["cache-control"]
            assert "content-type" not in reply.headers


@both
async def test_a_tag_in_a_second_header_line_is_seen(app: Starlette, path: str) -> None:
    etag = (await ask(app, path)).headers["etag"]
    lines = [("If-None-Match", '"other"'), ("If-None-Match", etag)]
    assert (await ask(app, path, headers=lines)).status_code == 304


@both
@pytest.mark.parametrize("held", ['"other"', "nonsense", "", '"', "**", "W/*", ", ,"])
async def test_a_tag_that_is_not_held_gets_the_whole_reply(
    app: Starlette, path: str, held: str
) -> None:
    reply = await ask(app, path, headers=[("If-None-Match", held)])
    assert reply.status_code == 200
    assert reply.json()


@both
async def test_a_tag_never_hides_an_error(app: Starlette, path: str) -> None:
    reply = await ask(app, path + "&x=1", headers=[("If-None-Match", "*")])
    assert reply.status_code == 422


@both
async def test_head_is_get_without_a_body(app: Starlette, path: str) -> None:
    for asked in (path, "/livez", "/openapi.json", path + "&x=1"):
        full, head = await ask(app, asked), await ask(app, asked, method="HEAD")
        assert head.status_code == full.status_code
        assert head.content == b""
        for name in ("content-length", "content-type", "cache-control"):
            assert head.headers[name] == full.headers[name]
        assert head.headers.get("etag") == full.headers.get("etag")


@both
async def test_no_reply_varies_by_a_request_header(app: Starlette, path: str) -> None:
    """Nothing is negotiated and nothing is compressed, so a Vary would only split caches."""
    plain = await ask(app, path)
    wanting = [("Accept", "text/html"), ("Accept-Encoding", "gzip"), ("Accept-Language", "fr")]
    other = await ask(app, path, headers=wanting)
    assert "vary" not in plain.headers
    assert plain.content == other.content


@both
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
async def test_other_methods_get_405_with_allow(app: Starlette, path: str, method: str) -> None:
    for asked in (path, "/livez", "/openapi.json"):
        reply = await ask(app, asked, method=method)
        assert reply.status_code == 405
        assert reply.headers["allow"] == "GET, HEAD"
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["title"] == "Method Not Allowed"


@both
@pytest.mark.parametrize(
    "unknown", ["/", "/v1", "//", "/livez/", "/livez%0A", "/livez%00", "/index.css;.js", "/../x"]
)
async def test_unknown_paths_get_a_404_problem(app: Starlette, path: str, unknown: str) -> None:
    reply = await ask(app, unknown)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "about:blank"
    assert (await ask(app, path.replace("?", "%0A?"))).status_code == 404


@both
async def test_livez_says_alive_and_is_not_kept(app: Starlette, path: str) -> None:
    reply = await ask(app, "/livez?from=probe")
    assert (reply.status_code, reply.json()) == (200, {"status": "alive"})
    assert reply.headers["cache-control"] == "no-store"


@both
@pytest.mark.parametrize("left", ["0", "-1", "-250", "000"])
async def test_work_without_time_left_is_not_begun(app: Starlette, path: str, left: str) -> None:
    """It is refused before the query is even read: the faulty one gets 504 too."""
    for asked in (path, path + "&x=1"):
        reply = await ask(app, asked, headers=[(DEADLINE, left)])
        assert reply.status_code == 504
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["cache-control"] == "no-store"
    assert (await ask(app, "/livez", headers=[(DEADLINE, left)])).status_code == 200


@both
@pytest.mark.parametrize(
    "left", ["1", "400", "", "soon", "0.0", "1e3", "٠", "9" * 400, "0x0", "+0"]
)
async def test_time_left_or_a_malformed_deadline_is_answered(
    app: Starlette, path: str, left: str
) -> None:
    reply = await ask(app, path, headers=[(DEADLINE, left)])
    assert reply.status_code == 200


@either
def test_the_deadline_is_read_in_milliseconds(name: str) -> None:
    deadline = module(name, "deadline")
    assert deadline.time_left_ms("250") == 250
    assert deadline.time_left_ms(None) is None
    assert deadline.time_left_ms("250\n") is None
    assert not deadline.is_too_late(None)


class Crashing:
    """An application that fails, before its reply begins or in the middle of it."""

    def __init__(self, in_the_middle: bool) -> None:
        self.in_the_middle = in_the_middle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.in_the_middle:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("secret of the house")


@either
async def test_a_crash_gets_a_500_problem_without_a_stack_trace(name: str) -> None:
    door = module(name, "door").Door(Crashing(in_the_middle=False))
    reply = await ask(door, "/")
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert len(reply.headers["x-request-id"]) == 32
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text


@either
async def test_a_crash_in_the_middle_of_a_reply_is_not_covered_up(name: str) -> None:
    door = module(name, "door").Door(Crashing(in_the_middle=True))
    with pytest.raises(RuntimeError):
        await ask(door, "/")


@either
async def test_one_request_is_one_line_whatever_its_path_holds(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = dict(zip(SERVICE_NAMES, SERVICES, strict=True))[name][0]
    formatter = module(name, "logs").JsonLines()
    with caplog.at_level(logging.INFO, logger=f"{name}_service.requests"):
        path = "/%0D%0A%7B%22level%22:1%7D%E2%80%A8%1B%5B2J" + "x" * 4000
        await ask(app, path, headers=[("X-Request-ID", "abc-1")])
        await ask(app, "/livez")
    lines = [formatter.format(record) for record in caplog.records if record.name != "asyncio"]
    lines = [line for line in lines if '"request"' in line]
    assert len(lines) == 1
    assert lines[0].isascii()
    assert lines[0].isprintable()
    fields = json.loads(lines[0])
    assert (fields["request_id"], fields["status"]) == ("abc-1", 404)
    assert len(fields["path"]) == 200


@both
async def test_what_is_more_than_can_be_answered_is_told_when_to_come_back(
    app: Starlette, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = importlib.import_module("promo_service.crowd").MOST_AT_ONCE
    inside = [most]
    monkeypatch.setattr(app.state, "inside", lambda: inside[0], raising=False)
    assert (await ask(app, path)).status_code == 200
    inside[0] += 1
    for asked in (path, "/openapi.json", "/nowhere"):
        reply = await ask(app, asked)
        assert reply.status_code == reply.json()["status"] == 503
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["retry-after"] == "1"
        assert reply.headers["cache-control"] == "no-store"
        assert len(reply.headers["x-request-id"]) == 32
    assert (await ask(app, "/livez")).status_code == 200


@both
async def test_faults_name_the_parameter_in_safe_characters(app: Starlette, path: str) -> None:
    reply = await ask(app, path + "&%0D%0ASet-Cookie:%00%E2%80%AE" + "y" * 3000 + "=1")
    assert reply.status_code == 422
    assert "Set-Cookie:" in reply.json()["errors"][0]["parameter"]
    assert len(reply.content) < 600
    assert reply.json()["detail"].isprintable()
    assert reply.text.isascii()


@both
async def test_a_query_of_many_parameters_is_refused(app: Starlette, path: str) -> None:
    reply = await ask(app, path + "&a=1" * 5000)
    assert reply.status_code == 422
    assert len(reply.content) < 1000
