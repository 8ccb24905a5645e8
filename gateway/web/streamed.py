"""A page that comes bit by bit: what is there at once, and the rest as it settles.

If all is there within a moment the page goes out whole, with its length and its tag. Else its head
and all that is ready go out, with a placeholder for each part that is not; then each part, as soon
as what it needs has settled; then the foot, which says what the page is made of.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from gateway.aggregation.compose import Composition, Plan
from gateway.aggregation.source import Call
from gateway.aggregation.stream import Progress
from gateway.runtime import runtime
from gateway.telemetry.logs import log
from gateway.web.audience import TOLD_BY, patches_by_itself, takes_pieces
from gateway.web.facts import facts_of
from gateway.web.layout import Layout, Part
from gateway.web.pages import is_signed_in, respond, respond_once
from gateway.web.patches import Patches, policy
from gateway.web.provenance import provenance, provenance_so_far
from gateway.web.templatetags.pieces import Pieces

PATIENCE_SECONDS = 0.015
"""For how long a page waits for the rest of it before what is there goes out.

Whoever waits for a source that hangs is to see the first byte within 30 ms: half of that is for
waiting, the other half for all else that a page takes, on a machine that has other things to do.
"""

CUT = "<!-- what comes late stands here -->"
SORRY = "web/_part_broken.html"
_STATUS = (
    '<template id="page-status" data-gateway-complete="{gateway-complete}"'
    ' data-fragment-status="{fragment-status}"></template>'
)
"""What the headers of the whole page would have said, for programs that read to the end."""


async def as_it_comes(
    request: HttpRequest, layout: Layout, plan: Plan, call: Call
) -> HttpResponseBase:
    """Answer ``request`` with the page of ``plan``, bit by bit if it must be and may be.

    Raises ``PrimaryFailed``, like ``compose``, before anything is said.
    """
    if not takes_pieces(request):
        return _whole(request, layout, await runtime().compose(plan, call))
    coming = runtime().stream(plan, call, PATIENCE_SECONDS)
    first = await anext(coming)
    if not first.pending:
        await coming.aclose()
        return _whole(request, layout, first.page)
    page = _Page(request, layout)
    response = _Streamed(page.head(first), page.rest(first, coming))
    names = [fragment.name for fragment in plan.fragments]
    for name, value in provenance_so_far(layout.read(first.page), names).items():
        response.headers[name] = value
    return response


def _whole(request: HttpRequest, layout: Layout, said: Composition) -> HttpResponseBase:
    page = layout.read(said)
    if layout.shared:
        return respond_once(request, layout.template, layout.present, page)
    return respond(request, layout.template, layout.present(page), page)


class _Page:
    """One page that comes bit by bit to one visitor: what is sent of it, piece after piece."""

    def __init__(self, request: HttpRequest, layout: Layout) -> None:
        self._layout = layout
        self._facts = facts_of(request)
        self._patches = Patches(patches_by_itself(request))
        self._given: dict[str, Any] = {"signed_in": is_signed_in(request)}
        self._request = request if self._given["signed_in"] else None
        if self._request:
            # One for all pieces: the cookie that goes with it is among the headers.
            self._given["csrf_token"] = get_token(request)
        self._waiting: dict[Part, str] = {}

    def head(self, first: Progress) -> bytes:
        """Return all that is there, down to where late parts come."""
        context = self._context(first.page)
        waiting = self._layout.waiting(first.pending)
        self._waiting = {part: self._rendered(part, context) for part in waiting}
        pieces = Pieces(frozenset(part.name for part in waiting), cut=CUT)
        return self._template({**context, "pieces": pieces}).partition(CUT)[0].encode()

    async def rest(
        self, first: Progress, coming: AsyncGenerator[Progress, None]
    ) -> AsyncGenerator[bytes, None]:
        """Yield the late parts as they come, and then the foot. Closing this closes ``coming``."""
        progress = first
        async with aclosing(coming):
            async for progress in coming:
                if late := self._late(progress):
                    yield late.encode()
        yield self._foot(progress.page)

    def _late(self, progress: Progress) -> str:
        """Return the parts that can be shown now, and could not before."""
        still = self._layout.waiting(progress.pending)
        ready = [part for part in self._waiting if part not in still]
        context = self._context(progress.page)
        return "".join(self._patch(part, context) for part in ready)

    def _patch(self, part: Part, context: Mapping[str, Any]) -> str:
        """Return a part as it is sent; nothing where it is what stands there already."""
        before = self._waiting.pop(part)
        try:
            html = self._rendered(part, context)
        except Exception:  # noqa: BLE001 - what has been sent can become no error page any more
            log.exception("part.broken", part=part.name, request_id=self._facts.request_id)
            html = render_to_string(SORRY)
        return "" if html == before else self._patches.part(part.name, html)

    def _foot(self, said: Composition) -> bytes:
        page = self._layout.read(said)
        status = {name.lower(): value for name, value in provenance(page).items()}
        ending = _STATUS.format_map(status) + self._patches.ending()
        pieces = Pieces(frame=True, cut=CUT, ending=ending)
        context = {**self._context(said), "pieces": pieces}
        return self._template(context).partition(CUT)[2].encode()

    def _context(self, said: Composition) -> dict[str, Any]:
        return {**self._given, **self._layout.present(self._layout.read(said))}

    def _template(self, context: dict[str, Any]) -> str:
        return render_to_string(self._layout.template, context, self._request)

    def _rendered(self, part: Part, context: Mapping[str, Any]) -> str:
        return render_to_string(part.template, dict(part.pick(context)), self._request)


class _Streamed(StreamingHttpResponse):
    """The response that carries a page bit by bit. Its source ends with whoever reads it."""

    def __init__(self, head: bytes, rest: AsyncGenerator[bytes, None]) -> None:
        super().__init__(_all_of(head, rest))
        self.headers["Cache-Control"] = "no-store"
        self.headers["Content-Security-Policy"] = policy()
        # nginx would keep all back until it has some kilobytes, or the end.
        self.headers["X-Accel-Buffering"] = "no"
        patch_vary_headers(self, TOLD_BY)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces, and close their source at once where nobody wants the rest."""
        pieces: Any = self.streaming_content
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece


async def _all_of(head: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield head
    async with aclosing(rest):
        async for piece in rest:
            yield piece
