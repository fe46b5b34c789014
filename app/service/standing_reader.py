"""The reader of standings: those that are asked for at the same time are read in one query.

Many sockets ask at once: after a restart they all join, and after a change in a document everybody
there is reviewed. A query takes as long as half of a join. So while several ask, a query is
followed by a pause, in which others gather for the next; who asks alone never waits.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final, Protocol, TypeAlias

from sync.permission import Standing

MAX_PAIRS: Final = 250
"""The most standings of one query."""
_MAX_QUERIES: Final = 2
"""The most queries at a time; they share the pool with the appender."""
_GATHER_S: Final = 0.01
"""The pause after a query of several, or after one during which others asked."""

Pair = tuple[int, str]
"""The key of a document, and the id of a user."""
_Answer: TypeAlias = "asyncio.Future[Standing]"


class StandingRows(Protocol):
    """The stored rows that grant access; `storage.access` supplies them."""

    async def standings(self, pairs: Sequence[Pair]) -> Mapping[Pair, Standing]:
        """Return the rows of documents that concern users, in one round trip.

        Raises:
            StoreError: the store does not answer.
        """
        ...


class StandingReader:
    """Reads standings, many in one query; each query begins after the requests that it answers."""

    def __init__(self, rows: StandingRows) -> None:
        self._rows = rows
        self._waiting: dict[Pair, list[_Answer]] = {}
        self._readers: set[asyncio.Task[None]] = set()
        self._reading = 0
        """The number of readers that will look again at who waits."""
        self._gathers = False
        """True while one of them pauses; it will read for all who ask meanwhile."""

    async def standing(self, key: int, user_id: str) -> Standing:
        """Return the rows of a document that concern a user.

        Raises:
            StoreError: the store does not answer.
        """
        if not user_id.isprintable():
            # The store may refuse such an id, and would refuse a whole query for it.
            return (await self._rows.standings([(key, user_id)]))[key, user_id]
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((key, user_id), []).append(answer)
        if self._reading < _MAX_QUERIES and not self._gathers:
            self._reading += 1
            task = asyncio.create_task(self._read())
            self._readers.add(task)
            task.add_done_callback(self._readers.discard)
        return await answer

    async def standings(self, pairs: Sequence[Pair]) -> Mapping[Pair, Standing]:
        """Return the rows of several documents and users at once, as the store does."""
        return await self._rows.standings(pairs)

    async def _read(self) -> None:
        """Answer whoever waits, until nobody does."""
        try:
            while self._waiting:
                asked = await self._read_once()
                if self._gathers:
                    break  # another one will read for those who wait
                waiting = len(self._waiting)
                if waiting < MAX_PAIRS and (asked > 1 or waiting):
                    await self._gather()
        finally:
            # Not when the set of tasks hears of it: who asks in between would wait for nobody.
            self._reading -= 1

    async def _gather(self) -> None:
        self._gathers = True
        try:
            await asyncio.sleep(_GATHER_S)
        finally:
            self._gathers = False

    async def _read_once(self) -> int:
        """Answer the first who wait; return how many asked."""
        pairs = list(islice(self._waiting, MAX_PAIRS))
        asking = {pair: self._waiting.pop(pair) for pair in pairs}
        answers = [(pair, answer) for pair, each in asking.items() for answer in each]
        try:
            found = await self._rows.standings(pairs)
        except asyncio.CancelledError:
            for _, answer in answers:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is awaited
            for _, answer in answers:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for pair, answer in answers:
                if not answer.done():
                    answer.set_result(found[pair])
        return len(answers)
