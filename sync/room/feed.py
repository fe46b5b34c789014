"""The replay of the log to one member: a state machine, and the socket's account of it.

`Feed` is the room's half: it decides which messages carry the member from the version that it has
to the head. `Progress` is the socket's half: it records how much of them was written and what a
full outbox dropped. Between them go facts and effects:

    Progress                                          Feed
    something was dropped         ── Lagging ──▶      sends nothing more
    all that was queued is written ── Drained ──▶     sends what is missing: from memory, or
                                  ◀── CatchUp ──      orders it from the log
    a page of that order was read ── PageRead ──▶     sends it; after the last one, goes on from
                                                      memory

Every order has a number that no other in the room has. A drop, a drain and a new join make the
order before void: its pages are ignored, because what they bring would leave a gap or repeat what
was sent since.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto
from typing import Final

from sync.document.updates import REPAIR_SESSION
from sync.effect import CatchUp, Deliver, Effect
from sync.fact import Drained, Fact, Lagging
from sync.names import Mode, PositionEncoding
from sync.port import EventRecord
from sync.wire.event import EventWriter
from sync.wire.message import Ack, Events, Updates
from sync.yjs.replica import merged

MAX_MERGED_UPDATES: Final = 256
"""Updates merged into one message; merging costs the square of their number."""


class FeedState(Enum):
    """The states of a feed.

    (join) ──▶ LIVE ──── something was dropped ────▶ LAGGING ◀─── something was dropped ───┐
                ▲                                       │                                  │
                │                                       │ all that was queued is written   │
                │                                       ▼                                  │
                └─── what is missing is in memory ─── BEHIND ─── it is in the log ──▶ READING
                                                        ▲                                  │
                                                        └──────── the last page ───────────┘
    """

    LIVE = auto()
    """The member is sent whatever is committed."""
    LAGGING = auto()
    """The member is sent nothing of the log until its socket has drained."""
    BEHIND = auto()
    """The member has everything up to `version`; the rest waits for the room to be settled."""
    READING = auto()
    """Pages of the log are on their way to the member."""


class Feed:
    """One member's feed. A new join makes a new one.

    Args:
        doc: the document's name.
        numbers: gives each order of this room its number, over all feeds: pages that were ordered
            for an earlier join of the session are told from this one's.
        turned: called after each change of the state.
    """

    __slots__ = (
        "_doc",
        "_encoding",
        "_mode",
        "_numbers",
        "_order",
        "_session",
        "_turned",
        "_upto",
        "_withheld",
        "_writer",
        "is_live",
        "state",
        "version",
    )

    def __init__(
        self,
        doc: str,
        session: str,
        mode: Mode,
        encoding: PositionEncoding,
        numbers: Iterator[int],
        *,
        turned: Callable[[], None],
    ) -> None:
        self.state = FeedState.LIVE
        self.is_live = True
        """Whether the state is LIVE."""
        self.version = 0
        """The member was sent everything up to it; kept in BEHIND and READING only."""
        self._doc = doc
        self._session = session
        self._mode = mode
        self._encoding = encoding
        self._numbers = numbers
        self._turned = turned
        self._order = -1
        self._upto = 0
        """The last version of the current order."""
        self._writer: EventWriter | None = None
        self._withheld: list[Ack] = []

    @property
    def withheld(self) -> Sequence[Ack]:
        """The acks that wait until the member has the events which precede them."""
        return self._withheld

    def acknowledge(self, ack: Ack) -> list[Effect]:
        """Send an ack in its turn: at once if the member lacks nothing, else when it does not."""
        if self.is_live:
            return [self._deliver(ack)]
        self._withheld.append(ack)
        return []

    def lag(self) -> None:
        """Send nothing more: something was dropped."""
        self._turn(FeedState.LAGGING)

    def fall_behind(self, version: int, acks: Sequence[Ack] = ()) -> None:
        """Go on from a version: the member has everything up to it, and nothing is on its way.

        Args:
            acks: those that the member was sent and did not get.
        """
        self._turn(FeedState.BEHIND)
        self.version = version
        # The ack of a later version comes with the replay of that version.
        self._withheld = [
            ack for ack in (*self._withheld, *acks) if not ack.changed or ack.version <= version
        ]

    def bring_up(
        self, records: Sequence[EventRecord] | None, head: int, *, is_wide: bool
    ) -> Iterator[Effect]:
        """Send what is missing up to the head; only in BEHIND, and while the room is settled.

        Args:
            records: the events after `version`; None: they are in the log alone.
            head: the last version that may be shown.
            is_wide: whether the position encodings may differ in this document.
        """
        assert self.state is FeedState.BEHIND, "this feed waits for nothing"
        needs_text = is_wide and self._mode == "text" and self._encoding == "utf-16"
        if self.version < head and (records is None or needs_text):
            self._turn(FeedState.READING)
            self._order, self._upto = next(self._numbers), head
            yield CatchUp(self._session, self._order, self.version, head, needs_text)
            return
        self._turn(FeedState.LIVE)
        if records:
            yield from self._replay(records, EventWriter("codepoint"))
        withheld, self._withheld = self._withheld, []
        for ack in withheld:
            yield self._deliver(ack)

    def awaits(self, order: int) -> bool:
        """Return whether pages of an order are still wanted."""
        return self.state is FeedState.READING and self._order == order

    def take_page(
        self, order: int, records: Sequence[EventRecord], text: str | None
    ) -> Iterator[Effect]:
        """Send a page of an order, unless the order is void; after the last, it is BEHIND.

        Args:
            records: consecutive events, the first of them the next that the member lacks.
            text: the text before the first of them; None: it was not asked for.

        Raises:
            ReplicaBrokenError: the updates cannot be merged.
        """
        if not self.awaits(order) or not records or records[0].version != self.version + 1:
            return
        if self._writer is None:
            encoding = self._encoding if text is not None else "codepoint"
            self._writer = EventWriter(encoding, text or "")
        effects = self._replay(records, self._writer)
        self.version = records[-1].version
        if self.version >= self._upto:
            self._turn(FeedState.BEHIND)
        yield from effects

    def _turn(self, state: FeedState) -> None:
        """Change the state; the order before, if there was one, is void."""
        self.state = state
        self.is_live = state is FeedState.LIVE
        self._turned()
        self._writer = None

    def _replay(self, records: Sequence[EventRecord], writer: EventWriter) -> list[Effect]:
        """Return the messages that carry consecutive events, the member's own included.

        In text mode the member's own event is its ack; in yjs mode the acks follow the updates.
        """
        if self._mode == "text":
            events = Events(self._doc, [writer.event(record) for record in records])
            return [self._deliver(events, records[-1].version)]
        effects = updates_to((self._session,), self._doc, records)
        for record in records:
            if record.session == self._session:
                ack = Ack(self._doc, record.id, record.version)
                effects.append(self._deliver(ack, record.version))
        return effects

    def _deliver(self, message: Ack | Events, upto: int | None = None) -> Deliver:
        return Deliver((self._session,), message, upto, droppable=True)


class Progress:
    """One feed as its socket sees it: how much was written, and what was dropped.

    Args:
        session: the member's session.
        report: takes the facts that the room is to be told.
    """

    __slots__ = (
        "_acks",
        "_epoch",
        "_inherited",
        "_report",
        "_session",
        "_start",
        "_successor",
        "is_lagging",
        "version",
    )

    def __init__(self, session: str, report: Callable[[Fact], None]) -> None:
        self.version = -1
        """Everything up to it was written; -1: the join has no answer yet."""
        self.is_lagging = False
        """Whether something was dropped: nothing of the feed is written before the drain."""
        self._session = session
        self._report = report
        self._epoch = ""
        self._start = -1
        self._acks: list[Ack] = []
        """Acks that were dropped."""
        self._inherited: list[Ack] = []
        """Acks of an earlier join that were dropped."""
        self._successor: Progress | None = None

    def answered(self, epoch: str, version: int) -> "Progress":
        """Note that a join is answered; returns the progress of that join.

        Messages of an earlier join may still be queued. What is written of them counts for the
        earlier progress alone; the acks that are dropped go to the later one, unless the log was
        rewound in between.

        Args:
            version: the feed brings everything after it.
        """
        heir = self
        if self._start >= 0:
            heir = Progress(self._session, self._report)
            heir.is_lagging = self.is_lagging
            if epoch == self._epoch:
                heir._inherited = [*self._inherited, *self._acks]
                self._successor = heir
            self.close()
        heir._epoch = epoch
        heir._start = heir.version = version
        return heir

    def close(self) -> None:
        """Report nothing more: the session has left, or has joined anew."""
        self._report = _ignore

    def admits(self, ack: Ack | None = None) -> bool:
        """Return whether a message of the feed is to be written; if not, it counts as dropped.

        Args:
            ack: the message, if it is one: the log may not give it again.
        """
        if not self.is_lagging:
            return True
        if ack is not None:
            self._acks.append(ack)
        return False

    def dropped(self, acks: Sequence[Ack]) -> None:
        """Note that the outbox dropped messages of this feed; `acks` are those among them."""
        if self._successor is not None:
            self._successor._inherit(acks)
            return
        self._acks += acks
        if not self.is_lagging:
            self.is_lagging = True
            self._report(Lagging(self._session))

    def wrote(self, version: int) -> None:
        """Note that what leads up to this version was written."""
        if version > self.version:
            self.version = version

    def drained(self) -> None:
        """Note that everything that was not dropped has been written."""
        if not (self.is_lagging or self._inherited):
            return
        acks = [*acks_of_earlier_join(self._inherited, self._start), *self._acks]
        self.is_lagging = False
        self._acks, self._inherited = [], []
        self._report(Drained(self._session, self.version, tuple(acks)))

    def _inherit(self, acks: Sequence[Ack]) -> None:
        if self._successor is not None:
            self._successor._inherit(acks)
        else:
            self._inherited += acks


def acks_of_earlier_join(acks: Sequence[Ack], start: int) -> list[Ack]:
    """Return what a session is still to be told of acks that an earlier join of it had to come.

    Args:
        start: the version from which the new join's feed goes on. It brings the acks of later
            versions anew. Those of earlier versions count as no event any more.
    """
    known = {
        # An ack may be there twice: dropped of one join, replayed to the next, and dropped again.
        ack.id: Ack(ack.doc, ack.id, ack.version, changed=False) if ack.changed else ack
        for ack in acks
        if not ack.changed or ack.version <= start
    }
    return list(known.values())


def _ignore(_: Fact) -> None:
    pass


def updates_to(
    sessions: tuple[str, ...], name: str, records: Sequence[EventRecord]
) -> list[Effect]:
    """Return consecutive events as `updates` for these sessions, merged in bounded pieces.

    Raises:
        ReplicaBrokenError: they cannot be merged.
    """
    if len(records) == 1:
        (record,) = records
        version = record.version
        message = Updates(name, version, version, record.update)
        return [Deliver(sessions, message, version, droppable=True)]
    return [
        Deliver(sessions, message, message.to, droppable=True)
        for message in merged_messages(name, records)
    ]


def merged_messages(name: str, records: Sequence[EventRecord]) -> list[Updates]:
    """Return consecutive events as `updates`, merged in bounded pieces.

    A piece ends with a repair: merged with what builds on it, it would be applied after that.

    Raises:
        ReplicaBrokenError: they cannot be merged.
    """
    is_brief = len(records) <= MAX_MERGED_UPDATES
    if is_brief and REPAIR_SESSION not in [record.session for record in records[:-1]]:
        update = merged([record.update for record in records])
        return [Updates(name, records[0].version, records[-1].version, update)]
    messages: list[Updates] = []
    piece: list[EventRecord] = []
    for record in records:
        piece.append(record)
        is_full = len(piece) == MAX_MERGED_UPDATES or record.session == REPAIR_SESSION
        if is_full or record is records[-1]:
            update = merged([each.update for each in piece])
            messages.append(Updates(name, piece[0].version, record.version, update))
            piece = []
    return messages
