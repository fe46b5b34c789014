"""The bounds of grants, links and invitations hold for many who add at once, on each database."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Final

import pytest

from storage.access.access_record import LinkRecord
from storage.fullness import FullError
from storage.identity.identity_record import InvitationRecord
from storage.store import Store
from tests.contract.conftest import new_document
from tests.contract.sample import open_whole

pytestmark = pytest.mark.anyio

MOST: Final = 3
AT_ONCE: Final = 12


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[list[Store]]:
    """Two of one database, as two processes have them."""
    stores = [open_whole(database_url), open_whole(database_url)]
    yield stores
    for store in stores:
        await store.aclose()


async def _added(calls: list[Coroutine[Any, Any, None]]) -> int:
    """Make calls at once; returns how many were not refused because it was full."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refused = [each for each in answers if each is not None]
    assert all(isinstance(each, FullError) for each in refused), refused
    return len(answers) - len(refused)


def _invitation(name: str, expires_at_ms: int = 100) -> InvitationRecord:
    return InvitationRecord(name.encode(), name, "join", False, None, "ada", 50, expires_at_ms)


async def test_grants(stores: list[Store]) -> None:
    record, _ = await stores[0].log.create(new_document("notes"))
    calls = [
        stores[number % 2].access.set_grant(record.key, f"user:{number}", "viewer", 1, most=MOST)
        for number in range(AT_ONCE)
    ]
    assert await _added(calls) == MOST
    access = stores[0].access
    present = await access.grants(record.key)
    assert len(present) == MOST
    assert await access.head() == MOST
    await access.set_grant(record.key, present[0].subject, "editor", 1, most=MOST)
    await access.set_grant(record.key, present[0].subject, None, 1, most=MOST)
    await access.set_grant(record.key, "everyone", "viewer", 1, most=MOST)


async def test_links(stores: list[Store]) -> None:
    record, _ = await stores[0].log.create(new_document("notes"))
    links = [
        LinkRecord(f"l{number}", record.key, b"%d" % number, "viewer", "ada", 1)
        for number in range(AT_ONCE)
    ]
    calls = [
        stores[number % 2].access.create_link(link, most=MOST) for number, link in enumerate(links)
    ]
    assert await _added(calls) == MOST
    access = stores[0].access
    present = await access.links(record.key)
    assert len(present) == MOST
    assert await access.revoke_link(record.key, present[0].id, 2)
    left = next(link for link in links if link.id not in {each.id for each in present})
    await access.create_link(left, most=MOST)


async def test_invitations(stores: list[Store]) -> None:
    identity = stores[0].identity
    await identity.create_invitation(_invitation("over", expires_at_ms=50))
    calls = [
        stores[number % 2].identity.create_invitation(_invitation(f"i{number}"), most=MOST)
        for number in range(AT_ONCE)
    ]
    assert await _added(calls) == MOST
    present = await identity.invitations()
    assert len(present) == MOST + 1
