"""A log that is compacted at random points between all that a test does with it.

Some rows stay, some are in segments, some in both: as it is between two steps of a compaction.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final

from storage.compaction.piece import CompactionRule
from storage.compaction.sql_compaction import SqlCompaction
from storage.database import open_database
from storage.engine import Database
from storage.log import SqlEventLog
from sync.port import AppendTransaction, StoreError
from tests.patience import PATIENCE_S

LATER_MS = 1 << 52
"""Everything is old then."""


PLAIN_RULE: Final = CompactionRule(
    age_ms=0,
    keep_events=0,
    segment_events=50,
    min_events=1,
    min_old_events=1,
    keeps_openable=False,
)
"""Everything may be compacted."""


def bold_rule(random: Random) -> CompactionRule:
    """A rule under which anything may be compacted, into small segments."""
    return CompactionRule(
        age_ms=0,
        keep_events=random.choice([0, 0, 1, 5]),
        segment_events=random.choice([2, 7, 64, 4_096]),
        min_events=1,
        min_old_events=1,
        keeps_openable=False,
        resting_ms=random.choice([None, 0]),
    )


async def compact_somewhat(compaction: SqlCompaction, random: Random) -> None:
    """Do some steps, in documents that have work; perhaps none."""
    rule = bold_rule(random)
    keys, _ = await compaction.visit(0, 1_000, rule)
    for key in keys:
        for _ in range(random.choice([0, 1, 3, 20])):
            if not await compaction.step(key, rule, LATER_MS):
                break
        if random.random() < 0.7:
            await compaction.remove_rows(key, random.choice([1, 5, 100_000]))
        if random.random() < 0.3:
            await compaction.condense(key, rule, LATER_MS)


class CompactingLog(SqlEventLog):
    """A `SqlEventLog` that is compacted somewhat after each append."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.compaction = SqlCompaction(database)
        self._random = Random(7)

    @asynccontextmanager
    async def append(self) -> AsyncIterator[AppendTransaction]:
        async with super().append() as transaction:
            yield transaction
        with suppress(StoreError):  # closed meanwhile
            await compact_somewhat(self.compaction, self._random)


def open_compacting(database_url: str) -> CompactingLog:
    """The log of a database with as much time as tests have."""
    return CompactingLog(open_database(database_url, pool_size=10, timeout_s=PATIENCE_S))
