"""The meter of one process: what its rooms and sockets have done, counted and timed.

Everything is a plain number that only grows. A scrape reads them; nothing is computed before. So a
count costs an addition, and none is made for a single frame or keystroke: what is counted is a
batch, a fact, a message to many.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from sync.fact import Fact

SECONDS: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0)
EVENTS: Final = (0.0, 1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)


class Histogram:
    """The number of values up to each of its bounds, and their sum.

    Args:
        bounds: ascending; one more class has what is above the last.
    """

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """By class: values above the bound before, up to this one."""
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class AppendTimes(Struct, frozen=True):
    """The times of one transaction, in seconds on one clock."""

    wanted_s: float
    """The arrival of its oldest submission."""
    begun_s: float
    merged_s: float
    committed_s: float
    delivered_s: float
    """The time at which every message about it was written to its socket, or queued."""


class Meter:
    """The counts of one process; whoever does a thing counts it here."""

    def __init__(self) -> None:
        self.facts: defaultdict[type[Fact], int] = defaultdict(int)
        """Facts that rooms were told by sockets, requests and the bus, by type; no submissions."""
        self.submissions = 0
        """Submissions that were merged, or tried again after a failure."""
        self.submission_bytes = 0
        self.failed_batches = 0
        """Batches of a document whose transaction the store has failed."""
        self.events = 0
        """Events that were committed."""
        self.deliveries = 0
        """Messages to members of rooms, one for each receiver."""
        self.delivery_bytes = 0
        """Their bytes, without WebSocket's framing; the mean, if there are several encodings."""
        self.refusals: Counter[str] = Counter()
        """Refused requests of sockets, by error code."""
        self.opened: Counter[str] = Counter()
        """Sockets, by dialect."""
        self.closed: Counter[str] = Counter()
        """Sockets that the server closed, by close code; those that their peers left: `gone`."""
        self.cut = 0
        """Sockets that were closed since they took nothing for too long."""
        self.returns = 0
        """Joins of clients that had a version before."""
        self.recoveries = 0
        """Returns that were sent exactly what they had missed."""
        self.replayed_events = 0
        """Events that were read from the log for members."""
        self.missed = Histogram(EVENTS)
        """Versions that a returning client had missed."""
        self.batch_events = Histogram(SIZES)
        """Events of one transaction."""
        self.batch_documents = Histogram(SIZES)
        """Documents of one transaction."""
        self.commit_s = Histogram(SECONDS)
        """From the beginning of a transaction until it is durable."""
        self.delivery_s = Histogram(SECONDS)
        """From then until every message about it is written to its socket, or queued."""
        self.submission_to_commit_s = Histogram(SECONDS)
        """From the oldest submission of a transaction until it is durable."""
        self.submission_to_delivery_s = Histogram(SECONDS)
        """From the oldest submission of a transaction until all are told."""
        self.loop_delay_s = Histogram(SECONDS)
        """The delay with which the event loop does what is due."""

    def come_back(self, missed: int) -> None:
        """Count a join of a client that had a version before.

        Args:
            missed: the versions after it; negative if the client is ahead.
        """
        self.returns += 1
        self.missed.observe(max(0, missed))

    def append(self, events: int, documents: int, times: AppendTimes) -> None:
        """Count a transaction that has committed."""
        self.events += events
        self.batch_events.observe(events)
        self.batch_documents.observe(documents)
        self.commit_s.observe(times.committed_s - times.begun_s)
        self.delivery_s.observe(times.delivered_s - times.committed_s)
        self.submission_to_commit_s.observe(times.committed_s - times.wanted_s)
        self.submission_to_delivery_s.observe(times.delivered_s - times.wanted_s)
