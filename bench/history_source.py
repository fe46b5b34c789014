"""Histories to measure: recorded sessions of one and of two people, and a long synthetic one.

Each is a list of steps, as people made them. A `Session` makes Yjs clients of these people: they
send updates, and know of each other what they knew then.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate, cycle, islice, pairwise
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from pycrdt import Doc, Text

from bench.trace import load_trace

_OTHER: Final = "json-crdt-blog-post"
"""The session whose words and pauses those get that have none."""
Patch = tuple[int, int, str]
"""A place in code points, how many are deleted there, and what is inserted."""


class Step(NamedTuple):
    """The edit of one person at one moment."""

    agent: int
    at_ms: int
    parents: Sequence[int]
    """The numbers of the last steps that it knows of."""
    patches: Sequence[Patch]


def recorded(name: str) -> list[Step]:
    """Return a recorded session; one without times gets those of another."""
    trace = load_trace(name)
    if "time" in trace["txns"][0]:
        times: Iterable[int] = _times(trace)
    else:
        times = _typed_times(1_700_000_000_000)
    return [
        Step(
            each.get("agent", 0),
            at_ms,
            each.get("parents", [number - 1] if number else []),
            [(at, deleted, inserted) for at, deleted, inserted in each["patches"]],
        )
        for number, (at_ms, each) in enumerate(zip(times, trace["txns"], strict=False))
    ]


def synthetic(count: int) -> list[Step]:
    """Return the steps of a person who writes words, and now and then works somewhere else."""
    return list(islice(_written(), count))


def _written() -> Iterator[Step]:
    random, caret, length = Random(7), 0, 0
    words = load_trace(_OTHER)["endContent"].split(" ")
    times = _typed_times(1_700_000_000_000)
    number = 0

    def step(position: int, deleted: int, inserted: str) -> Step:
        nonlocal number
        number += 1
        known = [number - 2] if number > 1 else []
        return Step(0, next(times), known, [(position, deleted, inserted)])

    while True:
        if random.random() < 0.05:
            caret = random.randrange(length + 1)
        for char in random.choice(words) + " ":
            yield step(caret, 0, char)
            caret += 1
            length += 1
            if random.random() < 0.06:
                for _ in range(min(random.randint(1, 8), caret)):
                    caret -= 1
                    length -= 1
                    yield step(caret, 1, "")
        if length > 100_000:
            # A passage goes, so that the synthetic text does not outgrow real ones.
            yield step(0, 50_000, "")
            caret = max(caret - 50_000, 0)
            length -= 50_000


def _times(trace: dict[str, Any]) -> list[int]:
    """The recorded times; those of whole seconds are spread over them."""
    times = [datetime.fromisoformat(each["time"]).timestamp() for each in trace["txns"]]
    random = Random(1)
    if any(time % 1 for time in times):
        return [round(time * 1000) for time in times]
    return sorted(int(time) * 1000 + random.randrange(1000) for time in times)


def _typed_times(start_ms: int) -> Iterator[int]:
    """Times with the pauses of a person who types, as one was recorded."""
    recorded_ms = _times(load_trace(_OTHER))
    pauses = [max(after - before, 0) for before, after in pairwise(recorded_ms)]
    return accumulate(cycle(pauses), initial=start_ms)


class Typist:
    """A Yjs client: edits of its text become updates."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc(skip_gc=True)
        self._text: Text = self.doc.get("content", type=Text)
        self._updates: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self._updates.append(event.update))
        self.content = ""
        self.seen: set[int] = set()
        """The numbers of the steps that have reached it."""

    def edit(self, patches: Iterable[Patch]) -> bytes:
        self._updates.clear()
        with self.doc.transaction():
            for position, deleted, inserted in patches:
                before, behind = self.content[:position], self.content[position + deleted :]
                start = len(before.encode())
                if deleted:
                    gone = self.content[position : position + deleted]
                    del self._text[start : start + len(gone.encode())]
                if inserted:
                    self._text.insert(start, inserted)
                self.content = before + inserted + behind
        return self._updates.pop() if self._updates else b""

    def merge(self, updates: Iterable[bytes]) -> None:
        for update in updates:
            self.doc.apply_update(update)
        self.content = str(self._text)


class Session:
    """The clients of a session, who know of each other's steps what they knew then."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._typists = {step.agent: Typist() for step in steps}
        self._updates: list[bytes] = []

    def typed(self) -> Iterator[tuple[Step, bytes]]:
        """Yield each step, and the update that the client of its person sends."""
        is_alone = len(self._typists) == 1
        for number, step in enumerate(self._steps):
            typist = self._typists[step.agent]
            if not is_alone:
                missing = _missing(self._steps, step.parents, typist.seen)
                typist.merge(self._updates[each] for each in missing)
                typist.seen.update([*missing, number])
            update = typist.edit(step.patches)
            if not is_alone:
                self._updates.append(update)
            yield step, update

    @property
    def content(self) -> str:
        """The text, in a session of one person."""
        (typist,) = self._typists.values()
        return typist.content

    def yjs_file(self) -> bytes:
        """Return the file that Yjs makes of what was typed, deleted text included."""
        first, *others = (typist.doc for typist in self._typists.values())
        for other in others:
            first.apply_update(other.get_update())
        update: bytes = first.get_update()
        return update


def _missing(steps: Sequence[Step], parents: Iterable[int], seen: set[int]) -> list[int]:
    """The numbers of the steps that somebody knows of who knows of `parents`, and has not seen."""
    wanted, missing = list(parents), set[int]()
    while wanted:
        parent = wanted.pop()
        if parent not in seen and parent not in missing:
            missing.add(parent)
            wanted += steps[parent].parents
    return sorted(missing)


def write_steps(steps: Sequence[Step], path: Path) -> None:
    """Write a session as recorded ones are written."""
    txns = [{"agent": s.agent, "parents": s.parents, "patches": s.patches} for s in steps]
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        json.dump({"txns": txns}, file)
