"""The replay of the log to one member: a state machine, and its progress on the socket.

`Feed` is the room's half: it decides which messages bring the member from the version that it has
to the head. `Progress` is the socket's half: it records which of these messages were written, and
which a full outbox dropped. They communicate by facts and effects:

    Progress                                          Feed
    something was dropped         ── Lagging ──▶      sends nothing more
    all that was queued is written ── Drained ──▶     sends what is missing: from memory, or
                                  ◀── CatchUp ──      orders it from the log
    a page of that order was read ── PageRead ──▶     sends it; after the last one, goes on from
                                                      memory

Every order has a number that is unique in the room. A drop, a drain and a new join make an earlier
order void: its pages are ignored, since their events would leave a gap or repeat sent events.
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
"""The most updates merged into one message; the cost of merging is quadratic in their number."""


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
    """The member is sent every commit."""
    LAGGING = auto()
    """The member is sent nothing of the log until its socket has drained."""
    BEHIND = auto()
    """The member has all events up to `version`; it is sent the rest once the room is settled."""
    READING = auto()
    """Pages of the log are on their way to the member."""


class Feed:
    """One member's feed. A new join of the session makes a new feed.

    Args:
        doc: the document's name.
        numbers: gives each order of the room its number, for all feeds: so the pages that an
            earlier join of the session ordered are recognised.
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
        """True in the state LIVE."""
        self.version = 0
        """The version up to which the member was sent all events; valid in BEHIND and READING."""
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

    def merged_upto(self, records: Sequence[EventRecord]) -> int:
        """Return the last of some events that the member cannot be sent, as they were merged; or 0.

        In text mode each event stands for one version; updates may stand for many.
        """
        if self._mode != "text":
            return 0
        return max((each.version for each in records if each.first != each.version), default=0)

    @property
    def withheld(self) -> Sequence[Ack]:
        """The acks that wait until the member has all earlier events."""
        return self._withheld

    def acknowledge(self, ack: Ack) -> list[Effect]:
        """Send an ack: at once if the member has all earlier events, else after them."""
        if self.is_live:
            return [self._deliver(ack)]
        self._withheld.append(ack)
        return []

    def lag(self) -> None:
        """Send nothing more, since the outbox dropped messages."""
        self._turn(FeedState.LAGGING)

    def fall_behind(self, version: int, acks: Sequence[Ack] = ()) -> None:
        """Go on from a version: the member has all events up to it, and no message is queued.

        Args:
            acks: the acks that were sent to the member and dropped.
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
        """Send the missing events up to the head; call it in BEHIND while the room is settled.

        Args:
            records: the events after `version`; None: they are in the log only.
            head: the last version that may be shown.
            is_wide: True if the document has had characters of two UTF-16 units.
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
        """Return True if pages of an order are still wanted."""
        return self.state is FeedState.READING and self._order == order

    def take_page(
        self, order: int, records: Sequence[EventRecord], text: str | None
    ) -> Iterator[Effect]:
        """Send a page of an order, unless the order is void; the last page turns the feed BEHIND.

        Args:
            records: consecutive events, beginning with the next one that the member lacks.
            text: the text before the first of them; None: it was not asked for.

        Raises:
            ReplicaBrokenError: the updates cannot be merged.
        """
        if not self.awaits(order) or not records or records[0].first != self.version + 1:
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
        """Change the state; an earlier order becomes void."""
        self.state = state
        self.is_live = state is FeedState.LIVE
        self._turned()
        self._writer = None

    def _replay(self, records: Sequence[EventRecord], writer: EventWriter) -> list[Effect]:
        """Return the messages for consecutive events, those of the member itself included.

        In text mode an ack replaces each event of the member; in yjs mode acks follow the updates.
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
    """The progress of one feed on its socket: the version written, and the acks dropped.

    Args:
        session: the member's session.
        report: called with each fact for the room.
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
        """The version up to which all was written; -1: the join is not answered yet."""
        self.is_lagging = False
        """True after a message was dropped: none of the feed is written before the drain."""
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
        """Note that a join was answered; return the progress of that join.

        Messages of an earlier join may still be queued. When they are written, that counts for the
        earlier progress only. When they are dropped, their acks count for the later progress,
        unless the log was rewound in between.

        Args:
            version: the feed brings all events after it.
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
        """Report nothing more, since the session has left or has joined again."""
        self._report = _ignore

    def admits(self, ack: Ack | None = None) -> bool:
        """Return True if a message of the feed is to be written; if not, it counts as dropped.

        Args:
            ack: the message if it is an ack, which the log cannot always give again.
        """
        if not self.is_lagging:
            return True
        if ack is not None:
            self._acks.append(ack)
        return False

    def dropped(self, acks: Sequence[Ack]) -> None:
        """Note that the outbox dropped messages of this feed; `acks` are the acks among them."""
        if self._successor is not None:
            self._successor._inherit(acks)
            return
        self._acks += acks
        if not self.is_lagging:
            self.is_lagging = True
            self._report(Lagging(self._session))

    def wrote(self, version: int) -> None:
        """Note that all messages up to this version were written."""
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
    """Return the acks of an earlier join that its session has not got and the new feed lacks.

    Args:
        start: the version at which the feed of the new join begins. That feed brings the acks of
            later versions again. Acks of earlier versions are returned as those of no event.
    """
    known = {
        # An ack may be here twice: dropped in one join, replayed in the next and dropped again.
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
    """Return the effects that send consecutive events as `updates`, merged in bounded pieces.

    Raises:
        ReplicaBrokenError: they cannot be merged.
    """
    if len(records) == 1:
        (record,) = records
        version = record.version
        message = Updates(name, record.first, version, record.update)
        return [Deliver(sessions, message, version, droppable=True)]
    return [
        Deliver(sessions, message, message.to, droppable=True)
        for message in merged_messages(name, records)
    ]


def merged_messages(name: str, records: Sequence[EventRecord]) -> list[Updates]:
    """Return consecutive events as `updates`, merged in bounded pieces.

    A repair is the last event of its piece: merged with updates that depend on it, it would be
    applied after them.

    Raises:
        ReplicaBrokenError: the updates cannot be merged.
    """
    is_brief = len(records) <= MAX_MERGED_UPDATES
    if is_brief and REPAIR_SESSION not in [record.session for record in records[:-1]]:
        update = merged([record.update for record in records])
        return [Updates(name, records[0].first, records[-1].version, update)]
    messages: list[Updates] = []
    piece: list[EventRecord] = []
    for record in records:
        piece.append(record)
        is_full = len(piece) == MAX_MERGED_UPDATES or record.session == REPAIR_SESSION
        if is_full or record is records[-1]:
            update = merged([each.update for each in piece])
            messages.append(Updates(name, piece[0].first, record.version, update))
            piece = []
    return messages
