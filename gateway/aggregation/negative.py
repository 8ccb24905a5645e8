"""Negatives: failures that will not pass at once need not be met again at once."""

from collections import OrderedDict

from gateway.aggregation.errors import BadReply, BadStatus, SourceError

MOST = 1_000
"""How many are remembered; the oldest go first."""

MOST_SECONDS = 5.0
"""For how long at most, whatever a Retry-After asks for."""


class Negatives:
    """Remembers failures by key, for ``seconds`` each. Zero seconds switch it off."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: OrderedDict[str, tuple[float, SourceError]] = OrderedDict()

    @property
    def seconds(self) -> float:
        """For how long a failure is remembered that asks for nothing else."""
        return self._seconds

    def note(self, key: str, error: SourceError, now: float) -> None:
        """Remember ``error`` if it is one that comes again: an answer, but no usable one.

        ``now`` is monotonic: a wall clock that is set back must not make a failure last.
        """
        seconds = self._worth(error)
        if seconds <= 0:
            return
        self._kept[key] = (now + seconds, _bare(error))
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def find(self, key: str, now: float) -> SourceError | None:
        """Return what is remembered for ``key``, as long as it counts: one to be raised."""
        if key not in self._kept:
            return None
        until, error = self._kept[key]
        if now < until:
            return _bare(error)
        del self._kept[key]
        return None

    def _worth(self, error: SourceError) -> float:
        """Return for how many seconds an error stands.

        What a status asks for by Retry-After counts, within our bound (RFC 9110, 10.2.3). A
        connection that broke may work the next time: that is for the breaker to judge.
        """
        if self._seconds <= 0 or not isinstance(error, BadReply):
            return 0.0
        asked = error.retry_after_seconds if isinstance(error, BadStatus) else None
        return min(MOST_SECONDS, max(self._seconds, asked or 0.0))


def _bare(error: SourceError) -> SourceError:
    """Return the same error without its traceback: that would keep the whole reply in memory."""
    bare = type(error).__new__(type(error), *error.args)
    bare.__dict__.update(error.__dict__)
    return bare
