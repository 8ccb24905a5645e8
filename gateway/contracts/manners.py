"""How a service behaves beside its contract file: what no page asks, and what tells all the same.

Little here can break a service, because no page depends on it; the rest is remarked upon.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import httpx

from gateway.contracts.asking import Exchange
from gateway.contracts.findings import Finding
from gateway.contracts.replies import judged_problem

STRANGE_TAG = '"a-tag-that-was-never-given"'


@dataclass(frozen=True, slots=True)
class Manner:
    """A question: how it is asked, what is expected, and how the answer is judged.

    ``query`` takes the place of the contract file's, where there is one.
    """

    name: str
    expected: str
    verdict: Callable[[Exchange], tuple[Finding, ...]]
    part: str = "no part of the page: good manners of a service over HTTP"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)

    def judge(self, came: Exchange) -> tuple[Finding, ...]:
        """Return what is wrong with what came; of a method that no page uses it is a remark."""
        if not came.failure:
            return self.verdict(came)
        return (Finding("reply", came.failure, remark=self.method != "GET"),)


def wrong_status(wanted: int, came: Exchange) -> Finding:
    """Say that the status is another one."""
    said = f"must be {wanted}, and is {came.status}"
    if 300 <= came.status < 400:
        said += "; redirects are not followed"
    return Finding("status", said)


def unknown_path(came: Exchange) -> tuple[Finding, ...]:
    """Judge a 404. No page asks an unknown path: nothing must pretend to be an answer there."""
    if not 400 <= came.status < 500:
        return (wrong_status(404, came),)
    found = [] if came.status == 404 else [wrong_status(404, came)]
    return tuple(replace(each, remark=True) for each in (*found, *judged_problem(came)))


def _strange_tag(came: Exchange) -> tuple[Finding, ...]:
    if came.status == httpx.codes.NOT_MODIFIED:
        said = "is confirmed although it was never given: pages would keep what is old for ever"
        return (Finding("ETag", said),)
    return () if came.status == httpx.codes.OK else (wrong_status(200, came),)


def _head(came: Exchange) -> tuple[Finding, ...]:
    if came.status == httpx.codes.OK:
        return ()
    return (replace(wrong_status(200, came), remark=True),)


def _other(came: Exchange) -> tuple[Finding, ...]:
    if came.status == httpx.codes.METHOD_NOT_ALLOWED:
        return ()
    return (replace(wrong_status(405, came), remark=True),)


def _beyond(came: Exchange) -> tuple[Finding, ...]:
    if came.status == httpx.codes.UNPROCESSABLE_ENTITY:
        return judged_problem(came)
    if came.status == httpx.codes.OK:
        said = "allows more than the contract asks for; the page never makes use of it"
        return (Finding("limit", said, remark=True),)
    return (wrong_status(422, came),)


STRANGER_S_TAG = Manner(
    "a tag that it never gave",
    "200 and the whole reply, for it cannot be what the caller holds",
    _strange_tag,
    part="every part that is kept: it would never change again",
    headers={"If-None-Match": STRANGE_TAG},
)
HEAD = Manner("HEAD", "200 without a body (only remarked upon)", _head, method="HEAD")
OTHER = Manner("a method that is not for it", "405 (only remarked upon)", _other, method="PROPFIND")
"""A method that only reads (RFC 4918, 9.1), so that trying it changes nothing anywhere."""
BEYOND = Manner(
    "one more than the page ever asks for",
    "422 application/problem+json, or 200 where the service allows more",
    _beyond,
)
