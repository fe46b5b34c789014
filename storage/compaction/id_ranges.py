"""The index of the ids in a segment, as few rows: most ids are a stem and a number that counts up.

A row says: an id of this stem with a number from `low` to `high` may be in the segment that has the
event `version`. The segment has the last word. Ids that do not count have a row each, with the
whole id as their stem.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

_MAX_GAP: Final = 8
"""Numbers of one range are no farther apart: so what a range covers is mostly there, and whoever
chooses ids cannot have every segment looked into for each of them."""

# A number, and perhaps the nonce that ids which were made up have behind it. Those of the page are
# a tag, a dot and a number.
_counted = re.compile(
    r"(.*)[-.](0|[1-9][0-9]{0,8})(-[0-9a-f]{12})?", re.ASCII | re.DOTALL
).fullmatch


class IdPlace(NamedTuple):
    """The place that an id would have in the index."""

    stem: int
    """A hash of 48 bits: others may have the same."""
    number: int


class IdRange(NamedTuple):
    """A row of the index."""

    stem: int
    version: int
    low: int
    high: int


def places_of(event_id: str) -> list[IdPlace]:
    """Return the places where an id may be: those of the page once had a row each."""
    found = _counted(event_id)
    if found is None:
        return [IdPlace(_hash(event_id), 0)]
    counted = IdPlace(_hash(found[1]), int(found[2]))
    if event_id[len(found[1])] == ".":
        return [counted, IdPlace(_hash(event_id), 0)]
    return [counted]


def id_ranges(ids: Iterable[tuple[int, str]]) -> list[IdRange]:
    """Return the rows for the ids of a segment, given as (version, id)."""
    places: dict[int, list[tuple[int, int]]] = {}
    stems: dict[str, int] = {}
    for version, event_id in ids:
        found = _counted(event_id)
        text, number = (event_id, 0) if found is None else (found[1], int(found[2]))
        stem = stems.get(text)
        if stem is None:
            stem = stems[text] = _hash(text)
        places.setdefault(stem, []).append((number, version))
    return sorted(each for stem, numbers in places.items() for each in _ranges(stem, numbers))


def _ranges(stem: int, numbers: list[tuple[int, int]]) -> Iterator[IdRange]:
    numbers.sort()
    low = high = numbers[0][0]
    version = numbers[0][1]
    for number, of in numbers[1:]:
        if number - high > _MAX_GAP:
            yield IdRange(stem, version, low, high)
            low = number
        high, version = number, of
    yield IdRange(stem, version, low, high)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=6, person=b"id stem").digest())
