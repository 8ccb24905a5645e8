"""The tus endpoint: uploads that can be gone on with, by any client that speaks the protocol.

The address of an upload cannot be guessed, and is all that a client needs to go on with it or to
end it, for such clients carry no cookies. Once it has arrived, only its owner may delete it.
Listing and reading are for the owner: ``views``.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date

from gateway.documents.manuscripts import kinds, ledger, metadata, names, rules, writing
from gateway.documents.manuscripts.owners import new_owner, owners
from gateway.documents.manuscripts.refusal import Refusal
from gateway.documents.models import Manuscript
from gateway.telemetry.logs import log
from gateway.web.streaming import VisitorGone, incoming_of
from gateway.web.threads import TooBusy, in_thread

Answer = Callable[..., Coroutine[Any, Any, HttpResponse]]


def is_tus(request: HttpRequest) -> bool:
    """Tell whether a request to the page's address is for the endpoint instead."""
    return request.method == "OPTIONS" or "Tus-Resumable" in request.headers


def speaks_tus(answer: Answer) -> Answer:
    """Let every answer be the protocol's: its header, and a plain sentence where it says no."""

    @wraps(answer)
    async def speaking(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            response = await answer(request, *args, **kwargs)
        except Refusal as refusal:
            response = _refused(refusal)
        except VisitorGone:
            response = _refused(Refusal(400, "The connection ended before the body did."))
        except (TooBusy, OperationalError, InterfaceError) as exc:
            log.warning("upload.unavailable", error=type(exc).__name__)
            response = _refused(Refusal(503, "We cannot do that now.", Retry_After="5"))
        response.headers["Tus-Resumable"] = rules.VERSION
        response.headers["Cache-Control"] = "no-store"
        return response

    return speaking


@speaks_tus
async def uploads(request: HttpRequest) -> HttpResponse:
    """What may be done where uploads begin."""
    method = rules.method_of(request.method or "", request.headers)
    if method == "OPTIONS":
        return _options()
    rules.judge_version(request.headers)
    if method == "POST":
        return await _create(request)
    raise _not_allowed("OPTIONS, POST")


@speaks_tus
async def upload(request: HttpRequest, manuscript_id: UUID) -> HttpResponse:
    """What may be done to one upload."""
    method = rules.method_of(request.method or "", request.headers)
    if method == "OPTIONS":
        return _options()
    rules.judge_version(request.headers)
    match method:
        case "HEAD":
            return _standing(await in_thread(ledger.find, manuscript_id))
        case "PATCH":
            return await _patch(request, manuscript_id)
        case "DELETE":
            return await _delete(request, manuscript_id)
    raise _not_allowed("DELETE, HEAD, OPTIONS, PATCH")


async def _create(request: HttpRequest) -> HttpResponse:
    headers = request.headers
    length = rules.length_of(headers, settings.MANUSCRIPT_MAX_BYTES)
    said = metadata.parse(headers.get("Upload-Metadata", ""))
    name = names.cleaned(said.name)
    kind = kinds.judge_claim(name, said.type)
    begins = rules.carries_bytes(headers)
    if begins:
        rules.judge_room(0, headers, length)
    described = Manuscript(name=name, kind=kind, metadata=said.raw, length=length)
    manuscript = await in_thread(_create_for, request, described)
    if begins:
        manuscript = await _begin_with(request, manuscript.pk)
    response = _progress(201, manuscript)
    # A path and no host: what the request calls us is not to be believed.
    response.headers["Location"] = f"/manuscripts/uploads/{manuscript.pk}"
    return response


async def _begin_with(request: HttpRequest, manuscript_id: UUID) -> Manuscript:
    """Add the bytes that came along. Where that fails nobody knows the address: away with it."""
    try:
        return await _add(request, manuscript_id, 0)
    except (Refusal, VisitorGone):
        await in_thread(ledger.forget, manuscript_id)
        raise


async def _patch(request: HttpRequest, manuscript_id: UUID) -> HttpResponse:
    manuscript = await in_thread(ledger.find, manuscript_id)
    rules.judge_type(request.headers)
    offset = rules.offset_of(request.headers)
    rules.judge_offset(offset, manuscript.received)
    rules.judge_room(offset, request.headers, manuscript.length)
    return _progress(204, await _add(request, manuscript_id, offset))


async def _delete(request: HttpRequest, manuscript_id: UUID) -> HttpResponse:
    await in_thread(_end, request, manuscript_id)
    return _empty(204)


async def _add(request: HttpRequest, manuscript_id: UUID, offset: int) -> Manuscript:
    """Add the request's body to an upload; return how that stands then."""
    manuscript, part = await in_thread(ledger.begin, manuscript_id)
    with part:
        rules.judge_offset(offset, manuscript.received)
        if manuscript.finished:
            return manuscript
        with writing.place_for(manuscript.owner):
            await in_thread(ledger.judge_quota, manuscript.length - manuscript.received)
            await writing.receive(manuscript, part, incoming_of(request))
    return manuscript


def _create_for(request: HttpRequest, manuscript: Manuscript) -> Manuscript:
    manuscript.owner = new_owner(request)
    return ledger.create(manuscript)


def _end(request: HttpRequest, manuscript_id: UUID) -> None:
    """Forget an upload. What has arrived is a manuscript, and is its owner's to delete."""
    manuscript = ledger.find(manuscript_id)
    if manuscript.finished and manuscript.owner not in owners(request)[0]:
        raise Refusal(403, "It has arrived, and only who sent it may delete it.")
    ledger.forget(manuscript_id)


def _options() -> HttpResponse:
    response = _empty(204)
    response.headers["Tus-Version"] = rules.VERSION
    response.headers["Tus-Extension"] = rules.EXTENSIONS
    response.headers["Tus-Max-Size"] = str(settings.MANUSCRIPT_MAX_BYTES)
    return response


def _standing(manuscript: Manuscript) -> HttpResponse:
    response = _progress(200, manuscript)
    response.headers["Upload-Length"] = str(manuscript.length)
    if manuscript.metadata:
        response.headers["Upload-Metadata"] = manuscript.metadata
    return response


def _progress(status: int, manuscript: Manuscript) -> HttpResponse:
    response = _empty(status)
    response.headers["Upload-Offset"] = str(manuscript.received)
    if manuscript.expires_at is not None:
        response.headers["Upload-Expires"] = http_date(manuscript.expires_at.timestamp())
    return response


def _empty(status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    del response.headers["Content-Type"]
    return response


def _refused(refusal: Refusal) -> HttpResponse:
    return HttpResponse(
        f"{refusal.sentence}\n",
        content_type="text/plain; charset=utf-8",
        status=refusal.status,
        headers=refusal.headers,
    )


def _not_allowed(allowed: str) -> Refusal:
    return Refusal(405, f"Here one can do {allowed}.", Allow=allowed)
