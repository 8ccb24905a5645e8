"""Every error is judged, in one table: a new one must be put into it."""

import inspect

import pytest

from gateway.aggregation import errors
from gateway.aggregation.errors import BadReply, BadStatus, SourceError
from gateway.aggregation.verdict import Verdict, may_pass, speaks_of_overload, verdict

FAILED, WELL, NOTHING = Verdict.FAILED, Verdict.WELL, Verdict.NOTHING

TABLE = {
    # error: what it proves, whether it may pass, whether it speaks of overload
    "SourceTimeout": (FAILED, False, True),
    "SourceRefused": (FAILED, True, False),
    "SourceUnresolved": (FAILED, False, False),
    "SourceUnreachable": (FAILED, True, False),
    "SourceDisconnected": (FAILED, True, False),
    "SourceBusy": (NOTHING, False, False),
    "SourceRejected": (NOTHING, False, False),
    "BadProtocol": (FAILED, False, False),
    "BadContentType": (FAILED, False, False),
    "BadPayload": (FAILED, False, False),
    "ReplyTooLarge": (FAILED, False, False),
    "CircuitOpen": (NOTHING, False, False),
    "BulkheadFull": (NOTHING, False, False),
    "FaultInjected": (FAILED, True, False),
    "SourceOff": (NOTHING, False, False),
    "SourceCancelled": (NOTHING, False, False),
    "SourceCrashed": (NOTHING, False, False),
}
STATUSES = {
    204: (FAILED, False, False),
    302: (FAILED, False, False),
    400: (WELL, False, False),
    404: (WELL, False, False),
    422: (WELL, False, False),
    429: (FAILED, False, True),
    500: (FAILED, True, False),
    502: (FAILED, True, False),
    503: (FAILED, True, True),
    504: (FAILED, True, False),
}

Judged = tuple[Verdict, bool, bool]


def judged(error: SourceError, seconds: float = 0.1) -> Judged:
    """Return all three judgements on ``error``."""
    return verdict(error, seconds), may_pass(error), speaks_of_overload(error, seconds)


def test_the_table_has_every_error_of_the_tree() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    concrete = {kind.__name__ for kind in kinds if issubclass(kind, SourceError)}
    assert concrete - {"SourceError", "BadReply", "BadStatus"} == set(TABLE)


@pytest.mark.parametrize(("name", "expected"), TABLE.items())
def test_each_error_is_judged_as_the_table_says(name: str, expected: Judged) -> None:
    assert judged(getattr(errors, name)("promo")) == expected


@pytest.mark.parametrize(("status", "expected"), STATUSES.items())
def test_each_status_is_judged_as_the_table_says(status: int, expected: Judged) -> None:
    assert judged(BadStatus("promo", status)) == expected


def test_a_source_that_had_no_time_is_not_blamed_for_a_timeout() -> None:
    """What our own queue or an earlier attempt has used up is none of its doing."""
    assert judged(errors.SourceTimeout("promo"), seconds=0.0) == (NOTHING, False, False)


def test_bad_replies_are_failures_of_the_source_whatever_their_kind() -> None:
    assert verdict(BadReply("promo"), 0.1) is FAILED
