"""app.service.standing_reader: one query for all who ask at once, each answered after it asked."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from app.service.standing_reader import MAX_PAIRS, Pair, StandingReader
from sync.permission import Standing
from sync.port import StoreError
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


class _Rows:
    """Rows whose owner says when they were read; the reading takes as long as a test wants."""

    def __init__(self) -> None:
        self.queries: list[list[Pair]] = []
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.owner = "before"
        self.is_down = False

    async def standings(self, pairs: Sequence[Pair]) -> Mapping[Pair, Standing]:
        self.queries.append(list(pairs))
        self.is_asked.set()
        owner = self.owner
        await self.may_answer.wait()
        if self.is_down:
            raise StoreError("down")
        return {pair: Standing(f"{owner} {pair}") for pair in pairs}


async def test_all_who_ask_at_once_are_answered_by_few_queries() -> None:
    rows = _Rows()
    reader = StandingReader(rows)
    pairs = [(number % 7, f"u{number}") for number in range(1_000)]
    found = await asyncio.gather(*(reader.standing(*pair) for pair in pairs))
    assert [standing.owner_id for standing in found] == [f"before {pair}" for pair in pairs]
    assert [len(query) for query in rows.queries] == [MAX_PAIRS] * 4


async def test_same_question_is_asked_once() -> None:
    rows = _Rows()
    reader = StandingReader(rows)
    await asyncio.gather(*(reader.standing(1, "u") for _ in range(100)))
    assert rows.queries == [[(1, "u")]]


async def test_answer_is_never_older_than_the_question() -> None:
    rows = _Rows()
    reader = StandingReader(rows)
    rows.may_answer.clear()
    first = asyncio.create_task(reader.standing(1, "u"))
    await rows.is_asked.wait()
    rows.owner = "after"
    second = asyncio.create_task(reader.standing(1, "u"))
    await asyncio.sleep(0)
    rows.may_answer.set()
    assert (await first).owner_id.startswith("before")
    assert (await second).owner_id.startswith("after")


async def test_who_asks_at_the_moment_at_which_all_queries_end_is_answered() -> None:
    rows = _Rows()
    reader = StandingReader(rows)
    rows.may_answer.clear()

    async def ask_twice() -> Standing:
        await reader.standing(1, "u0")
        return await reader.standing(2, "u0")

    twice = asyncio.create_task(ask_twice())
    await rows.is_asked.wait()
    rows.is_asked.clear()
    once = asyncio.create_task(reader.standing(1, "u1"))
    await rows.is_asked.wait()
    rows.may_answer.set()
    async with asyncio.timeout(PATIENCE_S):
        assert (await twice).owner_id == "before (2, 'u0')"
    assert (await once).owner_id == "before (1, 'u1')"


async def test_store_that_is_down_is_told_to_all_who_asked_and_to_nobody_later() -> None:
    rows = _Rows()
    reader = StandingReader(rows)
    rows.is_down = True
    asked = [reader.standing(1, f"u{number}") for number in range(3)]
    failed = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in failed] == [StoreError] * 3
    rows.is_down = False
    assert (await reader.standing(1, "u0")).owner_id == "before (1, 'u0')"


async def test_one_who_gives_up_takes_no_answer_from_the_others() -> None:
    rows = _Rows()
    reader = StandingReader(rows)
    rows.may_answer.clear()
    patient, hasty = (asyncio.create_task(reader.standing(1, "u")) for _ in range(2))
    await rows.is_asked.wait()
    hasty.cancel()
    rows.may_answer.set()
    assert (await patient).owner_id == "before (1, 'u')"
    with pytest.raises(asyncio.CancelledError):
        await hasty


async def test_id_that_a_store_may_refuse_spoils_no_query_of_others() -> None:
    rows = _Rows()
    reader = StandingReader(rows)
    await asyncio.gather(reader.standing(1, "u"), reader.standing(1, "u\0"))
    assert sorted(rows.queries) == [[(1, "u")], [(1, "u\0")]]


async def test_others_gather_while_several_ask_and_one_alone_never_waits() -> None:
    rows = _Rows()
    reader = StandingReader(rows)
    for number in range(3):
        await reader.standing(number, "alone")
    assert [len(query) for query in rows.queries] == [1, 1, 1]
    rows.queries.clear()

    async def ask_soon(number: int) -> Standing:
        for _ in range(number % 20):
            await asyncio.sleep(0)
        return await reader.standing(number, "u")

    found = await asyncio.gather(*(ask_soon(number) for number in range(200)))
    assert [standing.owner_id for standing in found] == [
        f"before {(number, 'u')}" for number in range(200)
    ]
    assert len(rows.queries) < 20, "one for each that comes at another moment"
    async with asyncio.timeout(PATIENCE_S):
        assert (await reader.standing(1, "late")).owner_id == "before (1, 'late')"
