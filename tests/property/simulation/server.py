"""A simulated server process, and the sockets that lead to it."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync.document.document import Lookup
from sync.effect import CatchUp, Deliver, Dismiss, Draft, Effect, Look, Reopen, Settled, WantBatch
from sync.error import ErrorCode
from sync.fact import (
    Announced,
    CommitFailed,
    Committed,
    Fact,
    Found,
    Join,
    Leave,
    PageRead,
    Reopened,
    StoreFound,
    StoreLost,
    Tick,
)
from sync.names import Mode, PositionEncoding
from sync.port import Followed
from sync.room.feed import Progress
from sync.room.room import Room
from sync.submission import TextSubmission, UpdateSubmission
from sync.text.position import delta_to_utf16
from sync.wire.event import wire_event
from sync.wire.message import (
    Ack,
    Cursor,
    ErrorMessage,
    Event,
    Events,
    Joined,
    Outgoing,
    SyncReply,
    Updates,
)
from sync.yjs.gate import KnownState, Ready, inspect
from tests.unit.sync.room.driven_room import NAME, Editor, document_of, look_up

if TYPE_CHECKING:
    from tests.property.simulation.client import Client
    from tests.property.simulation.world import World


@dataclass
class Entry:
    message: Outgoing
    upto: int | None
    droppable: bool
    progress: Progress


@dataclass
class Connection:
    """One socket, as both ends see it."""

    id: str
    client: "Client"
    server: "Server"
    progress: Progress = field(init=False)
    up: deque[Fact] = field(default_factory=deque)
    outbox: deque[Entry] = field(default_factory=deque)
    down: deque[Outgoing] = field(default_factory=deque)
    client_open: bool = True
    server_open: bool = True
    joined: bool = False
    """The server has a subscription for it."""
    mode: Mode = "text"
    encoding: PositionEncoding = "codepoint"
    submitted: int = 0
    settled: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.progress = Progress(self.id, self.server.tell)


class Server:
    """A process: its room, its sockets, and the parts of the shells that carry out effects."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.store = world.store
        self.rng = world.rng
        self.connections: list[Connection] = []
        self.tasks: deque[Callable[[], None]] = deque()
        self.draft: Draft | None = None
        self.found: tuple[Followed, Lookup] | None = None
        self.reopening = 0
        self.room = Room(NAME, self.store.log.opened(), world.limits)

    # --- effects ----------------------------------------------------------------------------

    def tell(self, fact: Fact) -> None:
        for effect in self.room.handle(fact, self.world.now_ms):
            self.carry_out(effect)

    def carry_out(self, effect: Effect) -> None:
        match effect:
            case Deliver():
                for session in effect.sessions:
                    connection = self.find(session)
                    self.check_honest(effect.message, connection)
                    if connection is not None:
                        self.deliver(connection, effect)
            case Settled(session=session):
                connection = self.find(session)
                if connection is not None:
                    connection.settled += 1
                    assert connection.settled <= connection.submitted, "settled twice"
                    if effect.ack is not None:
                        self.check_honest(effect.ack, connection)
                        told = Deliver((session,), effect.ack, droppable=True)
                        self.deliver(connection, told)
            case CatchUp():
                self.tasks.append(lambda: self.read_log(effect, effect.after))
            case Reopen():
                self.reopening = 1
            case Look():
                self.tasks.append(lambda: self.look(effect.after))
            case Dismiss(session=session):
                raise AssertionError(f"{session} was dismissed")
            case WantBatch():
                assert self.room.may_merge or self.found is None

    def find(self, session: str) -> Connection | None:
        return next(
            (each for each in self.connections if each.id == session and each.server_open), None
        )

    def check_honest(self, message: Outgoing, to: Connection | None) -> None:
        """P1: what leaves is in the store at that moment, and says what the store says."""
        store = self.store
        match message:
            case Events(events=events):
                for event in events:
                    self.check_event(event, to)
            case Updates():
                assert message.from_ <= message.to <= store.version, "P1: shown before durable"
            case Ack(changed=True):
                assert message.version <= store.version, "P1: acknowledged before durable"
                assert store.log.events[message.version - 1].id == message.id, "P2"
            case Ack():
                assert message.version <= store.version, "P1: acknowledged before durable"
                logged = store.log.find(message.id)
                assert logged is None or logged.version == message.version, "P3: another version"
            case SyncReply():
                durable = Editor(1, store.root)
                for record in store.log.events:
                    durable.apply(record.update)
                vector = durable.doc.get_state()
                durable.apply(message.update)
                assert durable.doc.get_state() == vector, "P1: shown before durable"
                assert str(durable) == store.texts[-1], "P1: shown before durable"
            case Joined():
                assert message.version <= store.version, "P1: shown before durable"
                text = store.texts[message.version]
                if isinstance(message.text, str):
                    assert message.text == text, "P5: another text than the log's"
                if isinstance(message.state, bytes):
                    editor = Editor(1, store.root)
                    editor.apply(message.state)
                    assert str(editor) == text, "P5: another state than the log's"
            case ErrorMessage(code=ErrorCode.MALFORMED_UPDATE, id=str(event_id)):
                sent = None if to is None else to.client.unanswered.get(event_id)
                # What waits for another user's structs may be ready but for those.
                if isinstance(sent, UpdateSubmission) and not self.world.scenario.carriers:
                    known = KnownState(dict(document_of(self.room).clocks))
                    assert not isinstance(inspect(sent.update, known), Ready), "left parked"
            case Cursor(anchor=int(anchor), head=int(head)):
                text = store.texts[message.version]
                wide = to is not None and to.encoding == "utf-16"
                length = len(text.encode("utf-16-le")) // 2 if wide else len(text)
                assert max(anchor, head) <= length

    def check_event(self, event: Event, to: Connection | None) -> None:
        assert event.version <= self.store.version, "P1: shown before durable"
        record = self.store.log.events[event.version - 1]
        ops = record.ops
        if to is not None and to.encoding == "utf-16":
            ops = delta_to_utf16(ops, self.store.texts[event.version - 1])
        assert event == wire_event(record, ops), "P2: another event than the log's"

    # --- sockets ----------------------------------------------------------------------------

    def deliver(self, connection: Connection, effect: Deliver) -> None:
        """Queue a message, as `sync.shells.sessions.quire_session` does."""
        message = effect.message
        if effect.droppable:
            if not connection.joined:
                return
            if not connection.progress.admits(message if isinstance(message, Ack) else None):
                return
        elif connection.joined and isinstance(message, Joined):
            assert effect.upto is not None
            connection.progress = connection.progress.answered(message.epoch, effect.upto)
        progress = connection.progress
        connection.outbox.append(Entry(message, effect.upto, effect.droppable, progress))
        if self.world.scenario.slow and self.world.faulty and self.rng.randrange(12) == 0:
            self.overflow(connection)

    def overflow(self, connection: Connection) -> None:
        """Drop what can be dropped; the real outbox, too, says so amid a room's effects."""
        gone = [entry for entry in connection.outbox if entry.droppable]
        connection.outbox = deque(entry for entry in connection.outbox if not entry.droppable)
        lost: dict[int, tuple[Progress, list[Ack]]] = {}
        for entry in gone:
            _, acks = lost.setdefault(id(entry.progress), (entry.progress, []))
            if isinstance(entry.message, Ack):
                acks.append(entry.message)
        for progress, acks in lost.values():
            progress.dropped(acks)

    def write(self, connection: Connection) -> None:
        """One frame leaves the outbox; an empty one heals what overflowed."""
        if connection.outbox:
            entry = connection.outbox.popleft()
            if entry.upto is not None:
                entry.progress.wrote(entry.upto)
            connection.down.append(entry.message)
        else:
            connection.progress.drained()

    def read(self, connection: Connection) -> None:
        """One frame of a client; after the last one of a broken connection, its end."""
        if not connection.up:
            if not connection.client_open:
                self.close(connection)
            return
        fact = connection.up.popleft()
        if self.world.scenario.disorder and self.world.faulty and _is_edit(fact):
            behind = connection.up[0] if connection.up else None
            if connection.mode == "yjs" and behind and _is_edit(behind) and self.rng.randrange(2):
                connection.up[0], fact = fact, behind
        match fact:
            case Join():
                if not connection.joined:
                    connection.progress = Progress(connection.id, self.tell)
                connection.joined = True
                connection.asked.clear()
                connection.mode, connection.encoding = fact.mode, fact.encoding
            case Leave():
                connection.joined = False
                connection.progress.close()
                connection.asked.clear()
            case TextSubmission() | UpdateSubmission():
                connection.submitted += 1
                connection.asked[fact.id] += 1
        self.tell(fact)

    def close(self, connection: Connection) -> None:
        connection.server_open = False
        self.connections.remove(connection)
        self.tell(Leave(connection.id))

    def read_log(self, order: CatchUp, after: int) -> None:
        """Read one page of what a room ordered, once the outbox is empty."""
        connection = self.find(order.session)
        if connection is None or not self.room.awaits_page(order.session, order.order):
            return
        if connection.outbox:
            self.tasks.append(lambda: self.read_log(order, after))
            return
        upto = min(order.upto, after + self.rng.choice((1, 3, 500)))
        text = self.store.texts[order.after] if order.needs_text else None
        records = self.store.log.events[after:upto]
        self.tell(PageRead(order.session, order.order, records, text))
        if upto < order.upto:
            self.tasks.append(lambda: self.read_log(order, upto))

    # --- other processes ----------------------------------------------------------------------

    def look(self, after: int) -> None:
        """Read the log now, and tell of it later."""
        log, world = self.store.log, self.world
        limit = world.scenario.max_batch
        fails = world.scenario.failures and world.faulty and self.rng.randrange(4) == 0
        found = Found(
            None
            if fails
            else Followed(log.document(), log.events[after : after + limit], log.authors)
        )
        self.tasks.append(lambda: self.tell(found))

    def announce(self) -> None:
        """Say that there is something new; the others hear it, or not, or twice, or something."""
        for other in self.world.servers:
            for _ in range(self.rng.choice((0, 1, 1, 2)) if other is not self else 0):
                said = self.rng.choice((self.store.version, self.store.version, 3, 10**6, None))
                heard = Announced(said)
                other.tasks.append(lambda other=other, heard=heard: other.tell(heard))  # type: ignore[misc]

    # --- the appender -------------------------------------------------------------------------

    def begin(self) -> None:
        """Lock the head and read what the batch needs."""
        if self.found is None and self.store.holder is None and self.room.may_merge:
            self.store.holder = self
            self.room.take_batch(self.world.scenario.max_batch, 8 << 20)
            self.found = look_up(self.room, self.store.log)

    def merge(self) -> None:
        """Merge it; facts may have come in between."""
        if self.found is not None and self.draft is None:
            found, lookup = self.found
            self.draft = self.room.merge(found, lookup, self.world.now_ms)

    def end(self) -> None:
        if self.draft is None:
            return
        draft, self.draft, self.found = self.draft, None, None
        self.store.holder = None
        fails = self.world.scenario.failures and self.world.faulty and self.rng.randrange(4) == 0
        if not fails or self.rng.randrange(2):
            self.store.append(draft)
            self.announce()
        self.tell(CommitFailed() if fails else Committed())

    def reopen(self) -> None:
        if not self.reopening:
            return
        if self.world.scenario.failures and self.world.faulty and self.rng.randrange(2):
            self.reopening += 1
            if self.reopening == 4:
                self.tell(StoreLost())
            return
        self.reopening = 0
        self.tell(Reopened(self.store.log.opened()))
        self.tell(StoreFound())

    def crash(self) -> None:
        """The process is gone; of what it had written, a part arrives."""
        if self.found is not None:
            self.store.holder = None
        if self.draft is not None and self.rng.randrange(2):
            self.store.append(self.draft)
        for connection in self.connections:
            connection.server_open = False
            while connection.down and self.rng.randrange(2):
                connection.down.pop()

    def step(self) -> None:
        what = self.rng.randrange(10)
        connection = self.rng.choice(self.connections) if self.connections else None
        if what < 4 and connection is not None:
            self.read(connection)
        elif what < 6 and connection is not None:
            self.write(connection)
        elif what == 6:
            self.begin()
        elif what == 7:
            if self.draft is None:
                self.merge()
            else:
                self.end()
        elif what == 8 and self.tasks:
            self.tasks.popleft()()
        elif what == 9:
            self.reopen()
            self.tell(Tick())


def _is_edit(fact: Fact) -> bool:
    return isinstance(fact, TextSubmission | UpdateSubmission)
