import inspect
import re

import pytest

from gateway.aggregation import errors
from gateway.aggregation.compose import Composition
from gateway.aggregation.errors import (
    AggregationError,
    BadReply,
    BadStatus,
    PrimaryFailed,
    SourceError,
    SourceTimeout,
)

CONCRETE = [
    error
    for _, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, SourceError) and error not in (SourceError, BadReply)
]


def test_reasons_are_the_closed_list_that_is_drawn() -> None:
    named = r"── ((?:Source|Bad|Reply|Circuit|Bulkhead|Fault)\w+) +([a-z-]+) "
    drawn = dict(re.findall(named, errors.__doc__ or ""))
    assert {error.__name__: error.reason for error in CONCRETE} == drawn


def test_each_error_has_a_reason_of_its_own() -> None:
    reasons = [error.reason for error in CONCRETE]
    assert len(set(reasons)) == len(reasons)


@pytest.mark.parametrize("error", CONCRETE)
def test_a_reason_is_a_word_fit_for_a_header(error: type[SourceError]) -> None:
    assert re.fullmatch(r"[a-z][a-z-]*", error.reason)


def test_an_error_names_source_reason_and_detail() -> None:
    error = SourceTimeout("promo", "nothing within 0.4 s")
    assert (error.source, error.detail) == ("promo", "nothing within 0.4 s")
    assert str(error) == "promo: timeout (nothing within 0.4 s)"
    assert str(SourceTimeout("promo")) == "promo: timeout"


def test_a_bad_status_keeps_its_number() -> None:
    error = BadStatus("promo", 503)
    assert (error.status, str(error)) == (503, "promo: status (status 503)")


def test_a_failed_page_is_no_fault_of_a_source() -> None:
    """A fallback catches what sources raise; a page that failed must pass it by."""
    assert issubclass(PrimaryFailed, AggregationError)
    assert not issubclass(PrimaryFailed, SourceError)


def test_primary_failed_names_fragment_and_page() -> None:
    page = Composition("home", {}, {}, 0.1)
    error = PrimaryFailed("member", page)
    assert (error.fragment, error.composition) == ("member", page)
    assert str(error) == "page 'home' cannot be shown without 'member'"
