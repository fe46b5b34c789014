from msgspec.structs import replace

from storage.retention.merge_plan import (
    PAUSE_MS,
    boundary_at_or_before,
    dropped_regions,
    thinned_runs,
)
from sync.port import EventRecord
from tests.contract.sample import event


def runs(events: list[EventRecord], *cuts: int, is_whole: bool = True) -> list[tuple[int, int]]:
    found = thinned_runs(events, cuts, is_whole=is_whole)
    return [(run[0].version, run[-1].version) for run in found]


EVENTS = [event(version) for version in range(1, 7)]


def test_sitting_ends_at_a_pause() -> None:
    late = replace(EVENTS[3], at_ms=EVENTS[2].at_ms + PAUSE_MS + 1)
    assert runs([*EVENTS[:3], late]) == [(1, 3), (4, 4)]
    in_time = replace(late, at_ms=EVENTS[2].at_ms + PAUSE_MS)
    assert runs([*EVENTS[:3], in_time]) == [(1, 4)]


def test_version_with_a_name_ends_a_run() -> None:
    assert runs(EVENTS, 2, 3) == [(1, 2), (3, 3), (4, 6)]


def test_restores_take_backs_and_repairs_are_alone() -> None:
    for session in ("restore-1-0a", "take-back-1-2-all-0a", "repair"):
        alone = replace(EVENTS[2], session=session)
        assert runs([*EVENTS[:2], alone, *EVENTS[3:]]) == [(1, 2), (3, 3), (4, 6)]


def test_sitting_that_is_not_over_is_left_out() -> None:
    assert runs(EVENTS, 4, is_whole=False) == [(1, 4)]
    assert runs(EVENTS, is_whole=False) == []
    assert runs([]) == []


def test_dropped_regions_end_at_names_and_the_floor() -> None:
    assert list(dropped_regions([], [3, 0, 9, 7], 7)) == [(0, 3), (3, 7)]
    assert list(dropped_regions([(1, 3), (4, 5)], [3], 7)) == [(3, 7)]
    assert list(dropped_regions([(1, 3), (4, 7)], [3], 7)) == []
    assert list(dropped_regions([], [], 0)) == []


def test_boundary_is_a_version_that_is_there() -> None:
    merged = [(1, 3), (4, 4), (5, 8)]
    found = [boundary_at_or_before(merged, version) for version in range(10)]
    assert found == [0, 0, 0, 3, 4, 4, 4, 4, 8, 9]
