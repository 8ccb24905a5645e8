"""A page that comes bit by bit: what is there at once, and the rest as it settles.

If all is there within a moment the page goes out whole, with its length and its tag. Else its head
and all that is ready go out, with a placeholder for each part that is not; then each part, as soon
as what it needs has settled; then the foot, which says what the page is made of.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from gateway.aggregation.compose import Composition, Plan
from gateway.aggregation.source import Call
from gateway.aggregation.stream import Progress
from gateway.runtime import runtime
from gateway.telemetry.logs import log
from gateway.web.audience import TOLD_BY, patches_by_itself, takes_pieces
from gateway.web.bits import Bits
from gateway.web.facts import facts_of
from gateway.web.insight.audience import may_be_shown
from gateway.web.layout import Layout, Part
from gateway.web.pages import respond, respond_once
from gateway.web.patches import Patches, policy
from gateway.web.provenance import provenance, provenance_so_far
from gateway.web.returning import Made

PATIENCE_SECONDS = 0.015
"""For how long a page waits for the rest of it before what is there goes out.

Whoever waits for a source that hangs is to see the first byte within 30 ms: half of that is for
waiting, the other half for all else that a page takes, on a machine that has other things to do.
"""

LATEST_SECONDS = 0.05
"""A page whose first bit could not go out before this is sent whole."""

SORRY = "web/_part_broken.html"
STATUS = (
    '<template id="page-status" data-gateway-complete="{}" data-fragment-status="{}"></template>'
)
"""What the headers of the whole page would have said, for programs that read to the end."""


async def as_it_comes(
    request: HttpRequest,
    layout: Layout,
    plan: Plan,
    call: Call,
    *,
    is_staff: Callable[[Composition], bool],
) -> HttpResponseBase:
    """Answer ``request`` with the page of ``plan``, bit by bit if it must be and may be.

    Whoever may see how it was made gets it whole: that is known at its end. Raises
    ``PrimaryFailed``, like ``compose``, before anything is said.
    """
    if may_be_shown(request) or not takes_pieces(request):
        page = await runtime().compose(plan, call)
        return _whole(request, layout, Made(plan, call.args, page), staff=is_staff(page))
    coming = runtime().stream(plan, call, PATIENCE_SECONDS)
    first = await anext(coming)
    if not (layout.can_wait_for(first.pending) and pays(plan, first)):
        *_, last = [first, *[progress async for progress in coming]]
        return _whole(request, layout, Made(plan, call.args, last.page))
    telling = _Telling(request, layout, first)
    response = _Streamed(telling.all(coming), coming)
    names = [fragment.name for fragment in plan.fragments]
    for name, value in provenance_so_far(layout.read(first.page), names).items():
        response.headers[name] = value
    return response


def pays(plan: Plan, first: Progress) -> bool:
    """Whether it is worth while to send what is there ``first``, and the rest later.

    Not where there is no rest; and not where it has taken so long to wake up from a short wait that
    the gateway itself is what is slow: it has other pages to make, and one in bits costs more. For
    a primary fragment a page may well have had to wait longer.
    """
    if not first.pending:
        return False
    return first.page.page_seconds < LATEST_SECONDS or any(each.primary for each in plan.fragments)


def _whole(
    request: HttpRequest, layout: Layout, made: Made, *, staff: bool = False
) -> HttpResponseBase:
    page = layout.read(made.page)
    if not layout.shared:
        return respond(request, layout.template, layout.present(page), page, staff=staff)
    response = respond_once(request, layout.template, layout.present, page, staff=staff)
    if layout.is_all and not may_be_shown(request):
        response.made = made  # type: ignore[attr-defined]
    return response


class _Telling:
    """One page that comes bit by bit to one visitor: which bit comes when."""

    def __init__(self, request: HttpRequest, layout: Layout, first: Progress) -> None:
        self._layout = layout
        self._first = first
        self._bits = Bits(request, layout)
        self._patches = Patches(patches_by_itself(request))
        self._request_id = facts_of(request).request_id
        # By part, what stands in its place meanwhile.
        self._waiting = {
            part: self._bits.part(part, first.page) for part in layout.waiting(first.pending)
        }

    def all(self, coming: AsyncIterator[Progress]) -> AsyncGenerator[bytes, None]:
        """Return the page, bit by bit. Its head is made now: what fails here fails in time."""
        return self._all(self._bits.head(self._first), coming)

    async def _all(self, head: str, coming: AsyncIterator[Progress]) -> AsyncGenerator[bytes, None]:
        yield head.encode()
        progress = self._first
        async for progress in coming:
            if late := self._late(progress):
                yield late.encode()
        yield self._foot(progress.page).encode()

    def _late(self, progress: Progress) -> str:
        """Return the parts that can be shown now, and could not before; not what stands there."""
        still = self._layout.waiting(progress.pending)
        ready = {part: self._waiting.pop(part) for part in [*self._waiting] if part not in still}
        made = {part: self._made(part, progress.page) for part in ready}
        return self._patches.bit(
            {part.name: html for part, html in made.items() if html != ready[part]}
        )

    def _made(self, part: Part, page: Composition) -> str:
        try:
            return self._bits.part(part, page)
        except Exception:  # noqa: BLE001 - what has been sent can become no error page any more
            log.exception("part.broken", part=part.name, request_id=self._request_id)
            return render_to_string(SORRY)

    def _foot(self, page: Composition) -> str:
        said = provenance(self._layout.read(page))
        status = STATUS.format(said["Gateway-Complete"], said["Fragment-Status"])
        return self._bits.foot(page, status + self._patches.ending())


class _Streamed(StreamingHttpResponse):
    """The response that carries a page, which is made while it is read.

    Where nobody wants the rest any more, the page and what it is made of are given up at once.
    """

    def __init__(
        self, bits: AsyncGenerator[bytes, None], coming: AsyncGenerator[Progress, None]
    ) -> None:
        super().__init__(bits)
        self._coming = coming
        self.headers["Cache-Control"] = "no-store"
        self.headers["Content-Security-Policy"] = policy()
        # nginx would keep all back until it has some kilobytes, or the end.
        self.headers["X-Accel-Buffering"] = "no"
        patch_vary_headers(self, TOLD_BY)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bits."""
        bits: Any = self.streaming_content
        async with aclosing(self._coming), aclosing(bits):
            async for bit in bits:
                yield bit
