"""Copying an installation whose history was thinned: the copy has what was kept, and as it was.

Planted and caught, each alone: merged events that are left out; the rules of retention that are.
"""

from random import Random

import pytest

from app.service.blames import Blames
from storage.copy import copy_installation
from storage.store import Store
from tests.contract.compacting_log import LATER_MS, compact_somewhat
from tests.contract.sample import append_next, open_whole
from tests.contract.test_retention import (
    THIN,
    compare_all,
    create,
    keep_by,
    keeper_of,
    kept_versions,
)
from tests.contract.thinned_history import History

pytestmark = pytest.mark.anyio


async def fill(store: Store, history: History) -> int:
    """Write a history, have it thinned, and write on; returns its document's key."""
    document = await create(store, "thinned", history.events)
    await compact_somewhat(store.compaction, Random(2))
    await store.retention.set_rule(document.key, THIN)
    await keep_by(store, keeper_of(store), document, THIN, LATER_MS)
    return document.key


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target_url", ["postgresql"], indirect=True)
async def test_copy_of_thinned_history_is_as_its_source(database_url: str, target_url: str) -> None:
    history = History(Random(1))
    history.write(120)
    source = open_whole(database_url)
    key = await fill(source, history)
    copied = await copy_installation(database_url, target_url, lambda *_: None)
    bounds = await source.retention.merged(key)
    assert copied["merged_events"] == len(bounds) > 0
    assert copied["retentions"] == 1
    target = open_whole(target_url)
    document = await target.log.find("thinned")
    assert document is not None
    assert await target.retention.rule(document.key) == THIN
    assert await target.retention.merged(document.key) == bounds
    await compare_all(target, document, history)
    was = await source.log.find("thinned")
    assert was is not None
    theirs, ours = Blames(source.log, source.versions), Blames(target.log, target.versions)
    for version in await kept_versions(source, key, len(history.events)):
        assert await ours.blame(document, version) == await theirs.blame(was, version)
    assert await append_next(target.log, document.key, "later") == len(history.events) + 1
    await source.aclose()
    await target.aclose()
