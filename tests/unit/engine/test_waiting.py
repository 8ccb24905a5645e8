import asyncio

from gateway.aggregation.waiting import note_waiting, waiting_noted


def test_what_is_noted_within_the_block_is_collected() -> None:
    with waiting_noted() as waited:
        note_waiting(0.1)
        note_waiting(0.2)
    assert round(waited.seconds, 9) == 0.3


def test_outside_of_any_block_a_note_is_nobodys_concern() -> None:
    note_waiting(0.1)
    with waiting_noted() as waited:
        pass
    note_waiting(0.1)
    assert waited.seconds == 0.0


def test_a_note_belongs_to_the_innermost_block() -> None:
    with waiting_noted() as outer:
        with waiting_noted() as inner:
            note_waiting(0.1)
        note_waiting(0.2)
    assert (outer.seconds, inner.seconds) == (0.2, 0.1)


async def test_a_note_of_a_task_within_the_block_is_collected_too() -> None:
    async def queued() -> None:
        note_waiting(0.1)

    with waiting_noted() as waited:
        await asyncio.create_task(queued())
    assert waited.seconds == 0.1


async def test_tasks_beside_each_other_collect_each_their_own() -> None:
    async def noted(seconds: float) -> float:
        with waiting_noted() as waited:
            await asyncio.sleep(0)
            note_waiting(seconds)
            await asyncio.sleep(0)
            return waited.seconds

    assert await asyncio.gather(noted(0.1), noted(0.2)) == [0.1, 0.2]
