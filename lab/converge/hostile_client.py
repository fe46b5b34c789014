"""Clients that say what no honest one says, in frames of every dialect.

They repeat what they hear under other names, damage it, invent updates, speak for others, edit
what is not there, and send bytes that are no message. What a room answers is not looked at; what it
tells the honest ones is. They do not guess ids that nobody has used: who knows an id may take it.
"""

from random import Random
from typing import TYPE_CHECKING, Final

from lab.converge.frame_channel import read_native, read_stock
from sync.fact import AskState, Fact, Join, SetAwareness
from sync.submission import UpdateSubmission, update_digest
from sync.wire import hocuspocus, ysync
from sync.wire.message import (
    AwarenessIn,
    Encoding,
    Events,
    JoinMessage,
    LeaveMessage,
    TextEdit,
    Update,
    Updates,
    encode,
)
from sync.yjs.awareness import encode_awareness
from sync.yjs.layout import Piece, Section, encode_update, string_piece
from sync.yjs.update import parse_update
from sync.yjs.varint import MalformedError
from tests.property.hostile_update import has_values, invent, mutate
from tests.property.simulation.client import Client
from tests.property.simulation.server import Connection
from tests.property.test_dialect_fuzz import mutated
from tests.unit.sync.room.driven_room import NAME

if TYPE_CHECKING:
    from lab.converge.frame_world import FrameWorld

_MAX_HEARD: Final = 30


class HostileClient(Client):
    """One hostile client, of a dialect that it draws anew with each connection.

    Args:
        crosses: whether it writes between units that may never have been neighbours.
    """

    def __init__(self, world: "FrameWorld", name: str, *, crosses: bool = False) -> None:
        super().__init__(world, name)
        self.crosses = crosses
        self.heard: list[bytes] = []
        self.ids: list[str] = []
        self.clocks: dict[int, int] = {}
        self._drawn = 0

    def connect(self) -> None:
        """Open a socket, in any dialect and mode."""
        self.sessions += 1
        dice = self.rng
        server = dice.choice(self.world.servers)
        self._drawn = dice.randrange(4)
        self.connection = Connection(f"{self.name}/{self.sessions}", self, server)
        server.connections.append(self.connection)
        self._say_join()

    def receive(self) -> None:
        """Hear what comes; keep some of it."""
        connection = self.connection
        if connection is None:
            return
        if connection.down:
            self._hear(connection.down.popleft())
        elif not connection.server_open:
            self.connection = None

    def act(self) -> None:
        """Say something."""
        connection = self.connection
        if connection is None:
            return
        dice = self.rng
        if self.crosses and dice.randrange(2):
            self._put(self._update(self._crossed(dice)))
            return
        what = dice.randrange(12)
        if what == 0:
            self._say_join()
        elif what == 1:
            self._put(self._native(LeaveMessage(NAME)))
        elif what == 2:
            self.disconnect()
        elif what < 5:
            self._put(self._native(self._wild_edit(dice)))
        elif what < 9:
            self._put(self._update(self._wild_update(dice)))
        elif what == 9:
            known = dice.choice([1, 2, *self.clocks])
            state = encode_awareness([(known, dice.randrange(9), '{"user":{"name":"Ann"}}')])
            self._put(self._awareness(state))
        else:
            self._put(self._noise(dice))

    # --- what it says ---------------------------------------------------------------------------

    def _say_join(self) -> None:
        assert self.connection is not None, "it has just connected"
        dice, session = self.rng, self.connection.id
        if self._drawn < 2:
            mode = "text" if self._drawn else "yjs"
            since = dice.choice((None, 0, 3, 10**6))
            epoch = None if since is None else self.epoch
            self._put(self._native(JoinMessage(NAME, mode, since, epoch)))  # type: ignore[arg-type]
            return
        dialect = "y-websocket" if self._drawn == 2 else "hocuspocus"
        self._put(Join(session, self.user, "editor", "yjs", dialect=dialect))  # type: ignore[arg-type]
        self._put(AskState(session, dice.choice((b"\0", b"\1\1\1", dice.randbytes(3)))))

    def _wild_edit(self, dice: Random) -> TextEdit:
        event_id = dice.choice([self.next_id(), *self.ids[-3:]])
        base = dice.choice((None, 0, self.world.store.version, 10**9, dice.randrange(9)))
        at = dice.choice((0, 1, 5, 10**6))
        ops: list[dict[str, int | str]] = [{"retain": at}] if at else []
        ops.append(dice.choice([{"insert": dice.choice(("x", "😀", "\r\n"))}, {"delete": 3}]))
        return TextEdit(NAME, event_id, base, ops)

    def _wild_update(self, dice: Random) -> bytes:
        kind = dice.randrange(4)
        if kind == 0 or not self.heard:
            made = invent(dice, dict(self.clocks))
        elif kind == 1:
            return dice.choice(self.heard)
        else:
            made = mutate(dice, dice.choice(self.heard), dice.choice(self.heard))
        return made

    def _crossed(self, dice: Random) -> bytes:
        """Write between units of the log that stand near each other, or anywhere, in any order."""
        clocks: dict[int, int] = {}
        for event in self.world.store.log.events:
            clocks |= {client: end for client, _, end in parse_update(event.update).spans}
        pieces: list[Piece] = []
        for at in range(dice.choice((1, 1, 2, 3)) if clocks else 0):
            (client, end), (other, other_end) = dice.choices(sorted(clocks.items()), k=2)
            left = (client, dice.randrange(end))
            near = (client, max(0, left[1] + dice.choice((1, 1, 2, -1))))
            right = dice.choice((near, (other, dice.randrange(other_end)), None))
            pieces.append(string_piece(at, "!", left, right))
        client = dice.choice((dice.randrange(3, 10**4), 2**32 - dice.randrange(1, 10**4)))
        return encode_update([Section(client, pieces)], b"\0")

    def _noise(self, dice: Random) -> Fact | None:
        seeds = [encode(self._wild_edit(dice), self._encoding).hex()]
        seeds += [ysync.encode_sync(ysync.SyncKind.UPDATE, each).hex() for each in self.heard[-2:]]
        return self._read(mutated(dice, seeds))

    # --- how ------------------------------------------------------------------------------------

    @property
    def _encoding(self) -> Encoding:
        return "json" if self.sessions % 2 else "msgpack"

    def _native(
        self, message: "JoinMessage | LeaveMessage | TextEdit | Update | AwarenessIn"
    ) -> Fact | None:
        return self._read(encode(message, self._encoding)) if self._drawn < 2 else None

    def _update(self, update: bytes) -> Fact | None:
        if self._drawn < 2:
            event_id = self.rng.choice([self.next_id(), self.next_id(), *self.ids[-2:]])
            return self._native(Update(NAME, event_id, update))
        return self._stock(ysync.encode_sync(self.rng.choice(list(ysync.SyncKind)[1:]), update))

    def _awareness(self, update: bytes) -> Fact | None:
        if self._drawn < 2:
            return self._native(AwarenessIn(NAME, update))
        return self._stock(ysync.encode_awareness_message(update))

    def _stock(self, body: bytes) -> Fact | None:
        return self._read(hocuspocus.encode_address(NAME) + body if self._drawn == 3 else body)

    def _read(self, frame: bytes) -> Fact | None:
        """Return what the session of this dialect tells its room for a frame."""
        assert self.connection is not None, "connected"
        session = self.connection.id
        if self._drawn < 2:
            return read_native(frame, self._encoding, session, self.user)
        match read_stock(frame, "y-websocket" if self._drawn == 2 else "hocuspocus"):
            case ysync.SyncRequest(state_vector=data):
                return AskState(session, data)
            case ysync.SyncUpdate(update=update, is_past=is_past):
                digest = update_digest(update)
                return UpdateSubmission(
                    session,
                    self.user,
                    self.next_id(),
                    update,
                    digest,
                    len(update),
                    is_anonymous=True,
                    is_past=is_past,
                )
            case ysync.AwarenessUpdate(update=update):
                return SetAwareness(session, update)
            case _:
                return None

    def _put(self, fact: Fact | None) -> None:
        if isinstance(fact, UpdateSubmission) and not self._is_bearable(fact.update):
            return
        if fact is not None and self.connection is not None:
            self.connection.up.append(fact)

    def _is_bearable(self, update: bytes) -> bool:
        """Return False for updates after which worlds differ in ways that are known.

        Values in the text have no certain place: text events are refused then, honest ones too.
        """
        return not has_values(update)

    def _hear(self, message: object) -> None:
        match message:
            case Updates(update=update):
                self.heard.append(update)
                self._learn(update)
            case Events(events=events):
                self.ids += [event.id for event in events]
            case _:
                self.epoch = getattr(message, "epoch", None) or self.epoch
        del self.heard[:-_MAX_HEARD]
        del self.ids[:-_MAX_HEARD]

    def _learn(self, update: bytes) -> None:
        try:
            for client, _, end in parse_update(update).spans:
                self.clocks[client] = max(end, self.clocks.get(client, 0))
        except MalformedError:
            return

    def shown(self) -> str:
        return ""
