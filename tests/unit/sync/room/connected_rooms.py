"""Rooms of one document in several processes, and the bus between them, driven step by step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sync.effect import Deliver, Effect, Look, Relay
from sync.fact import Connected, Fact, Found, RelayReceived, Tick
from sync.limit import Limits
from sync.port import Followed
from sync.wire.message import Outgoing
from tests.unit.sync.room.driven_room import DrivenRoom, MemoryLog

SLOW_TICK_MS: Final = 5_000
"""The interval of ticks for rooms that want none, as in `sync.shells.rooms.executor`."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a room has relayed at once."""

    sender: int
    received: RelayReceived


@dataclass(slots=True)
class Process:
    """A room, as its process runs it."""

    driven: DrivenRoom
    sender: str
    relayed: int = 0


@dataclass(slots=True)
class ConnectedRooms:
    """Several rooms on one log; what they relay waits in `wire` until it is delivered."""

    log: MemoryLog = field(default_factory=MemoryLog)
    limits: Limits = field(default_factory=Limits)
    show: Callable[[str, Outgoing], None] = lambda _session, _message: None
    """Told every message that a session is sent."""
    processes: dict[int, Process] = field(default_factory=dict)
    wire: list[Message] = field(default_factory=list)
    now_ms: int = 1_000_000
    started: int = 0

    def start(self, *, connect: bool = True) -> int:
        """Open the room in one more process; returns its number."""
        number = self.started
        self.started += 1
        driven = DrivenRoom(self.limits, self.log)
        self.processes[number] = Process(driven, f"voice-{number}")
        if connect:
            self.connect(number)
        return number

    def connect(self, number: int) -> None:
        self.tell(number, Connected(self.processes[number].sender))

    def tell(self, number: int, *facts: Fact) -> list[Effect]:
        """Hand facts to one room; what it relays is put on the wire."""
        process = self.processes[number]
        process.driven.now_ms = self.now_ms
        effects = process.driven.tell(*facts)
        self._carry_out(number, effects)
        return effects

    def commit(self, number: int) -> list[Effect]:
        """Merge what waits in one room."""
        effects = self.processes[number].driven.commit()
        self._carry_out(number, effects)
        return effects

    def _carry_out(self, number: int, effects: list[Effect]) -> None:
        process = self.processes[number]
        parts = tuple(effect.part for effect in effects if isinstance(effect, Relay))
        if parts:
            process.relayed += 1
            self.wire.append(Message(number, RelayReceived(process.sender, process.relayed, parts)))
        for effect in effects:
            if isinstance(effect, Deliver):
                for session in effect.sessions:
                    self.show(session, effect.message)
        for effect in effects:
            if isinstance(effect, Look):
                news = self.log.events[effect.after :]
                followed = Followed(self.log.document(), news, dict(self.log.authors))
                self.tell(number, Found(followed))

    def deliver(self, message: Message, to: int) -> list[Effect]:
        return self.tell(to, message.received)

    def settle(self) -> None:
        """Deliver all, in order, to everybody, until nobody has anything to say."""
        while self.wire:
            message = self.wire.pop(0)
            for number in list(self.processes):
                self.deliver(message, number)

    def pass_time(self, duration_ms: int, *, step_ms: int = 250, only_wanted: bool = False) -> None:
        """Let time pass with nothing lost, with a tick at each step.

        Args:
            only_wanted: whether rooms that want no ticks have them as rarely as in a server.
        """
        for _ in range(duration_ms // step_ms):
            self.now_ms += step_ms
            is_slow_tick = self.now_ms % SLOW_TICK_MS < step_ms
            for number, process in list(self.processes.items()):
                if not only_wanted or is_slow_tick or process.driven.room.wants_ticks:
                    self.tell(number, Tick())
            self.settle()
