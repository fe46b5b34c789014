"""A small world, deterministic from its seed: clients, a network, server processes, a store.

    TextClient ─┐  up: one socket's frames, in order      ┌─ Server (a Room, driven as the shells
    YjsClient  ─┤  ◀── down ── outbox, may overflow ──────┤  drive it) ── begin / end ──▶ Store
                └─ disconnects, reconnects, resends       └─ crashes, restarts from the store

One step is the smallest thing that can happen to somebody: a frame read, a frame written, a batch
merged, a commit that succeeds, fails, or fails after having been carried out. The world checks
while it runs what must hold at every moment, and `settle` lets it come to rest and checks the end.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from msgspec.structs import replace

from sync.document.document import Lookup
from sync.effect import CatchUp, Deliver, Dismiss, Draft, Effect, Look, Reopen, Settled, WantBatch
from sync.error import ErrorCode
from sync.fact import (
    Announced,
    AskState,
    CommitFailed,
    Committed,
    Fact,
    Found,
    Join,
    Leave,
    MoveCursor,
    PageRead,
    Reopened,
    SetAwareness,
    StoreFound,
    StoreLost,
    Tick,
)
from sync.limit import Limits
from sync.names import Dialect, Mode, PositionEncoding
from sync.port import Followed
from sync.room.feed import Progress
from sync.room.room import Room
from sync.submission import Submission, TextSubmission, UpdateSubmission
from sync.text.delta import Delta, apply, deletion, from_wire, insertion
from sync.text.position import delta_from_utf16, delta_to_utf16
from sync.user import User
from sync.wire.event import wire_event
from sync.wire.message import (
    Ack,
    Cursor,
    ErrorMessage,
    Event,
    Events,
    Joined,
    Outgoing,
    Resync,
    SyncReply,
    Updates,
)
from sync.yjs.awareness import encode_awareness
from sync.yjs.gate import KnownState, Ready, inspect, inspect_logged
from sync.yjs.layout import (
    Section,
    encode_deletes,
    encode_update,
    read_layout,
    string_piece,
)
from sync.yjs.part import present
from sync.yjs.statevector import decode_state_vector
from sync.yjs.update import UpdateLimits, parse_update
from sync.yjs.varint import MalformedError
from sync.yjs.verdict import Range
from tests.unit.sync.room.driven_room import (
    NAME,
    Editor,
    MemoryLog,
    document_of,
    edit,
    look_up,
    yjs,
)

PIECES = ("a", "b", "cd", "é", "中", "😀", "x😀", "\n")
UNFIT = ("\0", "a\0b", "\0😀", "\ufffd", "x\ufffd", "\ufffdy", "\ufffd😀")
"""What the log cannot hold as it is, or what may be half of a pair for its author."""


@dataclass(frozen=True)
class Scenario:
    """What may go wrong, and how much of everything there is."""

    seed: int
    steps: int = 300
    servers: int = 1
    text_clients: int = 2
    yjs_clients: int = 2
    dialect_clients: int = 0
    """Yjs clients of y-websocket and Hocuspocus, which know no versions and no ids."""
    failures: bool = False
    """Commits fail, some after having been carried out; the store is gone for a while."""
    crashes: bool = False
    drops: bool = False
    """Connections break, with frames in flight that arrive late or never."""
    disorder: bool = False
    """Updates of one session arrive out of causal order."""
    slow: bool = False
    """Outboxes overflow."""
    rewinds: bool = False
    """With a crash the store may be restored from a backup: another epoch."""
    unfit: bool = False
    """Yjs clients type NUL and U+FFFD, and insert into surrogate pairs."""
    carriers: bool = False
    """Yjs clients hand each other their updates past the servers; stock ones deliver them all."""
    window_events: int = 1_024
    max_batch: int = 512
    checkpoint_events: int = 500
    undecided: bool = False
    """The document has no text root at first; without text clients, Yjs clients bring another."""

    @property
    def root(self) -> str:
        """The root in which Yjs clients write."""
        return "body" if self.undecided and not self.text_clients else "content"


class Store:
    """The durable log, what each version's text is, and who holds the write lock."""

    def __init__(self, scenario: Scenario) -> None:
        self.root = scenario.root
        self.first_root = "" if scenario.undecided else "content"
        self.log = MemoryLog(text_root=self.first_root)
        self.texts = [""]
        self.holder: Server | None = None
        self.epochs = 1

    @property
    def version(self) -> int:
        return self.log.version

    def append(self, draft: Draft) -> None:
        self.log.append_draft(draft)
        for event in draft.events:
            self.texts.append(apply(self.texts[-1], event.ops))
        assert self.log.text_root or not self.texts[-1], "there is a text, but not where"

    def rewind(self, version: int) -> None:
        """Restore a backup."""
        self.epochs += 1
        log = self.log
        del self.texts[version + 1 :]
        self.log = MemoryLog(
            f"e{self.epochs}",
            log.events[:version],
            authors=log.authors,
            text_root=log.text_root if any(self.texts) else self.first_root,
        )


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


def deletions_of(update: bytes, state_vector: bytes) -> bytes:
    """The update that deletes what another one deletes of what a replica has."""
    clocks = decode_state_vector(state_vector)
    rest = parse_update(b"\0" + read_layout(update, UpdateLimits()).delete_set)
    return encode_update((), encode_deletes(present(map(Range._make, rest.deletes), clocks)))


def has_gap(update: bytes) -> bool:
    """Whether an update lacks units in between: yrs waits for them, or the receiver has them."""
    try:
        read_layout(update, UpdateLimits())
    except MalformedError:
        return True
    return False


def _is_edit(fact: Fact) -> bool:
    return isinstance(fact, TextSubmission | UpdateSubmission)


# --- clients --------------------------------------------------------------------------------------


class Client:
    """What text and Yjs clients have in common: connecting, resending, knowing a version."""

    mode: Mode = "text"
    encoding: PositionEncoding = "codepoint"

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.rng = world.rng
        self.name = name
        self.user = User(f"u-{name}", name, "#123456")
        self.epoch: str | None = None
        self.resumes: str | None = None
        """The epoch that it has last asked to go on in."""
        self.version = 0
        self.connection: Connection | None = None
        self.joined = False
        self.sessions = 0
        self.edits = 0
        self.unanswered: dict[str, Submission] = {}

    def next_id(self) -> str:
        self.edits += 1
        return f"{self.name}:{self.edits}"

    def connect(self) -> None:
        self.sessions += 1
        server = self.rng.choice(self.world.servers)
        session = f"{self.name}/{self.sessions}"
        self.connection = self.world.new_connection(session, self, server)
        server.connections.append(self.connection)
        self.join(resume=self.rng.randrange(5) > 0)

    def join(self, *, resume: bool) -> None:
        assert self.connection is not None
        self.joined = False
        since, epoch = (self.version, self.epoch) if resume and self.epoch else (None, None)
        self.resumes = epoch
        session = self.connection.id
        self.connection.up.append(
            Join(session, self.user, "editor", self.mode, since, epoch, self.encoding)
        )

    def disconnect(self) -> None:
        """Break the connection; what is in flight to the server may arrive late or never."""
        if self.connection is not None:
            self.connection.client_open = False
            while self.connection.up and self.rng.randrange(3):
                self.connection.up.pop()
            self.connection = None
            self.joined = False

    def send(self, submission: Submission) -> None:
        if self.connection is not None and self.joined:
            self.connection.up.append(replace(submission, session=self.connection.id))

    def resend(self) -> None:
        for submission in self.unanswered.values():
            self.send(submission)

    def receive(self) -> None:
        """Take one frame; notice that the other end has gone."""
        connection = self.connection
        if connection is None:
            return
        if connection.down:
            self.take(connection, connection.down.popleft())
        elif not connection.server_open:
            self.connection = None
            self.joined = False

    def take(self, connection: Connection, message: Outgoing) -> None:
        if not self.joined and not isinstance(message, Joined):
            return  # It is about what was left before.
        match message:
            case Joined():
                if self.resumes == message.epoch and not self.world.scenario.failures:
                    assert message.recovered, "P4: it could have been given what it missed"
                self.take_joined(message)
                self.joined = True
                self.resend()
            case Events(events=events):
                for event in events:
                    if event.id in connection.asked:
                        connection.answered[event.id] += 1
                    self.take_event(event)
                    self.unanswered.pop(event.id, None)
            case Updates():
                self.take_updates(message)
            case Ack():
                connection.answered[message.id] += 1
                self.take_ack(message)
                self.unanswered.pop(message.id, None)
            case ErrorMessage(id=str(event_id)):
                connection.answered[event_id] += 1
                assert message.retryable, f"an honest edit was refused: {message}"
            case ErrorMessage():
                raise AssertionError(f"an honest client was refused: {message}")
            case Resync():
                self.take_resync(message)

    def check_place(self, version: int) -> None:
        """P2, P4: an event comes exactly after the one before it."""
        assert version == self.version + 1, f"P4: version {version} after {self.version}"

    def take_joined(self, message: Joined) -> None:
        raise NotImplementedError

    def take_event(self, event: Event) -> None:
        raise AssertionError("events are for text mode")

    def take_updates(self, message: Updates) -> None:
        raise AssertionError("updates are for yjs mode")

    def take_ack(self, message: Ack) -> None:
        raise NotImplementedError

    def take_resync(self, message: Resync) -> None:
        raise AssertionError("a resync is for yjs mode")

    def act(self) -> None:
        raise NotImplementedError

    def shown(self) -> str:
        raise NotImplementedError


class TextClient(Client):
    """Edits the text at the version that it has, several edits in flight if it likes."""

    def __init__(self, world: "World", name: str, encoding: PositionEncoding) -> None:
        super().__init__(world, name)
        self.encoding = encoding
        self.text = ""

    def take_joined(self, message: Joined) -> None:
        if not message.recovered:
            if self.epoch is not None and message.epoch != self.epoch:
                self.unanswered.clear()
            assert isinstance(message.text, str), "P4: neither recovered nor a text"
            self.text, self.version = message.text, message.version
        else:
            assert message.epoch == self.epoch, "P4: recovered into another history"
        self.epoch = message.epoch

    def change(self, version: int, ops: Delta) -> None:
        self.check_place(version)
        if self.encoding == "utf-16":
            ops = delta_from_utf16(ops, self.text)
        self.text = apply(self.text, ops)
        self.version = version
        if self.epoch == self.world.store.log.epoch:
            assert self.text == self.world.store.texts[version], "P5: not the text of the log"

    def take_event(self, event: Event) -> None:
        self.change(event.version, _ops_of(event))

    def take_ack(self, message: Ack) -> None:
        if message.changed:
            assert isinstance(message.ops, list)
            self.change(message.version, from_wire(message.ops))
        else:
            assert message.version <= self.version, "an unchanged ack before its version"

    def act(self) -> None:
        if not self.joined:
            return
        length = len(self.text)
        at = self.rng.randrange(length + 1)
        what = self.rng.randrange(10)
        ops: Delta
        if what == 0 and self.connection is not None:
            fact = MoveCursor(self.connection.id, None, 0, 0)
            self.connection.up.append(fact)
            return
        if what == 1 and self.connection is not None and self.rng.randrange(8) == 0:
            # Joins once more on the same socket, with edits and answers in flight.
            self.join(resume=self.rng.randrange(4) > 0)
            return
        if what < 7 or at == length:
            ops = insertion(at, self.rng.choice(PIECES))
        elif what < 9:
            ops = deletion(at, min(length - at, self.rng.choice((1, 2, 6))))
        else:
            spans = (at, "(", 1, ")", -min(length - at - 1, 2))
            ops = tuple(op for op in spans if op)
        if self.encoding == "utf-16":
            ops = delta_to_utf16(ops, self.text)
        made = edit("", self.next_id(), self.version, *ops, user=self.user, encoding=self.encoding)
        self.unanswered[made.id] = made
        self.send(made)

    def shown(self) -> str:
        return self.text


def _ops_of(event: Event) -> Delta:
    if isinstance(event.ops, list):
        return from_wire(event.ops)
    if isinstance(event.text, str) and isinstance(event.pos, int):
        return insertion(event.pos, event.text)
    if isinstance(event.len, int) and isinstance(event.pos, int):
        return deletion(event.pos, event.len)
    return ()


class YjsClient(Client):
    """Edits its own replica at once, offline too, and sends the updates when it can."""

    mode: Mode = "yjs"
    sends_no_ids = False

    def __init__(self, world: "World", name: str) -> None:
        super().__init__(world, name)
        self.is_carried = False
        """Another client has taken what this one has."""
        self.editor = self.new_editor()
        self.cuts: dict[str, bytes] = {}
        """Edits of other tabs, which this replica does not have until it is told of them."""

    def new_editor(self) -> Editor:
        return Editor(self.rng.randrange(1, 2**32), self.world.scenario.root)

    def take_joined(self, message: Joined) -> None:
        if self.epoch is not None and message.epoch != self.epoch:
            assert not message.recovered, "P4: recovered into another history"
            self.editor = self.new_editor()
            self.unanswered.clear()
        if not message.recovered:
            assert isinstance(message.state, bytes), "P4: neither recovered nor a state"
            self.take_whole(message.state)
            self.version = message.version
        self.epoch = message.epoch

    def take_updates(self, message: Updates) -> None:
        assert message.from_ <= self.version + 1, "P4: versions are missing"
        self.merge(message.update)
        self.version = max(self.version, message.to)

    def take_ack(self, message: Ack) -> None:
        if message.changed and message.version > self.version:
            assert message.id in self.unanswered, "an ack of an update that this replica lacks"
            self.check_place(message.version)
            self.version = message.version
            if message.id in self.cuts:
                self.merge(self.cuts[message.id])
        assert message.version <= self.version, "an ack before its version"

    def take_resync(self, message: Resync) -> None:
        self.submit(self.editor.doc.get_update(message.state_vector))

    def submit(self, update: bytes, *, is_past: bool = False) -> None:
        anonymous = self.sends_no_ids
        made = yjs("", self.next_id(), update, self.user, is_anonymous=anonymous, is_past=is_past)
        self.unanswered[made.id] = made
        self.send(made)

    def cut(self) -> bool:
        """Send an insertion into a pair, as a JavaScript tab would that is closed at once.

        The replica of yrs here cannot cut a pair: it is shown the repair. If the log knows the pair
        only as deleted there is none, and it takes the edit with the ack. False: there is no pair.
        """
        update = self.editor.doc.get_update()
        if has_gap(update):
            return False
        sections, _ = read_layout(update, UpdateLimits())
        pairs = [
            (section.client, piece.start + len((piece.text or "")[:at].encode("utf-16-le")) // 2)
            for section in sections
            for piece in section.pieces
            for at, character in enumerate(piece.text or ())
            if character > "\uffff"
        ]
        if not pairs:
            return False
        client, clock = self.rng.choice(pairs)
        piece = string_piece(0, "!", (client, clock), (client, clock + 1))
        tab = self.rng.randrange(1, 2**32)
        update = encode_update([Section(tab, [piece])], b"\0")
        self.cuts[f"{self.name}:{self.edits + 1}"] = update
        self.submit(update)
        return True

    def carry(self) -> None:
        """Take what another client has, past the servers."""
        others = [each for each in self.world.clients if isinstance(each, YjsClient)]
        other = self.rng.choice(others)
        if self.world.scenario.rewinds:
            return  # what it took of a history that is gone would have no author any more
        if other is not self and other.epoch is not None and other.epoch == self.epoch:
            update = other.editor.doc.get_update(self.editor.doc.get_state())
            if has_gap(update):
                return
            other.is_carried = True
            self.take_whole(update)

    def merge(self, update: bytes) -> None:
        """Merge what a server sends.

        A carried pair may be alive here that the log has never had but as deleted, without its
        content. Then no server can tell that something cuts it.
        """
        if self.world.scenario.unfit and self.world.scenario.carriers:
            self.take_whole(update)
        else:
            self.editor.apply(update)

    def take_whole(self, update: bytes) -> None:
        """Merge an update as Yjs does, which may cut pairs that are alive: deletions come first."""
        if not has_gap(update):
            self.editor.apply(deletions_of(update, self.editor.doc.get_state()))
        self.editor.apply(update)

    def act(self) -> None:
        scenario = self.world.scenario
        if scenario.unfit and self.rng.randrange(12) == 0 and self.cut():
            return
        length = len(str(self.editor))
        at = self.rng.randrange(length + 1)
        what = self.rng.randrange(12)
        if what == 0 and self.is_carried:
            return  # its structs must come from here: nobody else may write under its id
        if what == 0 and self.connection is not None and self.joined:
            self.open_anew(self.connection)
        elif what < 8 or at == length:
            unfit = scenario.unfit and self.rng.randrange(4) == 0
            piece = self.rng.choice(UNFIT if unfit else PIECES)
            self.submit(self.editor.edit((at, piece) if at else (piece,)))
        else:
            count = min(length - at, self.rng.choice((1, 1, 3)))
            ops: tuple[int | str, ...] = (at, -count) if what < 11 else (at, "z", -count)
            self.submit(self.editor.edit([op for op in ops if op]))

    def open_anew(self, connection: Connection) -> None:
        """The tab is opened anew on the same socket; its old edits are in flight."""
        connection.up.append(Leave(connection.id))
        self.editor = self.new_editor()
        self.unanswered.clear()
        self.epoch = None
        self.join(resume=False)

    def shown(self) -> str:
        return str(self.editor)


class DialectClient(YjsClient):
    """Knows no version: says on every connection what it has, and is sent the rest.

    What it reads of versions here only checks the room; its replica does not depend on it.
    """

    dialect: Dialect = "y-websocket"
    sends_no_ids = True

    def __init__(self, world: "World", name: str) -> None:
        super().__init__(world, name)
        self.held: list[bytes] | None = None
        """Updates that came before the state which was asked for: Yjs keeps what lacks a unit
        before it, yrs integrates it and may then show another text than its state says."""

    def join(self, *, resume: bool) -> None:
        assert self.connection is not None
        self.joined = False
        self.held = []
        self.unanswered.clear()
        session = self.connection.id
        self.connection.up.append(
            Join(session, self.user, "editor", self.mode, dialect=self.dialect)
        )
        if self.world.scenario.carriers:
            self.announce()
        self.ask()

    def open_anew(self, connection: Connection) -> None:
        super().open_anew(connection)
        if not connection.server_open:
            # What is still on its way there may be of a history that is gone, and it has no epoch.
            self.disconnect()

    def announce(self) -> None:
        """Announce the replica's client id, as stock clients do before they write."""
        assert self.connection is not None
        state = encode_awareness([(self.editor.doc.client_id, 1, "{}")])
        self.connection.up.append(SetAwareness(self.connection.id, state))

    def ask(self) -> None:
        assert self.connection is not None
        self.connection.up.append(AskState(self.connection.id, self.editor.doc.get_state()))

    def resend(self) -> None:
        if self.connection is not None and self.rng.randrange(2):
            self.ask()

    def take(self, connection: Connection, message: Outgoing) -> None:
        if isinstance(message, ErrorMessage) and isinstance(message.id, str):
            connection.answered[message.id] += 1
            if message.code is ErrorCode.NOT_JOINED:
                return  # what it left behind is its own doing
            assert message.retryable, f"an honest edit was refused: {message}"
            self.disconnect()
        elif isinstance(message, SyncReply):
            self.take_state(message.update)
        elif isinstance(message, Updates) and not self.joined and not message.update[0]:
            self.merge(message.update)  # belongs to the reply that follows
        else:
            super().take(connection, message)

    def take_state(self, update: bytes) -> None:
        self.merge(update)
        if self.joined:  # what comes before answers what was asked before it joined anew
            held, self.held = self.held or [], None
            for later in held:
                self.merge(later)

    def take_joined(self, message: Joined) -> None:
        assert not message.recovered
        assert not isinstance(message.state, bytes), "a state that was not asked for"
        if self.epoch is not None and message.epoch != self.epoch:
            self.editor = self.new_editor()
            self.held = []
            self.ask()
        self.epoch, self.version = message.epoch, message.version

    def take_ack(self, message: Ack) -> None:
        pass

    def take_updates(self, message: Updates) -> None:
        if message.from_ > self.version + 1 and not message.update[0]:
            # Ahead of a state that was asked for come the deletions of pairs that are cut.
            assert self.world.scenario.unfit, "P4: versions are missing"
            self.merge(message.update)
        elif self.held is not None and message.update[0]:
            assert message.from_ <= self.version + 1, "P4: versions are missing"
            self.held.append(message.update)
            self.version = max(self.version, message.to)
        else:
            super().take_updates(message)

    def take_resync(self, message: Resync) -> None:
        past = self.editor.doc.get_update(message.state_vector)
        self.submit(past, is_past=self.world.scenario.carriers)

    def submit(self, update: bytes, *, is_past: bool = False) -> None:
        if self.joined:  # or else step 2 brings it
            super().submit(update, is_past=is_past)

    def act(self) -> None:
        if self.world.scenario.carriers and self.rng.randrange(6) == 0:
            self.carry()
        else:
            super().act()


class HocuspocusClient(DialectClient):
    dialect: Dialect = "hocuspocus"


# --- the world ------------------------------------------------------------------------------------


class World:
    """All of it, and the only source of chance."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.rng = Random(scenario.seed)
        self.faulty = True
        self.now_ms = 1_000_000
        self.limits = Limits(
            window_events=scenario.window_events, checkpoint_events=scenario.checkpoint_events
        )
        self.store = Store(scenario)
        self.servers = [self.new_server() for _ in range(scenario.servers)]
        encodings: tuple[PositionEncoding, ...] = ("codepoint", "utf-16")
        self.clients: list[Client] = [
            TextClient(self, f"t{n}", encodings[n % 2]) for n in range(scenario.text_clients)
        ]
        self.clients += [YjsClient(self, f"y{n}") for n in range(scenario.yjs_clients)]
        self.clients += [
            HocuspocusClient(self, f"h{n}") if n % 2 else DialectClient(self, f"w{n}")
            for n in range(scenario.dialect_clients)
        ]

    def run(self) -> None:
        for _ in range(self.scenario.steps):
            self.step()
        self.settle()

    def step(self) -> None:
        scenario, rng = self.scenario, self.rng
        self.now_ms += rng.choice((0, 1, 1, 20))
        chance = rng.randrange(400)
        if chance == 0 and scenario.crashes:
            self.crash(rng.randrange(len(self.servers)))
            if scenario.rewinds and rng.randrange(2):
                self.rewind()
        elif chance < 4 and scenario.drops:
            rng.choice(self.clients).disconnect()
        elif chance < 8 and scenario.drops:
            rng.choice(self.clients).resend()
        elif chance < 10 and scenario.disorder:
            self.now_ms += rng.choice((600, 31_000))
        elif chance < 200:
            for _ in range(3):
                rng.choice(self.servers).step()
        else:
            client = rng.choice(self.clients)
            if client.connection is None and rng.randrange(3) == 0:
                client.connect()
            elif rng.randrange(3) == 0:
                client.act()
            else:
                client.receive()

    def new_server(self) -> Server:
        """A process that starts; `lab.converge` has its own."""
        return Server(self)

    def new_connection(self, session: str, client: Client, server: Server) -> Connection:
        """A socket that is opened; `lab.converge` has its own."""
        return Connection(session, client, server)

    def crash(self, index: int) -> None:
        self.servers[index].crash()
        self.servers[index] = self.new_server()

    def rewind(self) -> None:
        """All processes stop, and the store is restored from a backup."""
        for server in self.servers:
            server.crash()
        for client in self.clients:
            if isinstance(client, DialectClient) and client.epoch is None:
                # A tab just opened may yet take in what was on its way from a history that is gone.
                # Stock clients know no epochs: whoever rewinds a log has them loaded anew.
                client.epoch = "gone"
        self.store.rewind(self.rng.randrange(self.store.version + 1))
        self.servers = [self.new_server() for _ in self.servers]

    def settle(self) -> None:
        """Let everything arrive, with nothing failing any more; then check the end."""
        self.faulty = False
        for round_ in range(2_000):
            if round_ % 40 == 39:
                self.now_ms += 31_000
            for client in self.clients:
                if client.connection is None:
                    client.connect()
                for _ in range(4):
                    client.receive()
                if round_ % 40 == 20:
                    client.resend()
            for server in self.servers:
                self.drain(server)
            if round_ > 45 and self.is_quiet():
                break
        else:
            raise AssertionError(f"no rest: {self.describe()}")
        # What a tab left behind that was closed meanwhile may still be parked: let it expire.
        self.now_ms += 31_000
        for server in self.servers:
            self.drain(server)
        for client in self.clients:
            for _ in range(len(client.connection.down) if client.connection else 0):
                client.receive()
        self.check_end()

    def drain(self, server: Server) -> None:
        for connection in list(server.connections):
            for _ in range(4):
                server.read(connection)
                if not connection.server_open:
                    break
                server.write(connection)
        for _ in range(len(server.tasks)):
            server.tasks.popleft()()
        server.reopen()
        server.tell(Tick())
        if server.room.version < self.store.version or server.room.epoch != self.store.log.epoch:
            # What the bus has lost is found by looking now and then.
            server.tell(Announced())
        server.begin()
        server.merge()
        server.end()

    def is_quiet(self) -> bool:
        return all(
            client.joined
            and not client.unanswered
            and client.connection is not None
            and not client.connection.up
            and not client.connection.down
            and not client.connection.outbox
            and client.version == self.store.version
            for client in self.clients
        ) and all(server.room.is_clean and not server.tasks for server in self.servers)

    def describe(self) -> str:
        states = [
            (c.name, c.joined, list(c.unanswered), c.version, c.connection and len(c.connection.up))
            for c in self.clients
        ]
        rooms = [(s.room.version, s.room.is_clean, len(s.tasks)) for s in self.servers]
        return f"{self.scenario} store {self.store.version} rooms {rooms} clients {states}"

    # --- the end ----------------------------------------------------------------------------

    def check_end(self) -> None:
        self.check_log()
        for client in self.clients:
            assert client.shown() == self.store.texts[-1], f"P5: {client.name} shows another text"
            connection = client.connection
            assert connection is not None
            assert connection.settled == connection.submitted, "not all submissions were settled"
            missing = connection.asked - connection.answered
            assert not missing, f"never answered: {missing}"
        for server in self.servers:
            assert server.room.text == self.store.texts[-1], "P5: the room has another text"

    def check_log(self) -> None:
        """P2, P3, P6, and that ops and updates say the same at every version."""
        events = self.store.log.events
        assert [event.version for event in events] == list(range(1, len(events) + 1)), "P2"
        assert max(Counter(event.id for event in events).values(), default=1) == 1, "P3"
        known = KnownState()
        replay = Editor(1, self.store.root)
        for event in events:
            judge = inspect_logged if self.scenario.unfit else inspect
            verdict = judge(event.update, known)
            assert isinstance(verdict, Ready), f"P6: version {event.version} waits: {verdict}"
            known.advance(verdict)
            replay.apply(event.update)
            assert str(replay) == self.store.texts[event.version], "ops and update differ"
        Room(NAME, self.store.log.opened(), self.limits)


def play(scenario: Scenario) -> World:
    """Run a scenario to its end."""
    world = World(scenario)
    world.run()
    return world
