"""The index of ids: whatever is in a segment is found by it, and little else is looked for."""

from random import Random

from storage.compaction.id_ranges import IdPlace, IdRange, id_ranges, places_of


def covers(ranges: list[IdRange], place: IdPlace) -> list[IdRange]:
    return [
        each for each in ranges if each.stem == place.stem and each.low <= place.number <= each.high
    ]


def place_of(event_id: str) -> IdPlace:
    return places_of(event_id)[0]


def test_ids_of_a_page_are_one_range() -> None:
    ranges = id_ranges([(n, f"tag_A-9.{n}") for n in range(1, 500)])
    assert [(each.low, each.high, each.version) for each in ranges] == [(1, 499, 499)]
    assert covers(ranges, place_of("tag_A-9.77"))


def test_ids_of_a_page_are_found_that_were_indexed_one_by_one() -> None:
    older = IdRange(place_of("whole").stem, 4, 0, 0)
    whole = IdPlace(older.stem, 0)
    assert places_of("whole") == [whole]
    counted, alone = places_of("tag.12")
    assert (counted.number, alone.number) == (12, 0)
    assert alone.stem not in (counted.stem, whole.stem)


def test_a_session_that_counts_up_is_one_range() -> None:
    made_up = [(n, f"s1-{n}-{n:012x}") for n in range(1, 500)]
    ranges = id_ranges(made_up)
    assert [(each.low, each.high, each.version) for each in ranges] == [(1, 499, 499)]
    assert {each.stem for each in ranges} == {place_of("s1-7-00000000000a").stem}
    assert place_of("s1-7").stem == ranges[0].stem


def test_ids_that_do_not_count_have_a_range_each() -> None:
    ids = [(1, "alpha"), (2, "x-01"), (3, "x-"), (4, "x-1234567890"), (5, "x-1-xyz"), (6, "-5")]
    ranges = id_ranges(ids)
    assert len(ranges) == 6
    assert place_of("x-01") == IdPlace(place_of("x-01").stem, 0)
    assert place_of("-5") == IdPlace(place_of("-6").stem, 5)


def test_random_ids_are_found_in_their_range() -> None:
    for seed in range(200):
        random = Random(seed)
        ids: dict[str, int] = {}
        for version in range(1, random.randint(2, 80)):
            stem = random.choice(["a", "b", "s-1", "-", "s.1"])
            event_id = random.choice(
                [
                    f"{stem}-{random.randint(0, 200)}",
                    f"{stem}.{random.randint(0, 200)}",
                    f"{stem}-{random.randint(0, 10**9 - 1)}-{random.randbytes(6).hex()}",
                    random.randbytes(6).hex(),
                ]
            )
            ids.setdefault(event_id, version)
        ranges = id_ranges((version, event_id) for event_id, version in ids.items())
        assert len({(each.stem, each.version) for each in ranges}) == len(ranges), "a primary key"
        for event_id in ids:
            assert covers(ranges, place_of(event_id)), event_id


def test_what_a_range_covers_is_dense() -> None:
    spread = [(n, f"s-{n * 9}") for n in range(1, 100)]
    assert len(id_ranges(spread)) == 99
    near = [(n, f"s-{n * 8}") for n in range(1, 100)]
    assert len(id_ranges(near)) == 1
