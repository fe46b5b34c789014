"""Titles that texts give themselves, in every event log."""

import pytest
from msgspec.structs import replace

from sync.port import DerivedTitle, EventLog
from tests.contract.conftest import new_document

pytestmark = pytest.mark.anyio


async def test_derived_title_stands_for_one_that_nobody_set(log: EventLog) -> None:
    """Nothing else of the document is different, an older one is not taken, and search knows."""
    record, _ = await log.create(new_document("derived", title=""))
    await log.set_derived_titles([DerivedTitle(record.key, 3, "Quarterly")])
    await log.set_derived_titles([DerivedTitle(record.key, 2, "Older")])
    found = await log.find("derived")
    assert found == replace(record, derived_title="Quarterly", title_version=3)
    assert found.shown_title == "Quarterly"

    async def names(query: str) -> list[str]:
        listed = await log.list_documents(query=query, before=None, limit=5)
        return [document.name for document in listed]

    assert await names("quarter") == ["derived"]
    await log.update_document("derived", title="Mine", updated_at_ms=9)
    assert (await names("quarter"), await names("mine")) == ([], ["derived"])
    await log.set_derived_titles([])
    async with log.append() as transaction:
        heads = await transaction.lock_heads([record.key])
        assert heads[record.key].shown_title == "Mine"
    await log.set_derived_titles([DerivedTitle(record.key, 4, "")])
    async with log.append() as transaction:
        heads = await transaction.lock_heads([record.key])
        assert (heads[record.key].derived_title, heads[record.key].title_version) == ("", 4)
