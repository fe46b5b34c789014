"""Figures of several processes become those of one."""

from app.metrics.figure import (
    Distribution,
    Series,
    Snapshot,
    counter,
    decode_snapshot,
    encode_snapshot,
    gauge,
    merge_snapshots,
)


def of(snapshot: Snapshot, name: str) -> dict[tuple[str, ...], float]:
    for figure in snapshot.figures:
        if figure.name == name:
            return {each.labels: each.value for each in figure.series}
    return {}


def process(pid: int, *, edits: float, rooms: float, slow: int = 0) -> Snapshot:
    return Snapshot(
        pid,
        [
            counter("edits", "Edits.", edits),
            counter("refusals", "Refusals.", {"forbidden": edits / 2}.items(), "code"),
            gauge("rooms", "Rooms.", rooms),
            gauge("up", "Up.", int(rooms < 5), merge="least"),
            gauge("wait", "Wait.", rooms, merge="most"),
            gauge("memory", "Memory.", rooms * 100, merge="each"),
        ],
        [Distribution("seconds", "Seconds.", (0.1, 1.0), [1, slow, 0], 0.0625 + slow)],
    )


def test_living_processes_are_added_up() -> None:
    merged = merge_snapshots([process(1, edits=10, rooms=2), process(2, edits=4, rooms=7, slow=3)])
    assert of(merged, "edits") == {(): 14}
    assert of(merged, "refusals") == {("forbidden",): 7}
    assert of(merged, "rooms") == {(): 9}
    assert of(merged, "up") == {(): 0}
    assert of(merged, "wait") == {(): 7}
    assert of(merged, "memory") == {("1",): 200, ("2",): 700}
    assert merged.distributions[0].counts == [2, 3, 0]
    assert merged.distributions[0].sum == 3.125


def test_of_a_process_that_has_ended_counters_stay_and_gauges_go() -> None:
    merged = merge_snapshots([process(1, edits=10, rooms=2)], [process(2, edits=4, rooms=7)])
    assert of(merged, "edits") == {(): 14}
    assert of(merged, "rooms") == {(): 2}
    assert of(merged, "memory") == {("1",): 200}
    assert merged.distributions[0].counts == [2, 0, 0]


def test_counters_of_ended_processes_can_be_put_together_in_steps() -> None:
    first = merge_snapshots((), [process(2, edits=4, rooms=7), process(3, edits=5, rooms=1)])
    merged = merge_snapshots([process(1, edits=10, rooms=2)], [first])
    assert of(merged, "edits") == {(): 19}
    assert of(merged, "rooms") == {(): 2}
    assert merged.distributions[0].counts == [3, 0, 0]


def test_labels_of_only_one_process_stay() -> None:
    one = Snapshot(1, [counter("closed", "Closed.", {"1012": 2}.items(), "code")], [])
    other = Snapshot(2, [counter("closed", "Closed.", {"gone": 3}.items(), "code")], [])
    assert of(merge_snapshots([one, other]), "closed") == {("1012",): 2, ("gone",): 3}


def test_snapshot_survives_being_encoded() -> None:
    snapshot = process(7, edits=3, rooms=1)
    assert decode_snapshot(encode_snapshot(snapshot)) == snapshot
    assert decode_snapshot(encode_snapshot(snapshot)[:-3]) is None
    assert decode_snapshot(b"") is None


def test_one_value_is_a_series_without_labels() -> None:
    assert counter("edits", "Edits.", 3).series == [Series((), 3)]
