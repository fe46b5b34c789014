"""Simulated clients with replicas: of the native protocol, of y-websocket and of Hocuspocus."""

from typing import TYPE_CHECKING

from sync.error import ErrorCode
from sync.fact import AskState, Join, Leave, SetAwareness
from sync.names import Dialect, Mode
from sync.wire.message import Ack, ErrorMessage, Joined, Outgoing, Resync, SyncReply, Updates
from sync.yjs.awareness import encode_awareness
from sync.yjs.layout import Section, encode_deletes, encode_update, read_layout, string_piece
from sync.yjs.part import present
from sync.yjs.statevector import decode_state_vector
from sync.yjs.update import UpdateLimits, parse_update
from sync.yjs.varint import MalformedError
from sync.yjs.verdict import Range
from tests.property.simulation.client import PIECES, Client
from tests.property.simulation.server import Connection
from tests.unit.sync.room.driven_room import Editor, yjs

if TYPE_CHECKING:
    from tests.property.simulation.world import World

UNFIT = ("\0", "a\0b", "\0😀", "\ufffd", "x\ufffd", "\ufffdy", "\ufffd😀")
"""What the log cannot hold as it is, or what may be half of a pair for its author."""


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
