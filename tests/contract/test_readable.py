"""The list of documents for a reader: exactly those that `effective_role` gives it a role in.

Planted and caught: links counted after their end, or after they were revoked; `signed-in` for
those who are not; claims of an unproven reader; a prefix compared without its last character; a
scoped reader who owns a document; a gathering that leaves the owner's documents out.
"""

import random
from collections.abc import Sequence
from typing import Final

import pytest

from storage.access import readable
from storage.access.access_record import LinkRecord
from storage.store import Store
from sync.names import Role
from sync.permission import Claim, Reader, effective_role
from sync.port import NewDocument
from tests.contract.conftest import new_document
from tests.contract.sample import open_whole

pytestmark = pytest.mark.anyio

NOW_MS: Final = 100
USERS: Final = ("ada", "bob", "eve", "")
ROLES: Final[tuple[Role, ...]] = ("owner", "editor", "commenter", "viewer")
NAMES: Final = ("a", "a-b", "a-b-c", "A-b", "a.b", "ab", "b", "team", "team-1", "team-2", "teams",
                "z", "zz", "a_b", "a-", "0")  # fmt: skip
PATTERNS: Final = (
    *NAMES,
    "*",
    "a*",
    "a-*",
    "a_*",
    "team-*",
    "z*",
    "zz*",
    "Team*",
    "x%*",
    "\0",
    "é*",
)


def some(chance: random.Random, values: Sequence[str], most: int) -> list[str]:
    return chance.sample(list(values), chance.randrange(most + 1))


async def make_policies(store: Store, chance: random.Random) -> list[NewDocument]:
    made = []
    for number, name in enumerate(NAMES):
        subjects = some(chance, ("everyone", "signed-in", *(f"user:{u}" for u in USERS[:3])), 2)
        document = new_document(
            name,
            at_ms=1_000 + chance.randrange(5),
            owner_id=chance.choice(USERS[:3]),
            grants=tuple((subject, chance.choice(ROLES)) for subject in subjects),
        )
        record, _ = await store.log.create(document)
        made.append(document)
        for n in range(chance.randrange(3)):
            secret = f"{number}-{n}".encode()
            expires_at_ms = chance.choice((None, NOW_MS - 1, NOW_MS, NOW_MS + 1))
            link_id = secret.decode()
            role = chance.choice(ROLES)
            await store.access.create_link(
                LinkRecord(link_id, record.key, secret, role, "ada", 1, expires_at_ms)
            )
            for user in some(chance, USERS[:3], 2):
                await store.access.redeem(secret, user, 1)
            if chance.random() < 0.3:
                await store.access.revoke_link(record.key, link_id, 2)
        if chance.random() < 0.1:
            await store.log.update_document(name, deleted_at_ms=5, updated_at_ms=5)
    return made


def some_reader(chance: random.Random) -> Reader:
    claims = tuple(Claim(pattern, chance.choice(ROLES)) for pattern in some(chance, PATTERNS, 3))
    return Reader(
        chance.choice(USERS),
        is_signed_in=chance.random() < 0.5,
        claims=claims if chance.random() < 0.5 else (),
        is_scoped=chance.random() < 0.3,
        is_unproven=chance.random() < 0.2,
    )


async def expected(store: Store, reader: Reader) -> list[str]:
    everything = await store.log.list_documents(query=None, before=None, limit=1_000)
    standings = await store.access.standings([(each.key, reader.user_id) for each in everything])
    return [
        each.name
        for each in everything
        if effective_role(standings[each.key, reader.user_id], reader, each.name, NOW_MS)
    ]


async def listed(store: Store, reader: Reader) -> list[str]:
    """In pages of three, as they are shown."""
    names: list[str] = []
    before: tuple[int, int] | None = None
    while page := await store.log.list_documents(
        query=None, before=before, limit=3, reader=reader, now_ms=NOW_MS
    ):
        names += [each.name for each in page]
        before = (page[-1].updated_at_ms, page[-1].key)
    return names


@pytest.mark.parametrize("most_gathered", [1_000, 2])
@pytest.mark.parametrize("seed", range(6))
async def test_list_is_what_the_reader_has_a_role_in(
    database_url: str, monkeypatch: pytest.MonkeyPatch, seed: int, most_gathered: int
) -> None:
    monkeypatch.setattr(readable, "MAX_GATHERED", most_gathered)
    chance = random.Random(seed)
    store = open_whole(database_url)
    await make_policies(store, chance)
    for _ in range(60):
        reader = some_reader(chance)
        assert await listed(store, reader) == await expected(store, reader), reader
    await store.aclose()


async def test_search_and_place_narrow_a_readers_list(database_url: str) -> None:
    store = open_whole(database_url)
    for n in range(6):
        grants: tuple[tuple[str, Role], ...] = (("everyone", "viewer"),) if n % 2 else ()
        await store.log.create(new_document(f"d{n}", title=f"T{n // 4}", at_ms=n, grants=grants))
    reader = Reader("nobody", is_signed_in=False)
    found = await store.log.list_documents(query="t0", before=None, limit=9, reader=reader)
    assert [each.name for each in found] == ["d3", "d1"]
    found = await store.log.list_documents(query="t0", before=(3, 99), limit=1, reader=reader)
    assert [each.name for each in found] == ["d3"]
    await store.aclose()


async def test_link_that_ends_is_not_counted_without_a_time(database_url: str) -> None:
    store = open_whole(database_url)
    for name, expires_at_ms in (("ends", 1 << 40), ("stays", None)):
        key = (await store.log.create(new_document(name)))[0].key
        link = LinkRecord(name, key, name.encode(), "viewer", "x", 1, expires_at_ms)
        await store.access.create_link(link)
        await store.access.redeem(name.encode(), "ada", 1)
    reader = Reader("ada", is_signed_in=False)
    found = await store.log.list_documents(query=None, before=None, limit=9, reader=reader)
    assert [each.name for each in found] == ["stays"]
    await store.aclose()
