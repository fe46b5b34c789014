"""Grants, share links, owners, and the log of changes to them, on each database."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from storage.access.access_record import AccessChange, GrantRecord, LinkRecord, Redeemed
from storage.identity.identity_record import UserRecord
from storage.store import Store
from sync.names import Role
from sync.permission import LinkGrant, Standing
from sync.port import StoreError
from sync.user import User
from tests.contract.conftest import new_document
from tests.contract.sample import open_whole
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_whole(database_url)
    yield store
    await store.aclose()


@pytest.fixture
async def key(store: Store) -> int:
    """Of the document `notes`, owned by `u-owner`."""
    return (await store.log.create(new_document("notes")))[0].key


def link(key: int, link_id: str = "l1", *, expires_at_ms: int | None = None) -> LinkRecord:
    return LinkRecord(link_id, key, link_id.encode(), "viewer", "u-owner", 5, expires_at_ms)


# Grants and standings


async def test_grants_of_a_new_document_are_there_at_once(store: Store) -> None:
    given: tuple[tuple[str, Role], ...] = (
        ("everyone", "viewer"),
        ("signed-in", "editor"),
        ("user:ada", "commenter"),
    )
    record, _ = await store.log.create(new_document("notes", grants=given))
    assert await store.access.standing(record.key, "ada") == Standing(
        "u-owner", "viewer", "editor", "commenter"
    )
    assert await store.access.standing(record.key, "bob") == Standing(
        "u-owner", "viewer", "editor", None
    )
    assert await store.access.head() == 0


async def test_grants_of_a_document_that_is_there_already_stay(store: Store, key: int) -> None:
    _, created = await store.log.create(new_document("notes", grants=(("everyone", "viewer"),)))
    assert not created
    assert await store.access.grants(key) == []


async def test_read_only_document_is_marked_found_and_let_go(store: Store, key: int) -> None:
    access = store.access
    plans = (await store.log.create(new_document("plans")))[0].key
    assert await access.set_read_only(key, 1, is_read_only=True)
    assert await access.set_read_only(plans, 2, is_read_only=True)
    assert await access.read_only_names(9) == ["plans", "notes"]
    assert await access.read_only_names(1) == ["plans"]
    pairs = [(key, "u-owner"), (plans, "ada"), (0, "ada")]
    found = await access.standings(pairs)
    assert [found[pair].is_read_only for pair in pairs] == [True, True, False]
    assert await access.set_read_only(key, 3, is_read_only=False)
    assert await access.standing(key, "u-owner") == Standing("u-owner")
    assert not await access.set_read_only(0, 4, is_read_only=True)
    assert await access.changes(0, 9) == [
        AccessChange(position, document, at_ms=position)
        for position, document in ((1, key), (2, plans), (3, key))
    ]


async def test_grant_is_set_changed_and_removed(store: Store, key: int) -> None:
    access = store.access
    await access.set_grant(key, "user:ada", "viewer", 1)
    await access.set_grant(key, "user:ada", "editor", 2)
    await access.set_grant(key, "everyone", "viewer", 3)
    ada = UserRecord("ada", "account", "Ada", "#123456")
    await store.identity.put_user(ada)
    assert await access.grants(key) == [
        GrantRecord("everyone", "viewer", None),
        GrantRecord("user:ada", "editor", User("ada", "Ada", "#123456")),
    ]
    await access.set_grant(key, "user:ada", None, 4)
    assert await access.standing(key, "ada") == Standing("u-owner", "viewer")
    assert await access.changes(0, 10) == [
        AccessChange(1, key, "ada", at_ms=1),
        AccessChange(2, key, "ada", at_ms=2),
        AccessChange(3, key, at_ms=3),
        AccessChange(4, key, "ada", at_ms=4),
    ]
    assert await access.head() == 4


async def test_grant_in_no_document_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.access.set_grant(77, "everyone", "viewer", 1)
    assert await store.access.head() == 0


async def test_standing_in_no_document_is_nobodys(store: Store) -> None:
    assert await store.access.standing(77, "ada") == Standing("")


async def test_standings_of_many_are_those_of_each(store: Store) -> None:
    keys = [(await store.log.create(new_document(name)))[0].key for name in "abc"]
    await store.access.set_grant(keys[0], "user:ada", "viewer", 1)
    await store.access.set_grant(keys[1], "signed-in", "editor", 1)
    await store.access.create_link(link(keys[2]))
    await store.access.redeem(b"l1", "ada", 1)
    pairs = [(key, user) for key in keys for user in ("ada", "bob", "u-owner")]
    found = await store.access.standings([*pairs, *pairs])
    assert found == {pair: await store.access.standing(*pair) for pair in pairs}
    assert found[keys[2], "ada"] == Standing("u-owner", links=(LinkGrant("viewer", None),))
    assert await store.access.standings([]) == {}


async def test_owner_changes_in_the_log_too(store: Store, key: int) -> None:
    async with store.log.append() as transaction:
        await transaction.lock_heads([key])
    await store.access.set_owner(key, "ada", 3)
    assert (await store.access.standing(key, "ada")).owner_id == "ada"
    async with store.log.append() as transaction:
        head = (await transaction.lock_heads([key]))[key]
    assert head.owner_id == "ada"
    assert await store.access.changes(0, 9) == [AccessChange(1, key, at_ms=3)]


# Share links


async def test_link_gives_its_role_until_it_is_revoked(store: Store, key: int) -> None:
    access = store.access
    await access.create_link(link(key))
    redeemed = Redeemed("notes", "viewer", key, "l1", None)
    assert await access.redeem(b"l1", "ada", 7) == redeemed
    assert await access.redeem(b"l1", "ada", 8) == redeemed
    assert await access.redeem(b"other", "ada", 8) is None
    assert await access.standing(key, "ada") == Standing(
        "u-owner", links=(LinkGrant("viewer", None),)
    )
    assert await access.standing(key, "bob") == Standing("u-owner")
    assert not await access.revoke_link(key + 1, "l1", 9)
    assert await access.revoke_link(key, "l1", 9)
    assert not await access.revoke_link(key, "l1", 10)
    assert await access.standing(key, "ada") == Standing("u-owner")
    assert await access.redeem(b"l1", "ada", 11) is None
    assert await access.links(key) == []
    assert await access.changes(0, 9) == [
        AccessChange(1, key, "ada", at_ms=7),
        AccessChange(2, key, at_ms=9),
    ]


async def test_link_is_live_until_its_expiry(store: Store, key: int) -> None:
    mine = link(key, expires_at_ms=100)
    await store.access.create_link(mine)
    assert await store.access.redeem(b"l1", "ada", 100) is None
    assert await store.access.redeem(b"l1", "ada", 99) == Redeemed(
        "notes", "viewer", key, "l1", 100
    )
    assert await store.access.links(key) == [mine]


async def test_made_up_secret_does_not_wait_for_those_who_write(store: Store) -> None:
    async with store.access._database.write(), asyncio.timeout(PATIENCE_S):
        assert await store.access.redeem(b"made up", "ada", 50) is None


async def test_link_to_a_deleted_document_leads_nowhere(store: Store, key: int) -> None:
    await store.access.create_link(link(key))
    await store.log.update_document("notes", deleted_at_ms=5, updated_at_ms=5)
    assert await store.access.redeem(b"l1", "ada", 7) is None


async def test_link_with_a_taken_secret_is_refused(store: Store, key: int) -> None:
    await store.access.create_link(link(key))
    with pytest.raises(StoreError):
        await store.access.create_link(link(key))


# Changes


async def test_changes_are_read_in_pages_and_pruned_from_the_front(store: Store, key: int) -> None:
    access = store.access
    for at_ms in range(1, 11):
        await access.set_grant(key, "everyone", "viewer", at_ms)
    assert [each.position for each in await access.changes(3, 4)] == [4, 5, 6, 7]
    assert await access.prune_changes(9, 3) == 3
    assert await access.prune_changes(9, 100) == 5
    assert await access.prune_changes(9, 100) == 0
    assert [each.position for each in await access.changes(0, 9)] == [9, 10]
    assert await access.head() == 10


async def test_last_change_stays_for_whoever_has_slept_through_it(store: Store, key: int) -> None:
    for at_ms in range(1, 4):
        await store.access.set_grant(key, "everyone", "viewer", at_ms)
    assert await store.access.prune_changes(1_000, 100) == 2
    assert await store.access.prune_changes(1_000, 100) == 0
    assert [each.position for each in await store.access.changes(1, 9)] == [3]


@pytest.mark.parametrize("hostile", ["a\0b", "a\ud83d"])
async def test_hostile_texts_are_refused_clearly(store: Store, key: int, hostile: str) -> None:
    access = store.access
    await access.create_link(link(key))
    for call in (
        access.standing(key, hostile),
        access.set_grant(key, f"user:{hostile}", "viewer", 1),
        access.set_owner(key, hostile, 1),
        access.redeem(b"l1", hostile, 1),
        access.revoke_link(key, hostile, 1),
    ):
        with pytest.raises(StoreError, match="NUL or a lone surrogate"):
            await call
    assert await access.head() == 0
