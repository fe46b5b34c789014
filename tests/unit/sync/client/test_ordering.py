"""Unit tests of `sync.client.ordering`: duplicates are dropped, early things held, gaps named."""

from sync.client.ordering import Gap, OrderingBuffer


def put(buffer: OrderingBuffer[str], *versions: int) -> list[str]:
    out: list[str] = []
    for version in versions:
        out += buffer.put(f"v{version}", version, version)
    return out


def test_what_comes_in_order_comes_out_at_once() -> None:
    buffer = OrderingBuffer[str](3)
    assert put(buffer, 4, 5) == ["v4", "v5"]
    assert buffer.version == 5
    assert buffer.gap is None


def test_duplicates_are_dropped_before_and_after_they_come_out() -> None:
    buffer = OrderingBuffer[str]()
    assert put(buffer, 1, 1, 3, 3) == ["v1"]
    assert len(buffer) == 1
    assert put(buffer, 2, 3, 2, 1) == ["v2", "v3"]
    assert len(buffer) == 0


def test_early_things_wait_and_the_gap_is_named() -> None:
    buffer = OrderingBuffer[str](10)
    assert put(buffer, 14, 13) == []
    assert buffer.gap == Gap(since=10, upto=12)
    assert put(buffer, 11) == ["v11"]
    assert buffer.gap == Gap(since=11, upto=12)
    assert put(buffer, 12) == ["v12", "v13", "v14"]
    assert buffer.gap is None


def test_ranges_may_overlap_with_what_is_there() -> None:
    buffer = OrderingBuffer[str](5)
    assert buffer.put("3-5", 3, 5) == []
    assert buffer.put("9-12", 9, 12) == []
    assert buffer.put("8-10", 8, 10) == []
    assert buffer.put("4-8", 4, 8) == ["4-8", "8-10", "9-12"]
    assert buffer.version == 12


def test_a_held_range_that_was_covered_meanwhile_is_dropped() -> None:
    buffer = OrderingBuffer[str]()
    buffer.put("3-4", 3, 4)
    assert buffer.put("1-6", 1, 6) == ["1-6"]
    assert (buffer.version, len(buffer)) == (6, 0)


def test_what_covers_nothing_waits_for_its_place_and_moves_nothing() -> None:
    buffer = OrderingBuffer[str]()
    assert buffer.put("behind 2, a", 3, 2) == []
    assert buffer.put("behind 2, b", 3, 2) == []
    assert buffer.gap == Gap(since=0, upto=2)
    assert put(buffer, 3, 1) == ["v1"]
    assert put(buffer, 2) == ["v2", "behind 2, a", "behind 2, b", "v3"]
    assert buffer.put("behind 1", 2, 1) == ["behind 1"]
    assert buffer.version == 3


def test_holding_is_bounded_and_drops_what_is_furthest_ahead() -> None:
    buffer = OrderingBuffer[str](max_held=2)
    assert put(buffer, 4, 2, 3, 9) == []
    assert len(buffer) == 2
    assert put(buffer, 1) == ["v1", "v2", "v3"]
    assert put(buffer, 4) == ["v4"]


def test_reset_forgets_what_was_held() -> None:
    buffer = OrderingBuffer[str]()
    put(buffer, 5)
    buffer.reset(7)
    assert (buffer.version, buffer.gap) == (7, None)
    assert put(buffer, 5, 7, 8) == ["v8"]
