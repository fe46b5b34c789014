"""A simulated client that keeps to the rules, and one in text mode."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sync.fact import Join, MoveCursor
from sync.names import Mode, PositionEncoding
from sync.submission import Submission
from sync.text.delta import Delta, apply, deletion, from_wire, insertion
from sync.text.position import delta_from_utf16, delta_to_utf16
from sync.user import User
from sync.wire.message import Ack, ErrorMessage, Event, Events, Joined, Outgoing, Resync, Updates
from tests.property.simulation.server import Connection
from tests.unit.sync.room.driven_room import edit

if TYPE_CHECKING:
    from tests.property.simulation.world import World

PIECES = ("a", "b", "cd", "é", "中", "😀", "x😀", "\n")


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
