"""A personal fragment is nobody else's: two members and a stranger, one cache, whatever order."""

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.aggregation.cache import key_for
from gateway.aggregation.compose import Failed, compose
from gateway.aggregation.source import UNCHANGED, Call, Reply, Terms
from tests.fakes import VirtualClock
from tests.unit.engine.keeping import Kept, fleet
from tests.unit.engine.pages import call_in, fragment, lookup, plan

STEP_SECONDS = 0.05
MEMBERS = ("42", "43", None)
PAGE = plan(fragment("recco", asks=("member_id",)))
TERMS = Terms(while_revalidate=10.0, etag='"the same for all"')


@dataclass(frozen=True)
class Visit:
    """Who comes at which of two gateways, when, how long the source takes, and when they leave."""

    member_id: str | None
    gateway: int
    after_steps: int
    source_steps: int
    leaves_after_steps: int | None


VISITS = st.lists(
    st.builds(
        Visit,
        st.sampled_from(MEMBERS),
        st.integers(0, 1),
        st.integers(0, 5),
        st.integers(0, 3),
        st.one_of(st.none(), st.integers(0, 3)),
    ),
    min_size=3,
    max_size=14,
)


@dataclass
class Recommending:
    """A source that says to whom it speaks, and confirms whatever it is asked for by name."""

    steps: list[int]

    async def __call__(self, call: Call) -> Reply:
        assert set(call.args) == {"member_id"}, "what the key does not name must not be known"
        await asyncio.sleep(self.steps.pop() * STEP_SECONDS if self.steps else 0)
        value = UNCHANGED if call.etag else f"for {call.args['member_id']}"
        return Reply(value, terms=TERMS)


async def come(gateway: Kept, visit: Visit) -> None:
    """Ask for the page, and fail if it is another's."""
    await asyncio.sleep(visit.after_steps * STEP_SECONDS)
    # A call says more of its visitor than the fragment asks for.
    who = {"member_id": visit.member_id, "session": f"of {visit.member_id}"}
    sources = lookup(recco=gateway.source)
    page = asyncio.ensure_future(compose(PAGE, call_in(gateway.clock, 0.8, **who), sources))
    if visit.leaves_after_steps is not None:
        await asyncio.sleep(visit.leaves_after_steps * STEP_SECONDS)
        page.cancel()
    await asyncio.wait({page})
    if not page.cancelled():
        outcome = page.result().outcomes["recco"]
        assert not isinstance(outcome, Failed)
        assert outcome.value == f"for {visit.member_id}"


async def crowd(gateways: list[Kept], visits: list[Visit]) -> None:
    """Let all come, and fail if one's entry lies under another's key."""
    await asyncio.gather(*(come(gateways[visit.gateway], visit) for visit in visits))
    await asyncio.sleep(5)
    expected = {key_for("promo", {"member_id": each}): f"for {each}" for each in MEMBERS}
    entries = gateways[0].cache.entries
    assert {key: entry.value for key, entry in entries.items()}.items() <= expected.items()


@settings(database=None, deadline=None, max_examples=200, derandomize=True)
@given(visits=VISITS, slow_cache=st.booleans(), fresh_seconds=st.sampled_from([0.15, 30.0]))
def test_a_personal_fragment_is_never_shown_to_another_nor_kept_under_anothers_key(
    visits: list[Visit], slow_cache: bool, fresh_seconds: float
) -> None:
    clock = VirtualClock()
    gateways = fleet(clock, Recommending([visit.source_steps for visit in visits]))
    for gateway in gateways:
        gateway.fresh_seconds = fresh_seconds
        gateway.cache.get_delay_seconds = STEP_SECONDS if slow_cache else 0.0
        gateway.cache.put_delay_seconds = STEP_SECONDS if slow_cache else 0.0
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(crowd(gateways, visits))
