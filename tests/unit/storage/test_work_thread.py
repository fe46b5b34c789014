"""The thread of the commits: in order, each told once, and none that was given up before its turn.

Planted and caught: a call that is made although its future was cancelled before its turn; a future
that is told after it was cancelled (the loop reports `InvalidStateError`); a thread that ends with
the first call that fails.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from storage.work_thread import WorkThread
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


@pytest.fixture
async def thread() -> AsyncIterator[WorkThread]:
    thread = WorkThread("test")
    yield thread
    await asyncio.to_thread(thread.shut_down)


@pytest.fixture
async def reported() -> list[dict[str, Any]]:
    """What the loop reports of itself."""
    found: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
    return found


def fail() -> None:
    raise ValueError("refused")


async def test_calls_are_made_in_order_on_one_other_thread(thread: WorkThread) -> None:
    made: list[int] = []
    threads: set[int] = set()

    def call(number: int) -> int:
        made.append(number)
        threads.add(threading.get_ident())
        return number

    futures = [thread.submit(partial(call, number)) for number in range(50)]
    assert await asyncio.gather(*futures) == made == list(range(50))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_a_failure_is_told_to_who_waits_and_the_next_call_is_made(thread: WorkThread) -> None:
    failed, done = thread.submit(fail), thread.submit(lambda: "done")
    with pytest.raises(ValueError, match="refused"):
        await failed
    assert await done == "done"


async def test_what_is_cancelled_before_its_turn_is_left_out_and_after_it_goes_on(
    thread: WorkThread, reported: list[dict[str, Any]]
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    made: list[str] = []

    def wait() -> None:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        made.append("under way")

    under_way, waiting = thread.submit(wait), thread.submit(lambda: made.append("waiting"))
    await asyncio.to_thread(begun.wait, PATIENCE_S)
    under_way.cancel()
    waiting.cancel()
    go_on.set()
    await thread.submit(lambda: made.append("last"))
    assert made == ["under way", "last"]
    await asyncio.sleep(0)
    assert reported == []


async def test_shutting_down_waits_for_all_that_was_submitted(thread: WorkThread) -> None:
    go_on = threading.Event()
    first = thread.submit(lambda: go_on.wait(PATIENCE_S))
    last = thread.submit(lambda: "last")
    ending = asyncio.create_task(asyncio.to_thread(thread.shut_down))
    go_on.set()
    await ending
    assert await first
    assert await last == "last"


def test_a_loop_that_was_closed_ends_neither_the_thread_nor_the_next_loop() -> None:
    thread = WorkThread("test")
    begun, go_on = threading.Event(), threading.Event()

    async def leave() -> None:
        def wait() -> None:
            begun.set()
            assert go_on.wait(PATIENCE_S)

        thread.submit(wait)
        await asyncio.to_thread(begun.wait, PATIENCE_S)

    async def come() -> str:
        return await thread.submit(lambda: "still there")

    asyncio.run(leave())
    go_on.set()
    assert asyncio.run(come()) == "still there"
    thread.shut_down()
