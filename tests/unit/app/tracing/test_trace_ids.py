"""The ids of an edit's trace."""

from app.tracing.trace_ids import trace_ids


def test_every_process_finds_the_same_trace_and_each_edit_has_its_own() -> None:
    assert trace_ids(7, "a.1") == trace_ids(7, "a.1")
    others = [trace_ids(7, "a.2"), trace_ids(8, "a.1"), trace_ids(71, ".1")]
    found = {ids.trace for ids in (trace_ids(7, "a.1"), *others)}
    assert len(found) == 4
    assert all(0 < ids.trace < 1 << 128 and 0 < ids.root < 1 << 64 for ids in others)


def test_ratio_is_kept_and_a_larger_one_has_what_a_smaller_one_has() -> None:
    edits = [trace_ids(1, f"a.{number}") for number in range(4000)]
    tenth = {ids for ids in edits if ids.is_sampled(0.1)}
    half = {ids for ids in edits if ids.is_sampled(0.5)}
    assert 300 < len(tenth) < 500
    assert 1850 < len(half) < 2150
    assert tenth < half
    assert not any(ids.is_sampled(0.0) for ids in edits)
    assert all(ids.is_sampled(1.0) for ids in edits)
