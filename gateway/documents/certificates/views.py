"""Views of the certificates: the form, the page of one, its picture and its PDF."""

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from gateway.documents.certificates.drawing import Undisplayable, pdf, picture
from gateway.documents.certificates.forms import CertificateForm
from gateway.documents.certificates.sealing import Certificate, make_out, seal, unseal
from gateway.documents.certificates.turns import in_turn
from gateway.documents.certificates.wording import disposition, euros
from gateway.web.handler import native
from gateway.web.methods import safe_only
from gateway.web.pages import is_signed_in

CHUNK_BYTES = 16 * 1024
PICTURE_SECONDS = 3600

Response = TypeVar("Response", bound=HttpResponseBase)


@native
async def new(request: HttpRequest) -> HttpResponse:
    """The form. A good one leads to its certificate, a bad one says what is wrong."""
    if request.method in ("GET", "HEAD"):
        return _form(request, CertificateForm())
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    form = CertificateForm(request.POST)
    if form.is_valid() and (made := await _made_out(form)) is not None:
        to = reverse("certificate", args=[seal(made)])
        return HttpResponseRedirect(to, status=303, headers={"Cache-Control": "no-store"})
    return _form(request, form, status=422)


@native
@safe_only
async def show(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a certificate: what it looks like, and where to get it."""
    made = _known(token)
    context = {
        "certificate": made,
        "amount": euros(made.cents),
        "picture": reverse("certificate-picture", args=[token]),
        "pdf": reverse("certificate-pdf", args=[token]),
    }
    return _page(request, "documents/certificates/certificate.html", context)


@native
@safe_only
async def preview(request: HttpRequest, token: str) -> HttpResponse:
    """The picture of a certificate. It never changes, and is only its visitor's to keep."""
    made = await in_turn(picture, _known(token))
    caching = {"Cache-Control": f"private, max-age={PICTURE_SECONDS}, immutable"}
    return _private(HttpResponse(made, content_type="image/png", headers=caching))


async def _download(request: HttpRequest, token: str) -> HttpResponseBase:
    """The PDF, made now: the time of the download stands in it, so nobody keeps it."""
    certificate = _known(token)
    made = await in_turn(pdf, certificate, timezone.now())
    headers = {
        "Content-Length": str(len(made)),
        "Content-Disposition": disposition(certificate.number, certificate.name),
        "Cache-Control": "private, no-store",
    }
    if request.method == "HEAD":
        return _private(HttpResponse(content_type="application/pdf", headers=headers))
    return _private(
        StreamingHttpResponse(_chunks(made), content_type="application/pdf", headers=headers)
    )


download = native(safe_only(_download))


async def _chunks(document: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(document), CHUNK_BYTES):
        yield document[at : at + CHUNK_BYTES]


async def _made_out(form: CertificateForm) -> Certificate | None:
    """Return the certificate of a valid form, or None if its letters cannot be printed.

    It is drawn once to find out: better said here than on the paper.
    """
    given = form.cleaned_data
    made = make_out(given["name"], given["amount"], given["message"], timezone.now())
    try:
        await in_turn(pdf, made, made.issued_at)
    except Undisplayable as exc:
        field = "name" if exc.letters in made.name else "message"
        form.add_error(
            field, f"We have no letters to print “{exc.letters}”. Please write it another way."
        )
        return None
    return made


def _known(token: str) -> Certificate:
    made = unseal(token)
    if made is None:
        raise Http404("We never made out such a certificate.")
    return made


def _form(request: HttpRequest, form: CertificateForm, status: int = 200) -> HttpResponse:
    return _page(request, "documents/certificates/form.html", {"form": form}, status)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    html = render_to_string(template, {"signed_in": is_signed_in(request), **context}, request)
    headers = {"Cache-Control": "private, no-store"}
    return _private(HttpResponse(html, status=status, headers=headers))


def _private(response: Response) -> Response:
    """Keep the address to those who have it, and out of search engines."""
    response.headers["X-Robots-Tag"] = "noindex"
    return response
