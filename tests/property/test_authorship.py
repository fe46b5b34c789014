"""Authors and carriers in one room, in whatever order the network brings what they send.

A world is a seed. Two or three users write in Yjs editors; some announce their client ids in
awareness, as stock clients do, and some do not. They come, go, are cut off with frames under way,
exchange updates past the server and forward them, and the server restarts, with its log or with an
empty one. A squatter announces ids of others, writes nothing, and leaves. Then all reconnect, and

- nobody was refused for ever: every refusal said to try again;
- no event's actor is another than the user of the session that sent it;
- nobody's text was made under a client id that was another user's when it was stored;
- all replicas show the log's text, and nothing typed is missing from it.

Mutants seen caught here, one at a time: see `docs/decisions/0015-delivering-is-not-authoring.md`.
"""

from collections import deque
from dataclasses import dataclass, field
from random import Random

import pytest
from pycrdt import merge_updates

from sync.effect import Deliver, Effect
from sync.fact import AskState, Join, Leave, SetAwareness, Tick
from sync.limit import Limits
from sync.user import User
from sync.wire.message import ErrorMessage, Outgoing, Resync, SyncReply, Updates
from sync.yjs.awareness import encode_awareness
from sync.yjs.gate import KnownState
from sync.yjs.statevector import decode_state_vector
from sync.yjs.update import parse_update
from tests.patience import SOAK
from tests.unit.sync.room.driven_room import (
    SERVER_CLIENT,
    DrivenRoom,
    Editor,
    MemoryLog,
    document_of,
    yjs,
)

pytestmark = [pytest.mark.p5, pytest.mark.p9]

WORLDS = 6_000 if SOAK else 300
STEPS = 90
USERS = [User(f"u{number}", f"User {number}", f"#00000{number}") for number in range(3)]
MALLORY = User("mallory", "Mallory", "#ffffff")
FILLER = "-"
FIRST_TOKEN = 0xE000


@dataclass(slots=True)
class Client:
    """A Yjs editor, and what is under way between it and the server."""

    user: User
    editor: Editor
    announces: bool
    session: str | None = None
    outgoing: deque[tuple[bytes, bool]] = field(default_factory=deque)
    """Updates, and whether each answers a sync step 1."""
    incoming: deque[Outgoing] = field(default_factory=deque)

    @property
    def client(self) -> int:
        return int(self.editor.doc.client_id)

    def cut_off(self) -> None:
        self.session = None
        self.outgoing.clear()
        self.incoming.clear()


class World:
    """One document, its server, and those who write in it."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(seed)
        users = rng.sample(USERS, rng.choice((2, 3)))
        if rng.randrange(3) == 0:
            users.append(users[0])  # a second tab
        ids = rng.sample(range(1, 2**32), len(users))
        self.clients = [
            Client(user, Editor(client), rng.randrange(3) > 0)
            for user, client in zip(users, ids, strict=True)
        ]
        self.squatter: str | None = None
        self.room = DrivenRoom(Limits())
        self.users: dict[str, User] = {}
        self.checked = 0
        self.numbers = 0
        self.typed: list[str] = []

    # --- what may happen ------------------------------------------------------------------------

    def step(self) -> None:
        rng = self.rng
        client = rng.choice(self.clients)
        match rng.choices(
            (
                "type",
                "connect",
                "send",
                "receive",
                "commit",
                "carry",
                "leave",
                "repeat",
                "squat",
                "restart",
            ),
            (20, 14, 24, 20, 14, 6, 5, 4, 4, 2),
        )[0]:
            case "type":
                self.type(client)
            case "connect":
                self.connect(client)
            case "send":
                self.send(client)
            case "receive":
                self.receive(client)
            case "commit":
                self.commit()
            case "carry":
                self.carry(rng.choice(self.clients), client)
            case "leave":
                self.leave(client)
            case "repeat":
                self.repeat(rng.choice(self.clients), client)
            case "squat":
                self.squat(client)
            case "restart":
                self.restart(empty=rng.randrange(3) > 0)

    def type(self, client: Client) -> None:
        shown = str(client.editor)
        at = self.rng.randrange(len(shown) + 1)
        if FILLER in shown and self.rng.randrange(4) == 0:
            gone = shown.index(FILLER)
            ops: tuple[int | str, ...] = (gone, -1) if gone else (-1,)
        else:
            token = chr(FIRST_TOKEN + len(self.typed))
            self.typed.append(token)
            ops = (at, token + FILLER) if at else (token + FILLER,)
        update = client.editor.edit(ops)
        if client.session is not None:
            client.outgoing.append((update, False))

    def connect(self, client: Client) -> None:
        if client.session is not None:
            return
        session = client.session = self.new_session(client.user)
        self.tell(Join(session, client.user, "editor", "yjs", dialect="y-websocket"))
        if client.announces:
            self.tell(SetAwareness(session, encode_awareness([(client.client, 1, "{}")])))
        self.tell(AskState(session, client.editor.doc.get_state()))

    def send(self, client: Client) -> None:
        if client.session is None or not client.outgoing:
            return
        update, is_past = client.outgoing.popleft()
        self.numbers += 1
        event = f"e{self.numbers}"
        self.tell(yjs(client.session, event, update, client.user, is_past=is_past))

    def receive(self, client: Client) -> None:
        if not client.incoming:
            return
        match client.incoming.popleft():
            case Updates(update=update) | SyncReply(update=update):
                client.editor.apply(update)
            case Resync(state_vector=vector):
                client.outgoing.append((client.editor.doc.get_update(vector), True))
            case ErrorMessage() as error if isinstance(error.id, str):
                assert error.retryable, (error, client.user.id, client.announces)
                self.leave(client)

    def carry(self, giver: Client, taker: Client) -> None:
        """Past the server. A binding hands on what it hears, as one that also speaks WebRTC does;
        a client that announces nothing speaks y-websocket alone."""
        if giver is taker:
            return
        update = giver.editor.doc.get_update(taker.editor.doc.get_state())
        taker.editor.apply(update)
        if taker.session is not None and taker.announces and self.rng.randrange(2):
            taker.outgoing.append((update, False))

    def leave(self, client: Client) -> None:
        if client.session is not None:
            self.tell(Leave(client.session))
        client.cut_off()

    def repeat(self, client: Client, other: Client) -> None:
        """Send another's awareness state back, as stock clients do."""
        if client.session is not None and client.announces and other is not client:
            self.tell(SetAwareness(client.session, encode_awareness([(other.client, 1, "{}")])))

    def squat(self, victim: Client) -> None:
        """Announce somebody's id, perhaps before its author is back; the next time, go."""
        if self.squatter is not None:
            self.tell(Leave(self.squatter))
            self.squatter = None
            return
        session = self.squatter = self.new_session(MALLORY)
        self.tell(Join(session, MALLORY, "editor", "yjs", dialect="y-websocket"))
        self.tell(SetAwareness(session, encode_awareness([(victim.client, 1, "{}")])))

    def restart(self, *, empty: bool) -> None:
        for client in self.clients:
            client.cut_off()
        self.squatter = None
        self.room = DrivenRoom(Limits(), MemoryLog() if empty else self.room.log)
        if empty:
            self.checked = 0

    # --- how ------------------------------------------------------------------------------------

    def new_session(self, user: User) -> str:
        session = f"s{len(self.users)}"
        self.users[session] = user
        return session

    def tell(self, fact: object) -> None:
        self.hear(self.room.tell(fact))  # type: ignore[arg-type]

    def hear(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Deliver):
                for client in self.clients:
                    if client.session in effect.sessions:
                        client.incoming.append(effect.message)

    def commit(self) -> None:
        log = self.room.log
        owners = dict(log.authors)
        known = KnownState(dict(self.clocks()))
        self.hear(self.room.commit())
        for event in log.events[self.checked :]:
            user = self.users[event.session]
            assert event.actor_id == user.id, "an event under somebody else's name"
            for client, _, end in parse_update(event.update).spans:
                if end > known.clocks.get(client, 0) and client != SERVER_CLIENT:
                    owner = owners.get(client, event.actor_id)
                    assert owner == event.actor_id, "new text under somebody else's client id"
                    known.clocks[client] = end
        self.checked = len(log.events)
        for author in self.clients:
            owner = log.authors.get(author.client, author.user.id)
            assert owner == author.user.id, "a client id was taken from its author"

    def clocks(self) -> dict[int, int]:
        updates = [event.update for event in self.room.log.events]
        return document_of(self.room.room).clocks if updates else {}

    # --- at rest --------------------------------------------------------------------------------

    def rest(self) -> None:
        """All come back, and everything arrives."""
        if self.squatter is not None:
            self.squat(self.clients[0])
        for _ in range(3):
            for client in self.clients:
                self.leave(client)
            self.commit()
            for client in self.rng.sample(self.clients, len(self.clients)):
                self.connect(client)
            for _ in range(10):
                for client in self.clients:
                    self.connect(client)
                    while client.outgoing or client.incoming:
                        self.send(client)
                        self.receive(client)
                self.commit()
        self.room.now_ms += 60_000
        self.tell(Tick())
        for client in self.clients:
            while client.incoming:
                self.receive(client)

    def check(self) -> None:
        text = self.room.room.text
        assert set(self.typed) <= set(text), "something typed is lost"
        assert sum(char >= chr(FIRST_TOKEN) for char in text) == len(self.typed)
        for client in self.clients:
            assert str(client.editor) == text
            vector = decode_state_vector(client.editor.doc.get_state())
            assert vector == {c: n for c, n in self.clocks().items() if n}
        if self.room.log.events:
            newcomer = Editor(1)
            newcomer.apply(merge_updates(*(event.update for event in self.room.log.events)))
            assert str(newcomer) == text


def test_authors_and_carriers_agree_and_nobody_is_shut_out() -> None:
    for seed in range(WORLDS):
        world = World(seed)
        try:
            for _ in range(STEPS):
                world.step()
            world.rest()
            world.check()
        except AssertionError as error:
            raise AssertionError(f"world {seed}: {error}") from error
