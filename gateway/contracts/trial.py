"""Trying a service: its contract file is asked question by question, and then how it behaves."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from django.conf import settings

from gateway.contracts.asking import Exchange, Messenger, Request
from gateway.contracts.findings import Finding, broken
from gateway.contracts.keeping import judged_cookies, judged_keeping
from gateway.contracts.manners import (
    BEYOND,
    HEAD,
    OTHER,
    STRANGER_S_TAG,
    Manner,
    unknown_path,
    wrong_status,
)
from gateway.contracts.pactfiles import Ask, Interaction
from gateway.contracts.questions import expected, out_of_reach, part, request_for
from gateway.contracts.replies import judged_problem, judged_success
from gateway.contracts.services import Contract

TRIAL_SECONDS = 7.0
"""After so long no further question is begun; one that runs ends by itself."""

PATIENCE = 2
"""After so many questions without a reply in time, one after another, we ask no more."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one question; ``untried`` says why it was not asked."""

    name: str
    expected: str
    part: str
    came: Exchange | None = None
    findings: tuple[Finding, ...] = ()
    untried: str = ""
    address: str = ""

    @property
    def broken(self) -> bool:
        """Whether the service does not keep this part of its contract."""
        return broken(self.findings)


@dataclass(slots=True)
class Trial:
    """One service on trial, at ``url``; ``results`` come in the order of asking."""

    contract: Contract
    url: str
    messenger: Messenger
    results: list[Result] = field(default_factory=list)
    reachable: bool = True
    _began: float = field(default_factory=time.monotonic)
    _unanswered: int = 0

    @property
    def broken(self) -> bool:
        """Whether anything of the contract is not kept."""
        return any(result.broken for result in self.results)

    async def run(self, interactions: tuple[Interaction, ...]) -> None:
        """Ask everything that can be asked."""
        for each in interactions:
            await self._try(each)
        await self._manners(interactions)
        self._judge_pace()

    def stopped(self) -> str:
        """Why no further question is asked; nothing as long as there is no reason."""
        if not self.reachable:
            return "nobody is there"
        if self._unanswered >= PATIENCE:
            return f"{PATIENCE} questions in a row got no reply in time"
        if time.monotonic() - self._began > TRIAL_SECONDS:
            return f"{TRIAL_SECONDS:g} s are up"
        return ""

    async def ask(self, request: Request) -> Exchange:
        """Ask, and remember whether anybody answers at all."""
        came = await self.messenger.ask(request)
        if came.absent and not any(result.came for result in self.results):
            self.reachable = False
        self._unanswered = self._unanswered + 1 if came.late else 0
        return came

    async def _try(self, interaction: Interaction) -> None:
        blank = Result(
            interaction.description,
            expected(self.contract, interaction),
            part(self.contract, interaction),
        )
        request = request_for(self.url, interaction.request)
        blank = replace(blank, address=f"{request.method} {request.url}")
        reason = self.stopped() or out_of_reach(interaction)
        if interaction.response.status == httpx.codes.NOT_MODIFIED and not reason:
            tag = await self._tag(interaction)
            reason = "" if tag else "no reply came with an ETag, and none needs to"
            request = replace(request, headers={**request.headers, "If-None-Match": tag})
        if reason:
            self.results.append(replace(blank, untried=reason))
            return
        came = await self.ask(request)
        findings = await self.judge(interaction, came)
        self.results.append(replace(blank, came=came, findings=findings))

    async def _tag(self, interaction: Interaction) -> str:
        """The service's own name for the reply of which it is asked again."""
        held = await self.ask(request_for(self.url, interaction.request))
        return str(held.headers.get("ETag", "")) if held.status == httpx.codes.OK else ""

    async def judge(self, interaction: Interaction, came: Exchange) -> tuple[Finding, ...]:
        """Return what is wrong with the answer to one of the contract's questions."""
        wanted = interaction.response.status
        if came.failure:
            return (Finding("reply", came.failure),)
        if wanted == httpx.codes.NOT_MODIFIED:
            return await self._unchanged(interaction, came)
        if wanted == httpx.codes.NOT_FOUND:
            return unknown_path(came)
        if came.status != wanted:
            return (wrong_status(wanted, came),)
        if wanted == httpx.codes.OK:
            return await self._success(interaction, came)
        return judged_problem(came)

    async def _success(self, interaction: Interaction, came: Exchange) -> tuple[Finding, ...]:
        asked = interaction.request.args
        value, found = await judged_success(self.contract.endpoint, came)
        found = tuple(each for each in found if not self._moot(each, asked, value))
        rules = self.contract.rules(asked, value) if isinstance(value, dict) else []
        kept = judged_keeping(
            came,
            personal=any(name in asked for name in self.contract.personal),
            shared=not self.contract.personal,
        )
        return (*found, *rules, *kept, *judged_cookies(came), *self._slow(came))

    def _moot(self, finding: Finding, asked: Mapping[str, str], value: Any) -> bool:
        """Whether a finding says no more than that nobody's name is missing."""
        name = finding.where
        unnamed = name in self.contract.personal and name not in asked
        return unnamed and isinstance(value, dict) and name not in value

    async def _unchanged(self, interaction: Interaction, came: Exchange) -> tuple[Finding, ...]:
        if came.status == httpx.codes.NOT_MODIFIED:
            return ()
        if came.status != httpx.codes.OK:
            return (wrong_status(httpx.codes.NOT_MODIFIED, came),)
        said = "is not confirmed with 304: the whole reply comes again each time"
        again = await self._success(interaction, came)
        return (Finding("ETag", said, remark=True), *again)

    def _slow(self, came: Exchange) -> tuple[Finding, ...]:
        most = self._page_waits()
        if came.seconds <= most:
            return ()
        said = f"took {came.seconds:.2f} s, and a page waits {most:g} s"
        return (Finding("time", said, remark=True),)

    def _page_waits(self) -> float:
        return float(getattr(settings, self.contract.endpoint.timeout))

    def _judge_pace(self) -> None:
        """One slow reply may be chance; where the quickest of all is too slow, no page gets any."""
        replies = [result.came for result in self.results if result.came]
        seconds = [
            # HEAD sends nothing that a page could show, and is often quick where a reply is not.
            came.seconds
            for came in replies
            if came.status == httpx.codes.OK and came.request.method == "GET"
        ]
        most, said = self._page_waits(), ""
        if seconds and min(seconds) > most:
            said = f"the quickest took {min(seconds):.2f} s, and a page waits {most:g} s"
        elif self.reachable and (reason := self.stopped()):
            said = f"not everything could be asked: {reason}"
        if said:
            name, expected = "how quickly it answers", f"a whole reply within {most:g} s"
            finding = Finding("time", said, self.contract.part)
            self.results.append(Result(name, expected, self.contract.part, findings=(finding,)))

    async def _manners(self, interactions: tuple[Interaction, ...]) -> None:
        """Ask what no page asks, and what tells whether the service can be relied on."""
        plain = next((each for each in interactions if each.response.status == 200), None)
        if plain is None:
            return
        for manner in (STRANGER_S_TAG, HEAD, OTHER):
            await self._manner(manner, plain.request)
        if self.contract.beyond:
            query = {name: [value] for name, value in self.contract.beyond.items()}
            await self._manner(BEYOND, Ask("GET", plain.request.path, query))

    async def _manner(self, manner: Manner, ask: Ask) -> None:
        request = request_for(self.url, ask)
        request = replace(request, method=manner.method, headers=manner.headers)
        blank = Result(manner.name, manner.expected, manner.part)
        blank = replace(blank, address=f"{request.method} {request.url}")
        if reason := self.stopped():
            self.results.append(replace(blank, untried=reason))
            return
        came = await self.ask(request)
        self.results.append(replace(blank, came=came, findings=manner.judge(came)))
