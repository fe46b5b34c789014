"""sync.presence.notices in rooms that are large, or nearly so, of one process or of two.

A world is a seed. Sessions come, go, come again, point and speak, in bursts and in between; text is
written; time passes. What a session is told is what its client would show:

- nobody is told of itself, of the coming of one it knows, or the going of one it does not know;
- no cursor is shown of one who has not come;
- awareness of one's own client never comes back;
- in a small room all is told at once; in a large one all is told within the hold time and a tick:
  then everybody knows of exactly those who are there, has the awareness of exactly those who
  speak, and has been shown no cursor that a newcomer would not be shown.

Mutants seen caught here, one at a time: see `docs/decisions/0050-a-large-room-gathers-notices.md`.
"""

import json
from dataclasses import dataclass, field
from random import Random

import pytest

from sync.effect import Effect
from sync.fact import Join, Leave, MoveCursor, SetAwareness
from sync.limit import Limits
from sync.names import Dialect, Mode
from sync.presence.notices import MAX_HOLD_MS, SMALL_ROOM
from sync.user import User
from sync.wire.message import (
    AwarenessOut,
    Cursor,
    Joined,
    MemberJoined,
    MemberLeft,
    Outgoing,
    Several,
)
from sync.yjs.awareness import decode_awareness, encode_awareness
from tests.patience import SOAK
from tests.unit.sync.room.connected_rooms import ConnectedRooms
from tests.unit.sync.room.driven_room import edit

WORLDS = 2_000 if SOAK else 24
STEPS = 150
TICK_MS = 250
USERS = [User(f"u{number}", f"User {number}", f"#00000{number}") for number in range(4)]


@dataclass(slots=True)
class Client:
    """A session, and what it has been told."""

    session: str
    process: int
    user: User
    mode: Mode
    dialect: Dialect
    number: int
    """Its awareness client id."""
    clock: int = 0
    state: str | None = None
    members: set[str] = field(default_factory=set)
    cursors: set[str] = field(default_factory=set)
    awareness: dict[int, tuple[int, str | None]] = field(default_factory=dict)

    def show(self, message: Outgoing) -> None:
        match message:
            case Several(messages=messages):
                assert len(messages) > 1, "one is no series"
                for each in messages:
                    self.show(each)
            case Joined(members=members):
                self.members = {member.session for member in members}
                self.cursors.clear()
            case MemberJoined() | MemberLeft() if self.dialect != "quire":
                pass  # its protocol has no words for them
            case MemberJoined(session=session):
                assert session != self.session, "told of itself"
                assert session not in self.members, "told twice"
                self.members.add(session)
            case MemberLeft(session=session):
                assert session != self.session, "told of itself"
                assert session in self.members, "told of one it does not know"
                self.members.remove(session)
                self.cursors.discard(session)
            case Cursor(session=session, anchor=anchor):
                assert self.mode == "text", "Yjs clients have awareness"
                assert session in self.members, "a cursor of nobody"
                (self.cursors.discard if anchor is None else self.cursors.add)(session)
            case AwarenessOut(update=update):
                assert self.mode == "yjs", "text clients have cursors"
                self._hear(update)
            case _:
                pass

    def _hear(self, update: bytes) -> None:
        for entry in decode_awareness(update):
            assert entry.client != self.number or entry.state is None, "its own state"
            clock, _ = self.awareness.get(entry.client, (0, None))
            if entry.clock > clock or (entry.clock == clock and entry.state is None):
                self.awareness[entry.client] = (entry.clock, entry.state)

    @property
    def heard(self) -> dict[int, object]:
        states = {
            client: json.loads(state)
            for client, (_, state) in self.awareness.items()
            if state is not None and client != self.number
        }
        return {client: {**fields, "user": None} for client, fields in states.items()}


class World:
    """See the module's docstring."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.clients: dict[str, Client] = {}
        self.gone: list[Client] = []
        self.sessions = 0
        self.edits = 0
        limits = Limits(awareness_per_s=10_000)
        self.rooms = ConnectedRooms(limits=limits, show=self._show)
        self.processes = [self.rooms.start() for _ in range(self.random.choice((1, 1, 2)))]
        self.rooms.settle()
        self.rooms.tell(0, edit("http", "first", None, "Hello, all of you."))
        self.rooms.commit(0)
        modes: list[tuple[Mode, ...]] = [("text",), ("yjs",), ("text", "yjs", "yjs")]
        self.modes = self.random.choice(modes)
        for _ in range(self.random.choice((SMALL_ROOM - 3, SMALL_ROOM + 3, SMALL_ROOM + 15))):
            self.come()
        self.rooms.settle()

    def _show(self, session: str, message: Outgoing) -> None:
        if session in self.clients:
            self.clients[session].show(message)

    def tell(self, client: Client, fact: Join | Leave | MoveCursor | SetAwareness) -> list[Effect]:
        effects = self.rooms.tell(client.process, fact)
        if self.random.random() < 0.8:
            self.rooms.settle()
        return effects

    # --- what happens ---------------------------------------------------------------------------

    def step(self) -> None:
        acts = (
            (self.come, 6),
            (self.go, 6),
            (self.come_and_go, 3),
            (self.come_again, 4),
            (self.join_again, 2),
            (self.point, 3),
            (self.speak, 6),
            (self.write, 1),
            (self.wait, 3),
        )
        (act,) = self.random.choices([act for act, _ in acts], [weight for _, weight in acts])
        act()

    def any(self, *modes: Mode) -> Client | None:
        fit = [client for client in self.clients.values() if client.mode in modes]
        return self.random.choice(fit) if fit else None

    def come(self) -> None:
        self.sessions += 1
        mode = self.random.choice(self.modes)
        dialects: tuple[Dialect, ...] = ("quire",)
        if mode == "yjs":
            dialects = ("quire", "quire", "y-websocket", "hocuspocus")
        self.enter(
            Client(
                f"s{self.sessions}",
                self.random.choice(self.processes),
                self.random.choice(USERS),
                mode,
                self.random.choice(dialects),
                1_000 + self.sessions,
            )
        )

    def enter(self, client: Client) -> None:
        self.clients[client.session] = client
        join = Join(client.session, client.user, "editor", client.mode, dialect=client.dialect)
        self.tell(client, join)
        if client.mode == "yjs" and self.random.random() < 0.7:
            self._speak(client)

    def go(self) -> None:
        client = self.any("text", "yjs")
        if client is not None:
            del self.clients[client.session]
            self.gone.append(client)
            self.tell(client, Leave(client.session))

    def come_and_go(self) -> None:
        self.come()
        client = self.clients.pop(f"s{self.sessions}")
        self.tell(client, Leave(client.session))

    def come_again(self) -> None:
        """One who has left joins on the same socket: its client has forgotten what it was told."""
        if self.random.random() < 0.5:
            self.go()
        if self.gone:
            old = self.gone.pop()
            again = Client(
                old.session, old.process, old.user, old.mode, old.dialect, old.number, old.clock
            )
            self.enter(again)

    def join_again(self) -> None:
        client = self.any("text", "yjs")
        if client is not None:
            join = Join(client.session, client.user, "editor", client.mode, dialect=client.dialect)
            self.tell(client, join)

    def point(self) -> None:
        client = self.any("text")
        if client is not None:
            at = None if self.random.random() < 0.2 else 3
            self.tell(client, MoveCursor(client.session, None, at, at))

    def speak(self) -> None:
        client = self.any("yjs")
        if client is not None:
            self._speak(client)

    def _speak(self, client: Client) -> None:
        client.clock += 1
        is_silent = self.random.random() < 0.2
        client.state = None if is_silent else json.dumps({"n": self.random.randrange(1_000)})
        update = encode_awareness([(client.number, client.clock, client.state)])
        self.tell(client, SetAwareness(client.session, update))

    def write(self) -> None:
        self.edits += 1
        self.rooms.tell(0, edit("http", f"e{self.edits}", None, "x"))
        self.rooms.commit(0)
        self.rooms.settle()

    def wait(self) -> None:
        self.rooms.settle()
        self.rooms.pass_time(self.random.choice((1, 1, 2, 12)) * TICK_MS, only_wanted=True)

    # --- what must hold -------------------------------------------------------------------------

    def is_small(self) -> bool:
        return len(self.processes) == 1 and len(self.clients) <= SMALL_ROOM

    def settle(self) -> None:
        """Let the hold time pass, of both rooms one after the other, and a tick."""
        self.rooms.settle()
        hold_ms = len(self.processes) * (MAX_HOLD_MS + TICK_MS)
        self.rooms.pass_time(hold_ms, step_ms=TICK_MS, only_wanted=True)

    def check(self, *, is_settled: bool) -> None:
        present = set(self.clients)
        for session, client in self.clients.items():
            if client.dialect == "quire":
                assert client.members == present, f"{session} was told of others"
        if not is_settled:
            return
        said = {
            client.number: {**json.loads(client.state), "user": None}
            for client in self.clients.values()
            if client.mode == "yjs" and client.state is not None
        }
        # Before newcomers come, of whom all are told.
        heard = {session: client.heard for session, client in self.clients.items()}
        cursors = {session: set(client.cursors) for session, client in self.clients.items()}
        pointers = {
            process: self._shown_to_newcomer(process, mode="text") for process in self.processes
        }
        spoken = {
            process: self._shown_to_newcomer(process, mode="yjs") for process in self.processes
        }
        for session, client in self.clients.items():
            if client.mode == "text":
                shown = pointers[client.process].cursors - {session}
                assert cursors[session] == shown, f"{session} was shown other cursors"
            else:
                expected = spoken[client.process].heard
                assert said.items() <= expected.items(), "all who speak are heard"
                expected.pop(client.number, None)
                assert heard[session] == expected, f"{session} has other awareness"

    def _shown_to_newcomer(self, process: int, mode: Mode) -> Client:
        session = f"newcomer-{process}-{mode}"
        client = Client(session, process, USERS[0], mode, "quire", 1)
        driven = self.rooms.processes[process].driven
        self.clients[session] = client
        self.rooms.tell(process, Join(session, client.user, "viewer", mode))
        del self.clients[session]
        driven.tell(Leave(session))
        return client


@pytest.mark.parametrize("part", range(4))
def test_everybody_is_told_who_is_there(part: int) -> None:
    for seed in range(part, WORLDS, 4):
        world = World(seed)
        try:
            for _ in range(STEPS):
                world.step()
                if world.is_small():
                    world.check(is_settled=False)
            world.settle()
            world.check(is_settled=True)
        except Exception as problem:
            raise AssertionError(f"world {seed}") from problem
