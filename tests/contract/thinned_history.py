"""Histories of real CRDT updates for the tests of retention, and what is known of every version."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from sync.names import DEFAULT_TEXT_ROOT
from sync.port import EventRecord
from sync.submission import update_digest
from sync.text.delta import Delta, apply
from sync.text.textdiff import diff
from sync.yjs.replica import Replica

ACTORS: Final = ("ada", "bob", "carl")
PAUSE_MS: Final = 300_000
BEGUN_MS: Final = 1_700_000_000_000


@dataclass
class History:
    """A document that three people write, with every text that it had."""

    random: Random
    letters: str = "ab \n€"
    events: list[EventRecord] = field(default_factory=list)
    texts: list[str] = field(default_factory=lambda: [""])
    at_ms: int = BEGUN_MS

    def __post_init__(self) -> None:
        self._replicas = {
            name: Replica(index + 1, DEFAULT_TEXT_ROOT) for index, name in enumerate(ACTORS)
        }

    def write(self, count: int) -> None:
        """Add some events of all kinds."""
        while len(self.events) < count:
            chance = self.random.random()
            if chance < 0.1 and len(self.texts) > 3:
                version = self.random.randrange(len(self.texts))
                ops = diff(self.texts[-1], self.texts[version])
                if ops:
                    self._add("bob", f"restore-{version}-00aa{len(self.events)}", ops)
                continue
            actor = self.random.choice(ACTORS)
            door = self.random.choice(["s", "s", "http-"])
            for ops in self._typed(actor)[: count - len(self.events)]:
                self._add(actor, f"{door}{actor}", ops)

    def insert(self, text: str) -> None:
        """Insert a text at the beginning."""
        self._add("ada", "sada", (text,))

    def delete(self, count: int) -> None:
        """Delete some characters at the beginning."""
        self._add("bob", "sbob", (-count,))

    def _typed(self, actor: str) -> list[Delta]:
        text = self.texts[-1]
        at = self.random.randrange(len(text) + 1)
        if text and self.random.random() < 0.35:
            gone = min(self.random.choice([1, 1, 3, 20]), len(text) - at)
            if gone:
                return [(at, -gone) if at else (-gone,)]
        words = [
            self.random.choice(self.letters) * self.random.choice([1, 1, 4])
            for _ in range(self.random.choice([1, 3, 8]))
        ]
        typed: list[Delta] = []
        for word in words:
            typed.append((at, word) if at else (word,))
            at += len(word)
        return typed

    def _add(self, actor: str, session: str, ops: Delta) -> None:
        version = len(self.events) + 1
        replica = self._replicas[actor]
        update = replica.edit(ops)
        for name, other in self._replicas.items():
            if name != actor:
                other.load([update])
        self.at_ms += self.random.choice([-300, 0, 40, 900, 900, 900, 900, PAUSE_MS + 1])
        self.events.append(
            EventRecord(
                version,
                f"{session}-{version}-{version:012x}",
                ops,
                update,
                actor,
                actor.upper(),
                session,
                self.at_ms,
                update_digest(update),
            )
        )
        self.texts.append(apply(self.texts[-1], ops))
        assert replica.text == self.texts[-1]
