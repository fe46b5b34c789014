"""sync.room.feed on its own: one member, its room and its socket, in random orders of everything.

A line is a room's side (a log, a settled head, a short memory), a `Feed`, a `Progress`, an outbox
that overflows, and a receiver. Steps commit events of the member and of others, acknowledge edits
that changed nothing, begin and end a merge, drop what is queued, write it, read pages of orders old
and new, join again, leave, and rewind the log. Then everything is written and read. Held always:

- Every version after the answer to a join comes exactly once and in order.
- An ack of a version never comes before what brings that version, and none comes twice in a join.
- A page of an order that is void sends nothing.
- What says how much was written never says more than was written of this join.

Held at the end:

- The receiver has the head, and the feed is live.
- Every ack since the last join has come. An ack that was dropped has come after the drop, unless
  the session has left, the log was rewound, or a join without a version gave its replay up.

Mutants seen caught here, one at a time: a void order's page sent; acks although the member is
behind; acks of replayed versions kept as well; dropped acks not handed back; a new join's progress
counting what was queued for the one before; its dropped acks forgotten; acks of the join before
repeated as events; messages written although something before them was dropped; live again right
after the last page; acks that waited not sent; a lag that outlives its drain. An order's number
used again by the next join was seen caught by test_room_simulation; a lag and acks that are not
handed on to the next join, by tests/unit/sync/room/test_feed.py.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.effect import CatchUp, Deliver, Effect
from sync.fact import Drained, Fact, Lagging
from sync.names import Mode
from sync.port import EventRecord
from sync.room.feed import Feed, FeedState, Progress, acks_of_earlier_join
from sync.wire.event import wire_event
from sync.wire.message import Ack, Events, Joined, Outgoing, Updates
from tests.patience import SOAK
from tests.unit.sync.room.driven_room import Editor

pytestmark = [pytest.mark.p4, pytest.mark.p7]

DOC = "notes"
ME = "me"
MEMORY = 1
"""Events that a room here remembers."""
MAX_QUEUED = 5
_EDITOR = Editor(1)
UPDATES = [_EDITOR.edit((n, "x") if n else ("x",)) for n in range(300)]


def event(version: int, session: str) -> EventRecord:
    ops = (version - 1, "x") if version > 1 else ("x",)
    name = f"{session}-{version}"
    return EventRecord(version, name, ops, UPDATES[version - 1], "u", "U", session, 0, b"")


@dataclass
class Receiver:
    """The client: what it was sent since the answer to its last join."""

    mode: Mode
    version: int = -1
    acks: Counter[str] = field(default_factory=Counter)
    heard: list[str] = field(default_factory=list)
    """Ids that were acknowledged to it, ever, in order."""
    joins: int = 0
    """How many of its joins have no answer yet: what comes is of the joins before."""

    @property
    def is_waiting(self) -> bool:
        return self.joins > 0

    def take(self, message: Outgoing) -> None:
        match message:
            case Joined():
                assert not message.recovered or message.version >= self.version
                if not message.recovered:
                    self.version = message.version
                self.acks.clear()
                self.joins -= 1
            case Ack():
                self._acknowledge(message.id)
                if self.mode == "text" and message.changed and not self.is_waiting:
                    self._next(message.version)
                assert self.is_waiting or message.version <= self.version, "an ack too early"
            case Events(events=events):
                for each in events:
                    if not self.is_waiting:
                        self._next(each.version)
                    if each.session == ME:
                        self._acknowledge(each.id)
            case Updates() if not self.is_waiting:
                self._next(message.from_)
                self.version = message.to

    def _next(self, version: int) -> None:
        assert version == self.version + 1, f"version {version} after {self.version}"
        self.version = version

    def _acknowledge(self, event_id: str) -> None:
        self.heard.append(event_id)
        if not self.is_waiting:
            self.acks[event_id] += 1
            assert self.acks[event_id] == 1, "acknowledged twice"


class Line:
    """See the module's docstring."""

    def __init__(self, mode: Mode) -> None:
        self.mode: Mode = mode
        self.epoch = 1
        self.log: list[EventRecord] = []
        self.durable = 0
        self.is_merging = False
        self.numbers = count()
        self.unchanged = 0
        self.receiver = Receiver(mode)
        self.queue: deque[tuple[Deliver, Progress]] = deque()
        self.reading: list[tuple[CatchUp, int]] = []
        """Orders, and the version up to which each was read."""
        self.due: set[str] = set()
        """Acks since the last join."""
        self.dropped: dict[str, int] = {}
        """Acks that were dropped, and how many the receiver had heard then."""
        self.progress = Progress(ME, self.tell)
        self.leave()

    # --- the room -----------------------------------------------------------------------------

    def tell(self, fact: Fact) -> None:
        match fact:
            case Lagging():
                self.feed.lag()
            case Drained(version=version, acks=acks):
                self.feed.fall_behind(version, acks)
                self.bring_up()

    def carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, CatchUp):
                self.reading.append((effect, effect.after))
            else:
                assert isinstance(effect, Deliver)
                self.deliver(effect)

    def bring_up(self) -> None:
        if self.feed.state is FeedState.BEHIND and not self.is_merging:
            at = self.feed.version
            records = self.log[at : self.durable] if self.durable - at <= MEMORY else None
            self.carry_out(self.feed.bring_up(records, self.durable, is_wide=False))

    def begin(self) -> None:
        self.is_merging = True

    def commit(self, number: int) -> None:
        """End a merge with a few events, of the member and of others."""
        before = self.durable
        for index in range(number % 4):
            if len(self.log) < len(UPDATES):
                self.log.append(event(len(self.log) + 1, ME if (number + index) % 2 else "other"))
        self.is_merging, self.durable = False, len(self.log)
        records = self.log[before:]
        self.due |= {record.id for record in records if record.session == ME}
        if records and self.feed.is_live:
            self.carry_out(self._fan_out(records))
        self.bring_up()

    def _fan_out(self, records: list[EventRecord]) -> Iterable[Effect]:
        for record in records:
            version, ack = record.version, Ack(DOC, record.id, record.version)
            if self.mode == "yjs":
                update = Updates(DOC, version, version, record.update)
                yield Deliver((ME,), update, version, droppable=True)
            elif record.session != ME:
                yield Deliver((ME,), Events(DOC, [wire_event(record)]), version, droppable=True)
            if record.session == ME:
                yield Deliver((ME,), ack, version, droppable=True)

    def acknowledge(self) -> None:
        """An edit of the member changed nothing."""
        if not self.is_merging:
            self.unchanged += 1
            ack = Ack(DOC, f"unchanged-{self.unchanged}", self.durable, changed=False)
            self.due.add(ack.id)
            self.carry_out(self.feed.acknowledge(ack))

    def join(self, *, resumes: bool) -> None:
        """Join again, on the same socket."""
        if self.is_merging:
            return
        since = self.receiver.version if resumes and not self.receiver.is_waiting else None
        start = self.durable if since is None else since
        if since is None:
            # A replay is given up: the client sends again what has no answer.
            self.dropped = {name: at for name, at in self.dropped.items() if _is_unchanged(name)}
        withheld = acks_of_earlier_join(self.feed.withheld, start)
        self._answer(start, withheld, recovered=since is not None)

    def leave(self) -> None:
        """Leave, and join as a new client would."""
        if self.is_merging:
            return
        self.progress.close()
        self.progress = Progress(ME, self.tell)
        self.dropped.clear()
        self.receiver.version = -1
        self._answer(self.durable, [], recovered=False)

    def rewind(self, version: int) -> None:
        """The log is restored from a backup; the room answers its members' joins anew."""
        del self.log[version:]
        self.durable, self.is_merging = len(self.log), False
        self.epoch += 1
        self.reading.clear()
        self.dropped.clear()
        self._answer(self.durable, [], recovered=False)

    def _answer(self, start: int, withheld: list[Ack], *, recovered: bool) -> None:
        self.receiver.joins += 1
        self.due.clear()
        self.feed = Feed(DOC, ME, self.mode, "codepoint", self.numbers, turned=lambda: None)
        self.feed.fall_behind(start, withheld)
        joined = Joined(DOC, str(self.epoch), self.durable, "editor", recovered, [])
        self.deliver(Deliver((ME,), joined, start))
        self.bring_up()

    # --- the socket ---------------------------------------------------------------------------

    def deliver(self, effect: Deliver) -> None:
        message = effect.message
        if effect.droppable:
            ack = message if isinstance(message, Ack) else None
            if not self.progress.admits(ack):
                self._note_dropped(ack)
                return
        elif isinstance(message, Joined):
            assert effect.upto is not None
            self.progress = self.progress.answered(message.epoch, effect.upto)
        self.queue.append((effect, self.progress))
        if len(self.queue) > MAX_QUEUED:
            self.drop()  # amid what the room sends

    def _note_dropped(self, message: Outgoing | None) -> None:
        if isinstance(message, Ack):
            self.dropped[message.id] = len(self.receiver.heard)

    def drop(self) -> None:
        """The outbox is full; the frame at its head is being written."""
        kept = deque(item for n, item in enumerate(self.queue) if not n or not item[0].droppable)
        lost: dict[int, tuple[Progress, list[Ack]]] = {}
        for effect, progress in list(self.queue)[1:]:
            if effect.droppable:
                _, acks = lost.setdefault(id(progress), (progress, []))
                if isinstance(effect.message, Ack):
                    acks.append(effect.message)
        self.queue = kept
        for progress, acks in lost.values():
            if progress is self.progress or self._is_of_this_epoch(progress):
                for ack in acks:
                    self._note_dropped(ack)
            progress.dropped(acks)

    def _is_of_this_epoch(self, progress: Progress) -> bool:
        while progress._successor is not None:
            progress = progress._successor
        return progress is self.progress

    def write(self) -> None:
        if not self.queue:
            return
        effect, progress = self.queue.popleft()
        self.receiver.take(effect.message)
        if effect.upto is not None:
            progress.wrote(effect.upto)
        if not self.receiver.is_waiting:
            assert self.progress.version <= self.receiver.version, "more than was written"
        if not self.queue:
            self.progress.drained()

    def read(self, number: int) -> None:
        """A page of some order is there, void or not."""
        if not self.reading:
            return
        index = number % len(self.reading)
        order, at = self.reading.pop(index)
        page = self.log[at : min(order.upto, at + 1 + number % 3)]
        is_void = not self.feed.awaits(order.order)
        effects = list(self.feed.take_page(order.order, page, None))
        assert not (is_void and effects), "a page of a void order was sent"
        self.carry_out(effects)
        if page and page[-1].version < order.upto:
            self.reading.insert(index, (order, page[-1].version))
        self.bring_up()

    # --- what happens ---------------------------------------------------------------------------

    def step(self, what: str, number: int) -> None:
        match what:
            case "commit":
                self.commit(number)
            case "begin":
                self.begin()
            case "acknowledge":
                self.acknowledge()
            case "drop":
                self.drop()
            case "write":
                for _ in range(1 + number):
                    self.write()
            case "read":
                self.read(number)
            case "join":
                self.join(resumes=number % 3 > 0)
            case "leave":
                self.leave()
            case "rewind":
                self.rewind(self.durable * number // 8)

    def settle(self) -> None:
        self.commit(0)
        for number in range(2_000):
            if not self.queue and not self.reading:
                break
            self.write()
            self.read(number)
        assert self.receiver.version == self.durable, "something is missing"
        assert self.feed.state is FeedState.LIVE, "it is not live again"
        assert not self.due - self.receiver.acks.keys(), "an ack is missing"
        for event_id, heard in self.dropped.items():
            assert event_id in self.receiver.heard[heard:], "a dropped ack did not come again"


def _is_unchanged(event_id: str) -> bool:
    return event_id.startswith("unchanged")


STEPS = (
    *("commit",) * 4,
    *("write",) * 4,
    *("drop",) * 2,
    *("read",) * 3,
    *("join",) * 2,
    *("acknowledge",) * 2,
    *("begin", "leave", "rewind"),
)


@settings(max_examples=50_000 if SOAK else 1_500, deadline=None)
@given(
    st.sampled_from(("text", "yjs")),
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7)), max_size=60),
)
def test_member_is_sent_every_version_once_and_in_order(
    mode: Mode, steps: list[tuple[str, int]]
) -> None:
    line = Line(mode)
    for what, number in steps:
        line.step(what, number)
    line.settle()
