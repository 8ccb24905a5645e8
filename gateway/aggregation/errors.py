"""Everything that can go wrong with a source or a page, as one tree.

AggregationError                   reason
├── SourceError
│   ├── SourceTimeout              timeout        no answer before the deadline
│   ├── SourceRefused              refused        nobody listens at its address
│   ├── SourceUnresolved           unresolved     its name has no address
│   ├── SourceUnreachable          unreachable    no connection for another cause
│   ├── SourceDisconnected         disconnected   the connection broke before the reply was whole
│   ├── SourceBusy                 busy           no free connection of ours in time
│   ├── SourceRejected             rejected       it would not do what it was asked
│   ├── BadReply
│   │   ├── BadProtocol            protocol       not the protocol that was spoken
│   │   ├── BadStatus              status         an answer, but not the one that is wanted
│   │   ├── BadContentType         content-type   an answer in another format
│   │   ├── BadPayload             payload        the right format, but not what the contract says
│   │   └── ReplyTooLarge          too-large      more bytes than are allowed
│   ├── CircuitOpen                open           it failed too often of late; it was not asked
│   ├── BulkheadFull               full           as many calls of it run and wait as may
│   ├── FaultInjected              injected       we made it fail on purpose, to see what happens
│   ├── SourceOff                  off            staff have switched it off; it was not asked
│   ├── SourceCancelled            cancelled      stopped by us, because the page had failed already
│   └── SourceCrashed              crashed        our own code failed; the cause says where
└── PrimaryFailed                                 the page cannot be shown without this fragment

``reason`` is a short word from this closed list: it goes into headers, metrics and logs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.aggregation.compose import Composition


class AggregationError(Exception):
    """Anything that the engine raises."""


class SourceError(AggregationError):
    """A source gave no usable answer. ``source`` names it, ``detail`` says more for the log.

    ``detail`` is for those who run the gateway: it is never shown to a visitor.
    """

    reason = "error"

    def __init__(self, source: str, detail: str = "") -> None:
        super().__init__(f"{source}: {self.reason}" + (f" ({detail})" if detail else ""))
        self.source = source
        self.detail = detail


class SourceTimeout(SourceError):
    """No answer before the deadline."""

    reason = "timeout"


class SourceRefused(SourceError):
    """Nobody listens at the source's address."""

    reason = "refused"


class SourceUnresolved(SourceError):
    """The source's host name has no address."""

    reason = "unresolved"


class SourceUnreachable(SourceError):
    """No connection could be made, for a cause other than the two above."""

    reason = "unreachable"


class SourceDisconnected(SourceError):
    """The connection broke before the reply was whole."""

    reason = "disconnected"


class SourceBusy(SourceError):
    """None of our own connections to the source became free in time."""

    reason = "busy"


class SourceRejected(SourceError):
    """The source would not do what it was asked; the fault is in the question, or in its state."""

    reason = "rejected"


class BadReply(SourceError):
    """There was an answer, but none that can be used."""


class BadProtocol(BadReply):
    """What came back is not the protocol that was spoken."""

    reason = "protocol"


class BadStatus(BadReply):
    """The source answered with a status that is no success.

    ``retry_after_seconds`` is for how long it asks to be left alone; None where it did not say.
    """

    reason = "status"

    def __init__(self, source: str, status: int, retry_after_seconds: float | None = None) -> None:
        super().__init__(source, f"status {status}")
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class BadContentType(BadReply):
    """The answer is in a format that was not asked for."""

    reason = "content-type"


class BadPayload(BadReply):
    """The answer does not fulfil the source's contract."""

    reason = "payload"


class ReplyTooLarge(BadReply):
    """The answer has more bytes than the source is allowed."""

    reason = "too-large"


class CircuitOpen(SourceError):
    """The source failed too often of late, and is left alone for a while: it was not asked."""

    reason = "open"


class BulkheadFull(SourceError):
    """As many calls of the source run and wait as may: this one was not made."""

    reason = "full"


class FaultInjected(SourceError):
    """The call was made to fail on purpose. It counts like a failure of the source itself."""

    reason = "injected"


class SourceOff(SourceError):
    """Staff have switched the source off: it was not asked."""

    reason = "off"


class SourceCancelled(SourceError):
    """We stopped asking, because the page had already failed."""

    reason = "cancelled"


class SourceCrashed(SourceError):
    """Our own code around the source failed; ``__cause__`` holds what it raised."""

    reason = "crashed"


class PrimaryFailed(AggregationError):
    """A primary fragment failed, and the page with it. ``composition`` has what there was."""

    def __init__(self, fragment: str, composition: "Composition") -> None:
        super().__init__(f"page {composition.plan!r} cannot be shown without {fragment!r}")
        self.fragment = fragment
        self.composition = composition
