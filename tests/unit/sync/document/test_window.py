"""sync.document.window: consecutive events up to the head, bounded in number and bytes."""

import pytest
from msgspec.structs import asdict

from sync.document.merged_event import MergedEvent, alone
from sync.document.window import Window, weight
from sync.port import EventRecord


def record(version: int, size: int = 10) -> EventRecord:
    return EventRecord(version, f"e{version}", ("x",), b"u" * size, "u", "U", "s", 0, b"")


def window(upto: int, max_events: int = 100, max_bytes: int = 1 << 20) -> Window:
    made = Window(max_events, max_bytes)
    for version in range(1, upto + 1):
        made.append(record(version))
    made.trim()
    return made


@pytest.mark.parametrize("after", range(6, 11))
def test_window_gives_what_follows_a_version(after: int) -> None:
    found = window(10, max_events=4).after(after, 10)
    assert found is not None
    assert [each.version for each in found] == list(range(after + 1, 11))


def test_window_gives_nothing_rather_than_part() -> None:
    assert window(10, max_events=4).after(5, 10) is None
    assert window(0).after(0, 3) is None


def test_window_forgets_the_ids_that_fell_out() -> None:
    trimmed = window(10, max_events=4)
    assert trimmed.find("e6") is None
    assert trimmed.find("e7") == record(7)
    assert trimmed.first(10) == 6


def test_window_is_bounded_in_bytes_but_keeps_the_newest() -> None:
    trimmed = window(10, max_bytes=3 * weight(record(1)))
    assert trimmed.first(10) == 7
    trimmed.append(record(11, 5_000))
    trimmed.trim()
    assert trimmed.first(11) == 10


def test_window_does_not_trim_by_itself() -> None:
    made = Window(1, 1)
    for version in range(1, 4):
        made.append(record(version))
    assert made.after(0, 3) is not None


def test_window_begins_behind_an_event_that_stands_for_several() -> None:
    made = Window(10, 10_000)
    made.follow(record(4))
    merged = MergedEvent(**asdict(record(7)), first=5, shares=(alone(record(7)),))
    made.follow(merged)
    assert made.find("e4") is None
    assert made.after(6, 7) is None
    made.follow(record(8))
    assert made.after(7, 8) == [record(8)]
    assert made.first(8) == 7
