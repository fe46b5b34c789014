"""The time that a page's thread takes for each key that is pressed, from a trace of Chromium.

That of a key is the tasks which its events are dispatched in, with what they set off at once, and
the first frame after them: scripts, styles, layout, painting. The wait for the display's next frame
is not in it. A message that the page posts to itself would count that too: Chromium holds such
tasks back after an input until the frame is shown.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

CATEGORIES: Final = ("devtools.timeline", "disabled-by-default-devtools.timeline")
_TASK: Final = "RunTask"
_EVENTS: Final = frozenset({"keydown", "keypress", "textInput"})
_FIRST: Final = "keydown"
_FRAME: Final = "Commit"

Event = Mapping[str, Any]


class Spent(NamedTuple):
    """Milliseconds by the clock, and of the thread's own processor time."""

    wall_ms: float
    cpu_ms: float


class _Task(NamedTuple):
    start: int
    end: int
    cpu: int
    keys: int
    """Keys that it begins to handle; none if it handles no key or goes on with one."""
    of_key: bool
    is_frame: bool


def handling(events: Sequence[Event]) -> list[Spent]:
    """The time for each key, in the order in which they were pressed."""
    spent: list[Spent] = []
    wall = cpu = 0
    waits = begun = False
    for task in _tasks(events):
        if task.keys > 0 and begun:
            spent.append(Spent(wall / 1_000, cpu / 1_000))
        if task.keys > 0:
            wall = cpu = 0
            begun = waits = True
        if begun and waits and (task.of_key or task.is_frame):
            wall += task.end - task.start
            cpu += task.cpu
            waits = not task.is_frame
    return [*spent, Spent(wall / 1_000, cpu / 1_000)] if begun else spent


def longest_task_ms(events: Sequence[Event]) -> float:
    """Processor time of the longest task since the first key."""
    tasks = _tasks(events)
    first = next((task.start for task in tasks if task.keys > 0), None)
    if first is None:
        return 0.0
    return max(task.cpu for task in tasks if task.start >= first) / 1_000


def _tasks(events: Sequence[Event]) -> list[_Task]:
    """The tasks of the thread that keys are dispatched on, in order."""
    keys = [event for event in events if _kind(event) in _EVENTS]
    if not keys:
        return []
    thread = _thread(keys[0])
    here = [event for event in events if _thread(event) == thread]
    marks = sorted(
        (event["ts"], _kind(event) or event["name"])
        for event in here
        if _kind(event) in _EVENTS or event["name"] == _FRAME
    )
    tasks: list[_Task] = []
    at = 0
    for event in sorted((one for one in here if one["name"] == _TASK), key=lambda one: one["ts"]):
        start, end = event["ts"], event["ts"] + event.get("dur", 0)
        found: list[str] = []
        while at < len(marks) and marks[at][0] <= end:
            if marks[at][0] >= start:
                found.append(marks[at][1])
            at += 1
        of_key = any(kind in _EVENTS for kind in found)
        begins = found.count(_FIRST)
        tasks.append(_Task(start, end, event.get("tdur", 0), begins, of_key, _FRAME in found))
    return tasks


def _kind(event: Event) -> str | None:
    """The type of a DOM event that is dispatched; None: it is another kind of trace event."""
    if event["name"] != "EventDispatch":
        return None
    kind: str = event.get("args", {}).get("data", {}).get("type", "")
    return kind


def _thread(event: Event) -> tuple[int, int]:
    return event["pid"], event["tid"]
