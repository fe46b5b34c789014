"""Roles that change at any moment, in one room: joins, leaves, changes, commits that fail.

Held in every order of facts:

- Nothing is merged of a session whose role, as far as the room was told of it, allows no writing.
- What is refused because of the role is not in the log, then or later; what is acknowledged is.
- In the end each member has the role that was told last, and was told of it last.
- A Yjs client that answers when it is asked has everything in the log that it ever wrote, once it
  may write; also what it wrote while it might not.
- An acknowledgement that names no event of the log is of what changed nothing.

Mutants seen caught here, one at a time: a lowered role that withdraws nothing; a join in a lower
role that withdraws nothing; an expulsion that withdraws nothing; a leave that forgets a lower role
that waits; a role set at once although the session's join waits; a join that overtakes one that
waits; a role set at once while merging; one that is dropped while merging; submissions refused for
their role although the commit that seemed to fail had stored them; these merged again in spite of
the role, or of an expulsion during the commit; a raised role that asks for nothing; a role that is
shown but not taken; a reader's update taken although it writes.
"""

from collections.abc import Sequence
from random import Random
from typing import Final, Literal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sync.effect import CatchUp, Draft, Effect, Look
from sync.error import ErrorCode
from sync.fact import CommitFailed, Committed, Found, Join, Leave, Reopened, SetRole
from sync.limit import Limits
from sync.names import WRITING_ROLES, Dialect, Role
from sync.permission import ROLES
from sync.port import Followed
from sync.user import User
from sync.wire.message import Ack, ErrorMessage, Joined, Resync, RoleChanged
from sync.yjs.statevector import decode_state_vector
from tests.patience import SOAK
from tests.unit.sync.room.driven_room import DrivenRoom, Editor, edit, look_up, messages, yjs

pytestmark = [pytest.mark.p1, pytest.mark.p3, pytest.mark.p9]

WORLDS: Final = 20_000 if SOAK else 200
FIRST_CHARACTER: Final = 0x4E00
"""Each edit inserts a character of its own, from here on."""
STEPS: Final = (
    *("type",) * 8,
    *("role",) * 4,
    *("join", "leave", "resend"),
    *("take", "merge", "commit", "commit"),
    *("fail", "fail stored", "reopen", "reopen", "look"),
)


class Client:
    """A session, what it wrote, and what it was told."""

    def __init__(self, number: int, dialect: Dialect, mode: Literal["text", "yjs"]) -> None:
        self.session = f"s{number}"
        self.user = User(f"u{number}", f"User {number}", "#000000")
        self.dialect: Dialect = dialect
        self.mode: Literal["text", "yjs"] = mode
        self.editor = Editor(100 + number)
        self.typed: list[str] = []
        self.role: Role | None = None
        """The role that the room was told last; it outlives the membership."""
        self.possible: set[Role] = set()
        """The roles that may be in force: several while facts wait for the room to settle."""
        self.shown: Role | None = None
        self.joined = False
        self.asked: bytes | None = None
        """The state vector of a request to resync that is not answered yet."""


class World:
    """A room, its log, and clients that play without waiting."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.driven = DrivenRoom(Limits(window_events=4))
        self.clients = [
            Client(0, "quire", "text"),
            Client(1, "quire", "yjs"),
            Client(2, "y-websocket", "yjs"),
            Client(3, "hocuspocus", "yjs"),
        ]
        self.looks = 0
        self.merging: Literal["no", "taken", "merged", "lost"] = "no"
        self.drafted = Draft([], [], None, "")
        self.refused: set[str] = set()
        self.senders: dict[str, Client] = {}

    # --- steps ----------------------------------------------------------------------------------

    def step(self) -> None:
        client = self.dice.choice(self.clients)
        match self.dice.choice(STEPS):
            case "join":
                self.join(client)
            case "role" if client.joined:
                self.set_role(client, self.dice.choice(ROLES))
            case "leave" if client.joined:
                self.leave(client, is_expelled=self.dice.random() < 0.5)
            case "type" if client.joined:
                self.type(client)
            case "resend" if client.asked is not None:
                self.resend(client)
            case "take":
                self.take()
            case "merge":
                self.merge()
            case "commit":
                self.commit()
            case "fail":
                self.fail(stored=False)
            case "fail stored":
                self.fail(stored=True)
            case "reopen":
                self.reopen()
            case "look":
                self.look()

    def join(self, client: Client) -> None:
        role = self.dice.choice(ROLES)
        room = self.driven.room
        since, epoch = None, None
        if client.dialect == "quire" and self.dice.random() < 0.3:
            # Ahead of this process: the join waits for a look at the log.
            since, epoch = room.version + self.dice.randrange(3), room.epoch
        client.joined = True
        client.role = role
        client.possible.add(role)
        self.tell(
            Join(
                client.session, client.user, role, client.mode, since, epoch, dialect=client.dialect
            )
        )

    def set_role(self, client: Client, role: Role) -> None:
        client.role = role
        client.possible.add(role)
        self.tell(SetRole(client.session, role))

    def leave(self, client: Client, *, is_expelled: bool) -> None:
        client.joined = False
        client.asked = None
        if is_expelled:
            client.role = "viewer"
            client.possible.add("viewer")
        self.tell(Leave(client.session, is_expelled))

    def type(self, client: Client) -> None:
        text = chr(FIRST_CHARACTER + len(self.senders))
        if client.mode == "text":
            event_id = self.new_id(client)
            self.tell(edit(client.session, event_id, None, text, user=client.user))
            return
        client.typed.append(text)
        update = client.editor.edit((text,))
        self.send_update(client, update, is_past=False)

    def resend(self, client: Client) -> None:
        assert client.asked is not None, "it was asked"
        vector, client.asked = client.asked, None
        update = client.editor.doc.get_update(vector)
        self.send_update(client, update, is_past=client.dialect != "quire")

    def send_update(self, client: Client, update: bytes, *, is_past: bool) -> None:
        event_id = self.new_id(client)
        self.tell(yjs(client.session, event_id, update, client.user, is_past=is_past))

    def new_id(self, client: Client) -> str:
        event_id = f"e{len(self.senders)}"
        self.senders[event_id] = client
        return event_id

    def take(self) -> None:
        if self.merging == "no" and self.driven.room.may_merge:
            self.driven.room.take_batch(8, 1 << 20)
            self.merging = "taken"

    def merge(self) -> None:
        if self.merging != "taken":
            return
        self.settle_roles()
        driven = self.driven
        found, lookup = look_up(driven.room, driven.log)
        self.drafted = driven.room.merge(found, lookup, driven.now_ms)
        self.merging = "merged"
        for event in self.drafted.events:
            client = self.senders[event.id]
            assert client.possible & WRITING_ROLES, "its role allows no writing"
            assert event.id not in self.refused, "it was refused"

    def commit(self) -> None:
        if self.merging == "merged":
            self.driven.log.append_draft(self.drafted)
            self.merging = "no"
            self.tell(Committed())

    def fail(self, *, stored: bool) -> None:
        if self.merging == "merged":
            if stored:
                self.driven.log.append_draft(self.drafted)
            self.merging = "lost"
            self.tell(CommitFailed())

    def reopen(self) -> None:
        if self.merging == "lost":
            self.merging = "no"
            self.tell(Reopened(self.driven.log.opened()))

    def look(self) -> None:
        if self.looks:
            self.looks -= 1
            driven = self.driven
            events = driven.log.events[driven.room.version :]
            self.tell(Found(Followed(driven.log.document(), events, dict(driven.log.authors))))

    # --- what the room says ---------------------------------------------------------------------

    def tell(self, fact: object) -> None:
        effects = self.driven.tell(fact)  # type: ignore[arg-type]
        while effects:
            effects = self.take_in(effects)
        self.settle_roles()

    def take_in(self, effects: Sequence[Effect]) -> list[Effect]:
        """Note what was said; return the effects of what the room has read."""
        more: list[Effect] = []
        for effect in effects:
            for client in self.clients:
                for message in messages([effect], client.session):
                    self.hear(client, message)
            if isinstance(effect, CatchUp):
                more += self.driven.read(effect)
            elif isinstance(effect, Look):
                self.looks += 1
        return more

    def hear(self, client: Client, message: object) -> None:
        log = self.driven.log
        match message:
            case Joined(role=role) | RoleChanged(role=role):
                client.shown = role
            case Resync(state_vector=vector):
                decode_state_vector(vector)
                client.asked = vector
            case Ack(id=str(event_id), version=version):
                assert version <= log.version, "told before it is stored"
                assert event_id not in self.refused, "refused before"
                stored = log.find(event_id)
                assert stored is None or stored.version == version
                if stored is None:
                    assert client.mode == "yjs", "text always changes something"
            case ErrorMessage(id=str(event_id), code=ErrorCode.FORBIDDEN):
                assert log.find(event_id) is None, "refused, and yet in the log"
                self.refused.add(event_id)
            case ErrorMessage(code=ErrorCode.RATE_LIMITED):
                client.joined = client.session in self.driven.room.members
            case _:
                pass

    def settle_roles(self) -> None:
        """Forget the roles that cannot be in force any more."""
        room = self.driven.room
        for client in self.clients:
            is_waiting = client.session in room.joining or not room.phase.is_settled
            if client.role is not None and not is_waiting:
                client.possible = {client.role}

    # --- the end --------------------------------------------------------------------------------

    def rest(self) -> None:
        """Let everything finish."""
        for _ in range(200):
            self.reopen()
            self.commit()
            self.merge()
            self.take()
            self.look()
            if self.merging == "no" and not self.looks and not self.driven.room.may_merge:
                break

    def finish(self) -> None:
        self.rest()
        room, log = self.driven.room, self.driven.log
        assert room.phase.is_settled
        for client in self.clients:
            member = room.members.get(client.session)
            assert (member is not None) == client.joined
            if member is not None:
                assert member.role == client.role == client.shown, "the last role holds"
        for client in self.clients:
            if client.joined and client.asked is not None:
                self.resend(client)
        self.rest()
        assert not self.refused & {event.id for event in log.events}
        for client in self.clients:
            if client.joined and client.dialect != "quire" and client.role in WRITING_ROLES:
                lost = [text for text in client.typed if text not in room.text]
                assert not lost, f"{client.session} has lost what it wrote"


def play(seed: int, steps: int) -> None:
    world = World(seed)
    for client in world.clients:
        world.join(client)
    for _ in range(steps):
        world.step()
    world.finish()


@pytest.mark.timeout(0)
@settings(max_examples=WORLDS, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(seed=st.integers(0, 2**64), steps=st.sampled_from((30, 100, 200)))
def test_roles_hold_in_every_order_of_facts(seed: int, steps: int) -> None:
    play(seed, steps)
