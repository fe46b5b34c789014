"""Processes that compact a log and kill themselves at a chosen step; no test is in here.

`python -m tests.contract.compaction_process` reads lines: a database URL, the key of a document, a
seed and a number. For each it forks a process that compacts, and that is killed, as by `kill -9`,
right before or after the statement or the commit with that number; with `full` instead of a number,
the disk is full. It prints how that ended.
"""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from sqlalchemy import Engine, event

from storage.compaction.piece import CompactionRule
from storage.store import open_store
from sync.port import StoreError
from tests.contract.compacting_log import LATER_MS

ROUNDS = 12
STORE_FAILED = 3


def kill_at(step: int) -> None:
    """Kill this process at a step of what it does in the database."""
    left = step

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("begin", "before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, count)


async def compact(url: str, key: int, seed: int) -> None:
    random = Random(seed)
    rule = CompactionRule(
        age_ms=0,
        keep_events=0,
        segment_events=random.choice([20, 60]),
        min_events=1,
        min_old_events=1,
        keeps_openable=False,
    )
    store = open_store(url, pool_size=2)
    for _ in range(ROUNDS):
        await store.compaction.step(key, rule, LATER_MS)
        await store.compaction.remove_rows(key, random.choice([1, 15, 100]))
    await store.aclose()


def serve(work: Callable[[str, int, int], Coroutine[Any, Any, None]]) -> None:
    """Do some work on the logs that the lines name, each in a process of its own."""
    for line in sys.stdin:
        url, key, seed, step = line.split()
        child = os.fork()
        if not child:
            os._exit(_run(work(url, int(key), int(seed)), step))
        _, status = os.waitpid(child, 0)
        is_killed = os.WIFSIGNALED(status)
        print("killed" if is_killed else f"ended {os.WEXITSTATUS(status)}", flush=True)


def _run(work: Coroutine[Any, Any, None], step: str) -> int:
    if step == "full":
        # As a full disk: nothing is written behind the first pages of any file.
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    else:
        kill_at(int(step))
    try:
        asyncio.run(work)
    except StoreError:
        return STORE_FAILED
    return 0


if __name__ == "__main__":
    serve(compact)
