"""The page of manuscripts: sending by a plain form, listing, reading, deleting.

The views themselves are exempt from the check of a form's token, so that a wrong method is told so
(405) and uploads by tus get through; what a form does is checked where it is done.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from gateway.documents.manuscripts import kinds, ledger, names, store, sweeping, tus
from gateway.documents.manuscripts.owners import new_owner, owners
from gateway.documents.manuscripts.refusal import Refusal
from gateway.documents.models import Manuscript
from gateway.web.pages import is_signed_in
from gateway.web.threads import in_thread

PAGE = "/manuscripts/"
READ_BYTES = 262_144
_SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"


@csrf_exempt
async def manuscripts(request: HttpRequest) -> HttpResponse:
    """The page, what its form sends, and where uploads by tus begin."""
    sweeping.sweep_now_and_then()
    if tus.is_tus(request):
        return await tus.uploads(request)
    if request.method == "POST":
        return await _sent(request)
    if request.method in ("GET", "HEAD"):
        return await _page(request)
    return HttpResponseNotAllowed(["GET", "HEAD", "POST", "OPTIONS"])


@csrf_exempt
async def download(request: HttpRequest, manuscript_id: UUID) -> HttpResponseBase:
    """A manuscript, for its owner and for the staff; for everybody else it does not exist."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    manuscript = await in_thread(_readable, request, manuscript_id)
    headers = {
        "Content-Disposition": content_disposition_header(True, manuscript.name) or "attachment",
        "Content-Length": str(manuscript.length),
        "Content-Security-Policy": _SANDBOX,
        "Cache-Control": "private, no-store",
    }
    media_type = kinds.KINDS[manuscript.kind].types[0]
    if request.method == "HEAD":
        return HttpResponse(headers=headers, content_type=media_type)
    file = await in_thread(_opened, store.path_of(manuscript.pk))
    return StreamingHttpResponse(_parts(file), headers=headers, content_type=media_type)


@csrf_exempt
async def delete(request: HttpRequest, manuscript_id: UUID) -> HttpResponseBase:
    """Delete a manuscript, finished or not."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return await _delete(request, manuscript_id)


@csrf_protect
async def _delete(request: HttpRequest, manuscript_id: UUID) -> HttpResponse:
    manuscript = await in_thread(_owned, request, manuscript_id)
    await in_thread(ledger.forget, manuscript.pk)
    messages.success(request, f"“{manuscript.name}” is deleted.")
    return _back()


@csrf_protect
async def _sent(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get("manuscript")
    if not isinstance(file, UploadedFile) or not file.size:
        return await _page(request, Refusal(400, "Please choose a file that is not empty."))
    try:
        manuscript = await in_thread(_keep, request, file)
    except Refusal as refusal:
        return await _page(request, refusal)
    messages.success(request, f"“{manuscript.name}” has arrived.")
    return _back()


def _keep(request: HttpRequest, file: UploadedFile) -> Manuscript:
    """Keep what a form has sent, or nothing of it."""
    name = names.cleaned(file.name or "")
    kind = kinds.judge_claim(name, file.content_type or "")
    content = file.read()
    kind = kinds.judge_head(kind, content[: kinds.HEAD_BYTES])
    name = names.with_extension(name, kind)
    described = Manuscript(owner=new_owner(request), name=name, kind=kind, length=len(content))
    manuscript = ledger.create(described)
    try:
        with store.Part(manuscript.pk) as part:
            part.write(content)
            part.sync()
            kinds.judge_whole(kind, part.file, len(content))
        ledger.finish(manuscript)
    except BaseException:
        ledger.forget(manuscript.pk)
        raise
    return manuscript


async def _page(request: HttpRequest, refusal: Refusal | None = None) -> HttpResponse:
    keys, _ = await in_thread(owners, request)
    mine = await in_thread(ledger.owned_by, keys) if keys else []
    context: dict[str, Any] = {
        "signed_in": is_signed_in(request),
        "error": refusal.sentence if refusal else "",
        "arrived": [manuscript for manuscript in mine if manuscript.finished],
        "unfinished": [manuscript for manuscript in mine if not manuscript.finished],
        "accept": kinds.ALLOWED.replace(" ", ""),
        "kinds": kinds.ALLOWED,
        "most_bytes": settings.MANUSCRIPT_MAX_BYTES,
        "form_bytes": settings.MAX_BODY_BYTES,
    }
    html = render_to_string("documents/manuscripts/page.html", context, request)
    status, headers = (refusal.status, refusal.headers) if refusal else (200, {})
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"} | headers)


def _back() -> HttpResponse:
    response = HttpResponseRedirect(PAGE, headers={"Cache-Control": "no-store"})
    response.status_code = 303
    return response


def _owned(request: HttpRequest, manuscript_id: UUID, *, staff_too: bool = False) -> Manuscript:
    keys, is_staff = owners(request)
    try:
        manuscript = ledger.find(manuscript_id)
    except Refusal as refusal:
        raise Http404 from refusal
    if manuscript.owner not in keys and not (staff_too and is_staff):
        raise Http404
    return manuscript


def _readable(request: HttpRequest, manuscript_id: UUID) -> Manuscript:
    manuscript = _owned(request, manuscript_id, staff_too=True)
    if not manuscript.finished:
        raise Http404
    return manuscript


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as exc:
        raise Http404 from exc


async def _parts(file: BinaryIO) -> AsyncIterator[bytes]:
    """Yield a file part by part, no faster than the visitor takes it."""
    with file:
        while part := await in_thread(file.read, READ_BYTES):
            yield part
