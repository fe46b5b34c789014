"""The contract of every event log: checkpoints, and which of them keep their state."""

from itertools import pairwise
from random import Random

import pytest

from sync.port import Checkpoint, EventLog, StoreError
from tests.contract.sample import Create, append, event

pytestmark = pytest.mark.anyio


async def test_only_two_checkpoints_keep_their_state(log: EventLog, create: Create) -> None:
    a, b = [(await create(name)).key for name in "ab"]
    await log.save_checkpoint(b, Checkpoint(1, "b", b"b"))
    async with log.append() as transaction:
        saved = [(a, Checkpoint(1, "1", b"s1", b"p1")), (a, Checkpoint(2, "2", b"s2", b"p2"))]
        await transaction.insert([], checkpoints=saved, updated_at_ms=1)
    await log.save_checkpoint(a, Checkpoint(3, "3", None))
    await log.save_checkpoint(a, Checkpoint(4, "4", b"s4", b"p4"))
    assert [await log.checkpoint_at_or_before(a, n) for n in range(6)] == [
        None,
        Checkpoint(1, "1", None),
        Checkpoint(2, "2", b"s2", b"p2"),
        Checkpoint(3, "3", None),
        Checkpoint(4, "4", b"s4", b"p4"),
        Checkpoint(4, "4", b"s4", b"p4"),
    ]
    assert await log.checkpoint_at_or_before(b, 1) == Checkpoint(1, "b", b"b")


async def test_checkpoint_saved_again_keeps_its_state(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    text = "Ünïcode 😀 " * 100_000
    for state in (None, b"state", None):
        await log.save_checkpoint(key, Checkpoint(1, text, state, b"p" if state else b""))
    assert await log.checkpoint_at_or_before(key, 1) == Checkpoint(1, text, b"state", b"p")


async def test_document_opens_from_an_older_checkpoint_or_none(
    log: EventLog, create: Create
) -> None:
    key = (await create("notes")).key
    await append(log, key, *(event(version) for version in (1, 2, 3, 4)))
    await log.save_checkpoint(key, Checkpoint(2, "xx", b"s2"))
    await log.save_checkpoint(key, Checkpoint(3, "xxx", b"s3"))
    used: dict[int | None, tuple[int, list[int]]] = {}
    for before in (None, 4, 3, 2, 0):
        opened = await log.open("notes", before=before)
        assert opened is not None
        at = opened.checkpoint.version if opened.checkpoint else 0
        used[before] = at, [each.version for each in opened.tail]
    assert used == {
        None: (3, [4]),
        4: (3, [4]),
        3: (2, [3, 4]),
        2: (0, [1, 2, 3, 4]),
        0: (0, [1, 2, 3, 4]),
    }


async def test_checkpoints_of_large_texts_are_thinned_out(log: EventLog, create: Create) -> None:
    large, small = [(await create(name)).key for name in ("large", "small")]
    chance = Random(1)
    text = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=10_000))
    saved = range(500, 12_001, 500)
    for version in saved:
        await log.save_checkpoint(large, Checkpoint(version, text, b"state"))
        await log.save_checkpoint(small, Checkpoint(version, f"{version}", b"state"))

    async def kept(key: int) -> list[int]:
        found = [await log.checkpoint_at_or_before(key, version) for version in saved]
        return sorted({each.version for each in found if each is not None})

    assert await kept(small) == list(saved)
    versions = await kept(large)
    assert len(versions) <= 8
    assert versions[-2:] == [11_500, 12_000]
    distances = [b - a for a, b in pairwise([0, *versions])]
    assert max(distances) <= 2_500
    assert await log.checkpoint_at_or_before(large, 2_499) == Checkpoint(500, text, None)
    newest = await log.checkpoint_at_or_before(large, 11_999)
    assert newest == Checkpoint(11_500, text, b"state")


async def test_checkpoint_of_no_document_is_refused(log: EventLog) -> None:
    with pytest.raises(StoreError):
        await log.save_checkpoint(10**9, Checkpoint(1, "", b""))
