"""The choice of what is compacted next."""

from dataclasses import replace

from storage.compaction.piece import (
    CompactionRule,
    LogShape,
    begin_of_piece,
    chosen,
    is_resting,
    upper_bound,
)
from sync.document.window import weight
from sync.port import EventRecord

RULE = CompactionRule(
    age_ms=1_000, keep_events=10, segment_events=100, min_events=20, min_old_events=5
)
SHAPE = LogShape(
    head=500, compacted=200, openable=400, newest_state=480, last_first=101, last_bytes=1_000
)


def events(first: int, last: int, at_ms: int = 0, size: int = 0) -> list[EventRecord]:
    return [
        EventRecord(n, f"i{n}", ("x",), bytes(size), "a", "A", "s", at_ms, b"")
        for n in range(first, last + 1)
    ]


def versions(found: list[EventRecord]) -> tuple[int, int]:
    return found[0].version, found[-1].version


def test_newest_events_and_those_that_open_the_document_stay() -> None:
    assert upper_bound(SHAPE, RULE) == 400
    assert upper_bound(replace(SHAPE, openable=498), RULE) == 490
    assert upper_bound(replace(SHAPE, openable=0), RULE) == 0


def test_of_a_document_that_rests_only_what_follows_its_newest_state_stays() -> None:
    resting = replace(SHAPE, is_resting=True)
    assert upper_bound(resting, RULE) == 480
    assert upper_bound(replace(resting, newest_state=0), RULE) == 0
    assert upper_bound(resting, replace(RULE, keeps_openable=False)) == 500


def test_documents_rest_when_nobody_has_written_them_for_long() -> None:
    rule = replace(RULE, resting_ms=5_000)
    assert is_resting(1_000, rule, 6_000)
    assert not is_resting(1_001, rule, 6_000)
    assert not is_resting(1_000, RULE, 6_000)


def test_small_segment_is_replaced_and_a_whole_one_is_not() -> None:
    assert begin_of_piece(SHAPE, RULE) == 200
    assert begin_of_piece(replace(SHAPE, last_first=102), RULE) == 101
    assert begin_of_piece(replace(SHAPE, last_first=201), RULE) == 200, "there is none"
    assert begin_of_piece(replace(SHAPE, last_first=102, last_bytes=1 << 20), RULE) == 200


def test_segment_is_filled_up_and_not_beyond() -> None:
    found = chosen(events(101, 130), events(131, 260), RULE, 2_000)
    assert versions(found) == (101, 200)
    assert versions(chosen([], events(201, 350), RULE, 2_000)) == (201, 300)


def test_few_events_wait_until_they_are_many_or_old() -> None:
    assert chosen([], events(1, 19), RULE, 2_000) == []
    assert versions(chosen([], events(1, 20), RULE, 2_000)) == (1, 20)
    assert versions(chosen([], events(1, 19), RULE, 24_000)) == (1, 19)
    assert chosen([], events(1, 4), RULE, 24_000) == []
    assert versions(chosen(events(1, 90), events(91, 100), RULE, 2_000)) == (1, 100)


def test_young_events_and_all_after_them_wait() -> None:
    rows = [*events(1, 50, at_ms=1_000), *events(51, 60, at_ms=1_001), *events(61, 90)]
    assert versions(chosen([], rows, RULE, 2_000)) == (1, 50)


def test_large_events_end_a_segment() -> None:
    size = weight(events(1, 1, size=500)[0])
    rule = replace(RULE, segment_bytes=3 * size)
    rows = events(1, 90, size=500)
    assert versions(chosen([], rows, rule, 2_000)) == (1, 3)
    assert versions(chosen(rows[:2], rows[2:], rule, 2_000)) == (1, 3)
    # A segment that large events have filled is not replaced for ever.
    assert versions(chosen(rows[:3], rows[3:], rule, 2_000)) == (4, 6)
