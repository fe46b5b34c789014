"""The parking of updates that came before the updates they depend on.

Parked updates are not acknowledged; their number and size is bounded for each session.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from sync.limit import Limits
from sync.submission import UpdateSubmission


class ParkedUpdate(Struct, frozen=True):
    """One parked update, filed under the first CRDT client that it waits for."""

    submission: UpdateSubmission
    client: int
    clock: int
    """The clock that `client` has to reach."""
    since_ms: int


_Entry = tuple[int, int, ParkedUpdate]
"""A heap entry: the clock waited for, the order of arrival, the update."""


class Parking:
    """The parked updates of one room, counted for each session."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.by_client: dict[int, list[_Entry]] = {}
        """The parked updates by the CRDT client that each waits for; empty if there is none."""
        self._arrivals = 0
        self._count: defaultdict[str, int] = defaultdict(int)
        self._bytes: defaultdict[str, int] = defaultdict(int)

    def __len__(self) -> int:
        return sum(self._count.values())

    def __bool__(self) -> bool:
        return bool(self.by_client)

    def park(
        self, submission: UpdateSubmission, missing: tuple[tuple[int, int], ...], now_ms: int
    ) -> bool:
        """Park an update that waits for `missing`; False if its session has too many parked."""
        session = submission.session
        if (
            self._count[session] >= self._limits.max_parked
            or self._bytes[session] + submission.size > self._limits.max_parked_bytes
        ):
            return False
        client, clock = missing[0]
        entry = ParkedUpdate(submission, client, clock, now_ms)
        self._arrivals += 1
        heapq.heappush(self.by_client.setdefault(client, []), (clock, self._arrivals, entry))
        self._count[session] += 1
        self._bytes[session] += submission.size
        return True

    def submissions(self) -> Iterator[UpdateSubmission]:
        """Yield all parked submissions, in no particular order."""
        for entries in self.by_client.values():
            for _, _, entry in entries:
                yield entry.submission

    def clients(self) -> list[int]:
        """Return the CRDT clients that parked updates wait for."""
        return list(self.by_client)

    def release(self, clients: Iterable[int], clocks: Mapping[int, int]) -> list[UpdateSubmission]:
        """Take out the updates whose wait for these CRDT clients is over at these clocks."""
        free: list[_Entry] = []
        for client in clients:
            heap = self.by_client.get(client)
            if heap is None:
                continue
            have = clocks.get(client, 0)
            while heap and heap[0][0] <= have:
                free.append(heapq.heappop(heap))
            if not heap:
                del self.by_client[client]
        free.sort(key=lambda entry: entry[1])
        return [self._forget(entry[2]) for entry in free]

    def expire(self, now_ms: int) -> list[UpdateSubmission]:
        """Take out the updates that have waited too long."""
        return self._take(lambda entry: now_ms - entry.since_ms >= self._limits.parked_ms)

    def drop(self, session: str) -> list[UpdateSubmission]:
        """Take out the updates of one session."""
        return self._take(lambda entry: entry.submission.session == session)

    def clear(self) -> list[UpdateSubmission]:
        """Take out all updates."""
        return self._take(lambda _: True)

    def waiting_since(self) -> dict[str, int]:
        """Return when each session's oldest parked update was parked, in ms since the epoch."""
        oldest: dict[str, int] = {}
        for entries in self.by_client.values():
            for _, _, entry in entries:
                session = entry.submission.session
                oldest[session] = min(oldest.get(session, entry.since_ms), entry.since_ms)
        return oldest

    def _take(self, chosen: Callable[[ParkedUpdate], bool]) -> list[UpdateSubmission]:
        taken: list[_Entry] = []
        for client in list(self.by_client):
            entries = self.by_client[client]
            out = [entry for entry in entries if chosen(entry[2])]
            if not out:
                continue
            taken += out
            stay = [entry for entry in entries if not chosen(entry[2])]
            if stay:
                heapq.heapify(stay)
                self.by_client[client] = stay
            else:
                del self.by_client[client]
        taken.sort(key=lambda entry: entry[1])
        return [self._forget(entry[2]) for entry in taken]

    def _forget(self, entry: ParkedUpdate) -> UpdateSubmission:
        submission = entry.submission
        session = submission.session
        self._count[session] -= 1
        self._bytes[session] -= submission.size
        if not self._count[session]:
            del self._count[session], self._bytes[session]
        return submission
