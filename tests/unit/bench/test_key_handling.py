"""`bench.key_handling`: the time for each key, from traces as Chromium writes them."""

from typing import Any

from bench.key_handling import handling, longest_task_ms

_MAIN = {"pid": 1, "tid": 1}
Trace = list[dict[str, Any]]


def _task(start_ms: float, wall_ms: float, *inside: dict[str, Any], cpu_ms: float = 1) -> Trace:
    times = {"ts": start_ms * 1_000, "dur": wall_ms * 1_000, "tdur": cpu_ms * 1_000}
    marks = [
        {**_MAIN, "ts": (start_ms + 0.1 + 0.1 * number) * 1_000, **mark}
        for number, mark in enumerate(inside)
    ]
    return [{**_MAIN, "name": "RunTask", **times}, *marks]


def _event(kind: str) -> dict[str, Any]:
    return {"name": "EventDispatch", "args": {"data": {"type": kind}}}


_KEYDOWN, _KEYPRESS, _KEYUP = _event("keydown"), _event("keypress"), _event("keyup")
_FRAME = {"name": "Commit"}


def _walls(trace: Trace) -> list[float]:
    return [round(spent.wall_ms, 3) for spent in handling(trace)]


def test_a_key_takes_the_task_of_its_events_and_the_frame_that_shows_it() -> None:
    trace = _task(10, 4, _KEYDOWN, _KEYPRESS, cpu_ms=3) + _task(25, 5, _FRAME, cpu_ms=4)
    assert _walls(trace) == [9]
    assert handling(trace)[0].cpu_ms == 7


def test_events_of_one_key_in_several_tasks_are_added() -> None:
    assert _walls(_task(10, 4, _KEYDOWN) + _task(15, 3, _KEYPRESS) + _task(20, 5, _FRAME)) == [12]


def test_what_is_between_and_behind_is_left_out() -> None:
    other = _task(16, 2) + _task(18, 1, _KEYUP)
    later = _task(40, 8, _FRAME) + _task(50, 9)
    assert _walls(_task(10, 4, _KEYDOWN) + other + _task(25, 5, _FRAME) + later) == [9]


def test_each_key_has_a_time_of_its_own() -> None:
    first = _task(10, 4, _KEYDOWN, _KEYPRESS) + _task(25, 5, _FRAME)
    second = _task(90, 2, _KEYDOWN, _KEYPRESS) + _task(95, 1, _FRAME)
    assert _walls(second + first) == [9, 3]


def test_a_key_without_a_frame_of_its_own_counts_its_events() -> None:
    trace = _task(10, 4, _KEYDOWN) + _task(20, 2, _KEYDOWN) + _task(25, 5, _FRAME)
    assert _walls(trace) == [4, 7]


def test_other_threads_are_left_out() -> None:
    others = [{**event, "tid": 2} for event in _task(12, 50, _FRAME)]
    assert _walls(_task(10, 4, _KEYDOWN) + others + _task(70, 5, _FRAME)) == [9]


def test_the_longest_task_is_one_since_the_first_key() -> None:
    tracing = _task(1, 60, cpu_ms=55)
    trace = tracing + _task(90, 4, _KEYDOWN, cpu_ms=3) + _task(100, 20, cpu_ms=12)
    assert longest_task_ms(trace) == 12
    assert longest_task_ms(tracing) == 0
