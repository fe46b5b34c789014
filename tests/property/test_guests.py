"""sync.presence.guests in worlds of processes whose bus loses, doubles, reorders and repeats.

A world is a seed. Sessions come, go, point, speak and write in up to four processes; some processes
die, some sessions turn up in another one while the first has not noticed. What is relayed may be
lost, come late, come again, or be played back long after. Then all is delivered for a while, and

- every session has been told of exactly the sessions that there are, in every process;
- every text-mode session has been shown every cursor of the others where its owner's room has it;
- every Yjs session's awareness is what the other sessions say, and of nobody else;
- nobody was ever shown a session again that was said to have left.

Mutants seen caught here, one at a time: see `docs/decisions/0012-presence-is-relayed.md`.
"""

import json
from dataclasses import dataclass, field
from random import Random

import pytest

from sync.fact import Announced, Join, Leave, MoveCursor, SetAwareness, Tick
from sync.limit import Limits
from sync.names import Mode
from sync.presence.cursor import TextCursor
from sync.presence.guests import ALIVE_MS, LIFETIME_MS
from sync.text.delta import transform_position
from sync.user import User
from sync.wire.message import AwarenessOut, Cursor, Joined, MemberJoined, MemberLeft, Outgoing
from sync.wire.relay import Left, Part
from sync.yjs.awareness import decode_awareness, encode_awareness
from tests.patience import SOAK
from tests.unit.sync.room.connected_rooms import ConnectedRooms, Message
from tests.unit.sync.room.driven_room import edit

WORLDS = 10_000 if SOAK else 100
STEPS = 120
USERS = [User(f"u{number}", f"User {number}", f"#00000{number}") for number in range(4)]


@dataclass(slots=True)
class View:
    """A client: what it has been shown."""

    process: int
    user: User
    mode: Mode
    client: int
    """Its awareness client id."""
    clock: int = 1
    state: str | None = None
    members: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    """Those of whom their process has said that they left; a silent process is only missed."""
    cursors: dict[str, TextCursor] = field(default_factory=dict)
    awareness: dict[int, tuple[int, str | None]] = field(default_factory=dict)
    """As y-protocols keeps it: a clock stays, even of one who left."""

    def show(self, message: Outgoing) -> None:
        match message:
            case Joined():
                self.members = {member.session for member in message.members}
            case MemberJoined():
                assert message.session not in self.members, "told twice"
                assert message.session not in self.gone, "shown again"
                self.members.add(message.session)
            case MemberLeft():
                self.members.remove(message.session)
                self.cursors.pop(message.session, None)
            case Cursor():
                assert message.session in self.members, "a cursor of nobody"
                if message.anchor is None or message.head is None:
                    self.cursors.pop(message.session, None)
                else:
                    shown = TextCursor(message.version, message.anchor, message.head)
                    self.cursors[message.session] = shown
            case AwarenessOut():
                for entry in decode_awareness(message.update):
                    clock = self.awareness.get(entry.client, (0, None))[0]
                    if entry.clock > clock or (entry.clock == clock and entry.state is None):
                        self.awareness[entry.client] = (entry.clock, entry.state)
            case _:
                pass


class World:
    """See the module's docstring."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.copies = self.random.choice(((1,), (1,) * 9 + (2,), (0,) + (1,) * 40, (0, 1, 1, 1, 2)))
        """How many of a message arrive; where none is lost, nothing is said twice to mend it."""
        self.rooms = ConnectedRooms(limits=Limits(awareness_per_s=10_000), show=self._show)
        self.views: dict[str, View] = {}
        self.taken: tuple[Part, ...] = ()
        """What is being delivered."""
        self.late: list[tuple[int, Message]] = []
        """What is on its way, and to whom."""
        self.recorded: list[Message] = []
        self.sessions = 0
        self.edits = 0
        first = self.rooms.start()
        self.rooms.tell(first, edit("http", "first", None, "Hello, all of you."))
        self.rooms.commit(first)
        self.rooms.start()

    def _show(self, session: str, message: Outgoing) -> None:
        view = self.views.get(session)
        if view is not None:
            view.show(message)
            if isinstance(message, MemberLeft) and Left(message.session) in self.taken:
                view.gone.add(message.session)

    # --- what happens ---------------------------------------------------------------------------

    def step(self) -> None:
        acts = (
            (self.join, 4),
            (self.leave, 2),
            (self.point, 6),
            (self.speak, 5),
            (self.write, 3),
            (self.look, 3),
            (self.start, 1),
            (self.kill, 1),
            (self.flee, 2),
            (self.reconnect, 1),
            (self.play_back, 1),
            (self.deliver, 12),
            (self.wait, 4),
        )
        (act,) = self.random.choices([act for act, _ in acts], [weight for _, weight in acts])
        act()
        for message in self.rooms.wire:
            self.recorded.append(message)
            for number in self.rooms.processes:
                for _ in range(self.random.choice(self.copies)):
                    self.late.append((number, message))
        self.rooms.wire.clear()

    def _any_process(self) -> int:
        return self.random.choice(list(self.rooms.processes))

    def _any_session(self, mode: Mode) -> str | None:
        fit = [session for session, view in self.views.items() if view.mode == mode]
        return self.random.choice(fit) if fit else None

    def join(self) -> None:
        mode: Mode = self.random.choice(("text", "yjs"))
        user = self.random.choice(USERS)
        self._enter(View(self._any_process(), user, mode, 1_000 + self.sessions))

    def _enter(self, view: View) -> None:
        self.sessions += 1
        session = f"s{self.sessions}"
        self.views[session] = view
        self.rooms.tell(view.process, Join(session, view.user, "editor", view.mode))

    def leave(self) -> None:
        if self.views:
            session = self.random.choice(list(self.views))
            view = self.views.pop(session)
            self.rooms.tell(view.process, Leave(session))

    def point(self) -> None:
        session = self._any_session("text")
        if session is None:
            return
        view = self.views[session]
        room = self.rooms.processes[view.process].driven.room
        anchor, head = (self.random.randint(0, len(room.text)) for _ in range(2))
        if self.random.random() < 0.15:
            self.rooms.tell(view.process, MoveCursor(session, None, None, None))
        else:
            self.rooms.tell(view.process, MoveCursor(session, None, anchor, head))

    def speak(self) -> None:
        session = self._any_session("yjs")
        if session is not None:
            self._speak(session, json.dumps({"n": self.random.randrange(1_000)}))

    def _speak(self, session: str, state: str | None) -> None:
        view = self.views[session]
        view.clock += 1
        view.state = state
        update = encode_awareness([(view.client, view.clock, state)])
        self.rooms.tell(view.process, SetAwareness(session, update))

    def write(self) -> None:
        number = self._any_process()
        self.edits += 1
        room = self.rooms.processes[number].driven.room
        at = self.random.randint(0, len(room.text))
        ops = (at, "xy") if self.random.random() < 0.6 or at == 0 else (at - 1, -1)
        self.rooms.tell(number, edit("http", f"e{self.edits}", room.version, *ops))
        self.rooms.commit(number)

    def look(self) -> None:
        self.rooms.tell(self._any_process(), Announced())

    def start(self) -> None:
        if len(self.rooms.processes) < 4:
            self.rooms.start()

    def kill(self) -> None:
        if len(self.rooms.processes) > 1 and self.random.random() < 0.5:
            dead = self._any_process()
            del self.rooms.processes[dead]
            self.views = {s: view for s, view in self.views.items() if view.process != dead}
            self.late = [(number, message) for number, message in self.late if number != dead]

    def flee(self) -> None:
        """A Yjs client is connected elsewhere before its first process has noticed."""
        session = self._any_session("yjs")
        if session is None:
            return
        old = self.views.pop(session)
        # y-protocols keeps its clock, and what it knows of others.
        new = View(self._any_process(), old.user, "yjs", old.client, old.clock)
        self._enter(new)
        (fled, *_) = [each for each, view in self.views.items() if view is new]
        if old.state is not None:
            self._speak(fled, old.state)
        if self.random.random() >= 0.9:
            self.rooms.now_ms += 1_000
        self.rooms.tell(old.process, Leave(session))

    def reconnect(self) -> None:
        self.rooms.connect(self._any_process())

    def play_back(self) -> None:
        if self.recorded:
            message = self.random.choice(self.recorded)
            self.late.append((self._any_process(), message))

    def deliver(self) -> None:
        for _ in range(self.random.randint(1, 12)):
            if not self.late:
                return
            # Mostly in order, as Redis does.
            early = self.random.random() < 0.9
            number, message = self.late.pop(0 if early else self.random.randrange(len(self.late)))
            self.taken = message.received.parts
            self.rooms.deliver(message, number)
            self.taken = ()

    def wait(self) -> None:
        wire, self.rooms.wire = self.rooms.wire, []
        self.rooms.now_ms += self.random.choice((250, 1_000, 6_000))
        for number in list(self.rooms.processes):
            self.rooms.tell(number, Tick())
        self.rooms.wire = wire + self.rooms.wire

    # --- how it ends ----------------------------------------------------------------------------

    def settle(self) -> None:
        for number in list(self.rooms.processes):
            self._enter(View(number, USERS[0], "text", 1_000 + self.sessions))
            self._enter(View(number, USERS[0], "yjs", 1_000 + self.sessions))
        self.late.clear()
        for number in list(self.rooms.processes):
            self.rooms.tell(number, Announced())
        self.rooms.settle()
        self.rooms.pass_time(LIFETIME_MS + ALIVE_MS, step_ms=1_000)
        for session, view in self.views.items():
            if view.mode == "yjs" and view.state is not None:
                # As y-protocols does every 15 s.
                self._speak(session, view.state)
        self.rooms.settle()
        self.rooms.pass_time(ALIVE_MS, step_ms=1_000)

    def check(self) -> None:
        present = set(self.views)
        log = self.rooms.log
        texts = [session for session, view in self.views.items() if view.mode == "text"]
        pointed = self._pointed()
        everything = self._everything()
        assert len(everything) == len(texts) + len(self._said()), "one state for each who speaks"
        assert self._said().items() <= everything.items()
        for session, view in self.views.items():
            assert view.members == present, f"{session} was told of others"
            if view.mode == "text":
                others = {each: cursor for each, cursor in pointed.items() if each != session}
                assert self._carried(view) == others, session
            else:
                assert _heard(view) == _without(everything, view.client), session
        assert all(
            process.driven.room.version == log.version for process in self.rooms.processes.values()
        )

    def _carried(self, view: View) -> dict[str, tuple[int, int]]:
        """The cursors that a client was shown, where it has them at the head."""
        carried = {}
        for session, cursor in view.cursors.items():
            anchor, head = cursor.anchor, cursor.head
            for event in self.rooms.log.events[cursor.version :]:
                anchor = transform_position(anchor, event.ops, before=False)
                head = transform_position(head, event.ops, before=False)
            carried[session] = (anchor, head)
        return carried

    def _pointed(self) -> dict[str, tuple[int, int]]:
        """Every cursor, as one who is in the same process as its owner was shown it."""
        return {
            session: cursor
            for view in self.views.values()
            if view.mode == "text"
            for session, cursor in self._carried(view).items()
            if self.views[session].process == view.process
        }

    def _said(self) -> dict[int, object]:
        """What the Yjs sessions say."""
        return {
            view.client: json.loads(view.state)
            for view in self.views.values()
            if view.mode == "yjs" and view.state is not None
        }

    def _everything(self) -> dict[int, object]:
        """All that anybody was shown, and that speaks itself."""
        everything = self._said()
        for view in self.views.values():
            if view.mode == "yjs":
                everything |= _heard(view)
        return everything


def _heard(view: View) -> dict[int, object]:
    return {
        client: _without_user(state)
        for client, (_, state) in view.awareness.items()
        if state is not None and client != view.client
    }


def _without(states: dict[int, object], client: int) -> dict[int, object]:
    return {each: state for each, state in states.items() if each != client}


def _without_user(state: str) -> object:
    fields = json.loads(state)
    del fields["user"]
    return fields


@pytest.mark.parametrize("part", range(4))
def test_everybody_is_shown_who_is_there(part: int) -> None:
    for seed in range(part, WORLDS, 4):
        world = World(seed)
        try:
            for _ in range(STEPS):
                world.step()
            world.settle()
            world.check()
        except Exception as problem:
            raise AssertionError(f"world {seed}") from problem
