"""app.identity.watch: every change is told once, in order, and none is passed over."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from app.identity import watch
from app.identity.watch import AccessWatch, Change
from storage.access.access_record import AccessChange
from sync.port import StoreError
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


@dataclass
class _Log:
    """The changes of an installation, as a store would give them."""

    changed: list[AccessChange] = field(default_factory=list)
    is_down: bool = False
    looks: int = 0

    def add(self, document_key: int) -> None:
        self.changed.append(AccessChange(len(self.changed) + 1, document_key))

    async def head(self) -> int:
        self._look()
        return self.changed[-1].position if self.changed else 0

    async def changes(self, after: int, limit: int) -> Sequence[Change]:
        self._look()
        return [each for each in self.changed if each.position > after][:limit]

    def _look(self) -> None:
        self.looks += 1
        if self.is_down:
            raise StoreError("down")


class _Told:
    def __init__(self, log: _Log) -> None:
        self.log = log
        self.documents: list[int | None] = []
        self.watch = AccessWatch(log, self._hear)

    def _hear(self, changes: Sequence[Change] | None) -> None:
        self.documents += [None] if changes is None else [each.document_key for each in changes]

    async def catch_up(self) -> None:
        """Wait until the watch has looked twice: once at least from start to end."""
        for _ in range(2):
            seen = self.log.looks
            self.watch.look_now()
            async with asyncio.timeout(PATIENCE_S):
                while self.log.looks == seen:  # noqa: ASYNC110 - the log is asked, not told
                    await asyncio.sleep(0)


@asynccontextmanager
async def _watching(log: _Log) -> AsyncIterator[_Told]:
    told = _Told(log)
    task = asyncio.create_task(told.watch.run())
    await told.catch_up()
    yield told
    task.cancel()


async def test_changes_before_the_start_are_passed_over_and_later_ones_are_told_once() -> None:
    log = _Log()
    log.add(1)
    async with _watching(log) as told:
        log.add(2)
        log.add(3)
        await told.catch_up()
        assert told.documents == [2, 3]
        assert told.watch.revision == 1
        await told.catch_up()
        assert told.documents == [2, 3]
        assert told.watch.revision == 1


async def test_more_than_a_page_is_told_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_PAGE", 2)
    log = _Log()
    async with _watching(log) as told:
        for number in range(5):
            log.add(number)
        await told.catch_up()
        assert told.documents == [0, 1, 2, 3, 4]


async def test_what_changed_while_the_store_was_down_is_told_afterwards() -> None:
    log = _Log()
    async with _watching(log) as told:
        log.is_down = True
        log.add(7)
        await told.catch_up()
        assert told.documents == []
        log.is_down = False
        await told.catch_up()
        assert told.documents == [7]


async def test_what_changed_before_the_first_head_that_came_late_makes_everything_doubtful() -> (
    None
):
    log = _Log(is_down=True)
    async with _watching(log) as told:
        log.add(1)
        log.is_down = False
        await told.catch_up()
        assert told.documents == [None]
        assert told.watch.revision == 1
        log.add(2)
        await told.catch_up()
        assert told.documents == [None, 2]


async def test_changes_that_were_pruned_unseen_make_everything_doubtful() -> None:
    log = _Log()
    async with _watching(log) as told:
        log.is_down = True
        for number in range(4):
            log.add(number)
        log.is_down, log.changed = False, log.changed[2:]
        await told.catch_up()
        assert told.documents == [None]
