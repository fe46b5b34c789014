"""Users, and what proves them, on each database."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest
from msgspec.structs import replace

from storage.access.access_record import AccessChange
from storage.identity.identity_record import (
    InvitationRecord,
    LastOperatorError,
    SessionRecord,
    TakenError,
    TicketRecord,
    TokenRecord,
    UserRecord,
)
from storage.identity.sql_identity import SqlIdentity
from storage.store import Store
from sync.permission import Claim
from sync.port import StoreError
from tests.contract.sample import open_whole
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

ADA = UserRecord(
    "ada", "account", "Ada", "#123456", login="ada@x", password_hash="$argon2", created_at_ms=1
)
BOB = UserRecord("bob", "oidc", "Bob", "#654321", issuer="https://id", subject="b-1")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_whole(database_url)
    yield store
    await store.aclose()


@pytest.fixture
async def identity(store: Store) -> SqlIdentity:
    """With the users Ada and Bob."""
    await store.identity.put_user(ADA)
    await store.identity.put_user(BOB)
    return store.identity


def hashed(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def web_session(secret: str, user_id: str = "ada", expires_at_ms: int = 100) -> SessionRecord:
    return SessionRecord(
        hashed(secret), f"id-{secret}", user_id, 1, expires_at_ms, 1, "::1", "Firefox"
    )


def ticket(secret: str, expires_at_ms: int = 100) -> TicketRecord:
    return TicketRecord(hashed(secret), "{}", "notes", "https://quire.example", expires_at_ms)


def invitation(secret: str, **values: object) -> InvitationRecord:
    made = InvitationRecord(hashed(secret), f"id-{secret}", "join", False, None, "ada", 1, 100)
    return replace(made, **values)


# Users


async def test_user_is_found_by_id_login_and_subject(identity: SqlIdentity) -> None:
    assert await identity.user("ada") == ADA
    assert await identity.user_by_login("ada@x") == ADA
    assert await identity.user_by_subject("https://id", "b-1") == BOB
    assert await identity.user("nobody") is None
    assert await identity.user_by_login("bob") is None
    assert await identity.user_by_subject("https://other", "b-1") is None


async def test_user_who_comes_again_keeps_what_was_decided_here(identity: SqlIdentity) -> None:
    await identity.set_operator("bob", True, 5)
    await identity.put_user(replace(BOB, name="Robert", color="#000", seen_at_ms=9))
    assert await identity.user("bob") == replace(
        BOB, name="Robert", color="#000", seen_at_ms=9, is_operator=True
    )


@pytest.mark.parametrize(
    "taken", [replace(BOB, id="eve"), replace(ADA, id="eve"), replace(ADA, id="e", login="ada@x")]
)
async def test_login_and_subject_belong_to_one_user(
    identity: SqlIdentity, taken: UserRecord
) -> None:
    with pytest.raises(TakenError):
        await identity.put_user(taken)
    assert await identity.user(taken.id) is None
    assert await identity.user("ada") == ADA


async def test_users_who_come_at_once_are_one(store: Store) -> None:
    await asyncio.gather(*(store.identity.put_user(BOB) for _ in range(8)))
    assert await store.identity.users(None, 9) == [BOB]


async def test_users_are_listed_by_name(identity: SqlIdentity) -> None:
    guests = [UserRecord(f"guest-{n}", "guest", "Guest_1", "#1") for n in range(3)]
    for guest in guests:
        await identity.put_user(guest)
    everybody = await identity.users(None, 9)
    assert everybody == [ADA, BOB, *guests]
    assert await identity.users("", 2) == [ADA, BOB]
    assert await identity.users(None, 2, after=("Guest_1", "guest-0")) == guests[1:]
    assert await identity.users("aDa@", 9) == [ADA]
    assert await identity.users("t_1", 9) == guests
    assert await identity.users("ues_1", 9) == []
    assert await identity.users(None, 9, kinds=("account", "oidc")) == [ADA, BOB]


async def test_user_is_changed(identity: SqlIdentity) -> None:
    assert await identity.rename_user("ada", "Ada L.")
    assert await identity.recolor_user("ada", "#0c7a8f")
    assert await identity.user("ada") == replace(ADA, name="Ada L.", color="#0c7a8f")
    for changed in (
        await identity.rename_user("nobody", "N"),
        await identity.recolor_user("nobody", "#0c7a8f"),
        await identity.set_operator("nobody", True, 1),
        await identity.set_disabled("nobody", True, 1),
    ):
        assert not changed


async def test_operators_are_counted_and_told(store: Store, identity: SqlIdentity) -> None:
    assert await identity.count_operators() == 0
    assert await identity.set_operator("ada", True, 5)
    assert await identity.set_operator("bob", True, 6)
    assert await identity.count_operators() == 2
    assert await identity.set_operator("bob", False, 7)
    assert await identity.set_disabled("ada", True, 8)
    assert await identity.count_operators() == 0
    assert [(each.user_id, each.at_ms) for each in await store.access.changes(0, 9)] == [
        ("ada", 5), ("bob", 6), ("bob", 7), ("ada", 8)
    ]  # fmt: skip


async def test_of_operators_who_end_each_other_at_once_one_stays(store: Store) -> None:
    for number in range(8):
        ids = [f"op-{number}-a", f"op-{number}-b"]
        for user_id in ids:
            await store.identity.put_user(UserRecord(user_id, "account", user_id, "#123456"))
            await store.identity.set_operator(user_id, True, 1)
        outcomes = await asyncio.gather(
            store.identity.set_operator(ids[0], False, 2, keeps_one=True),
            store.identity.set_disabled(ids[1], True, 2, keeps_one=True),
            return_exceptions=True,
        )
        assert sorted(map(type, outcomes), key=str) == [bool, LastOperatorError]
        assert await store.identity.count_operators() == 1
        for user_id in ids:
            await store.identity.set_operator(user_id, False, 3)


async def test_whoever_loses_its_rights_leaves_no_invitation_behind(identity: SqlIdentity) -> None:
    for user_id in ("ada", "bob"):
        await identity.set_operator(user_id, True, 1)
        await identity.create_invitation(invitation(f"of-{user_id}", created_by=user_id))
    await identity.create_invitation(invitation("other", created_by="eve"))
    assert await identity.set_operator("ada", False, 2)
    assert await identity.set_disabled("bob", True, 2)
    assert [each.id for each in await identity.invitations()] == ["id-other"]


async def test_old_password_replaces_no_new_one(identity: SqlIdentity) -> None:
    assert await identity.rehash_password("ada", "$argon2", "$argon2-better")
    assert not await identity.rehash_password("ada", "$argon2", "$argon2-late")
    ada = await identity.user("ada")
    assert ada is not None
    assert ada.password_hash == "$argon2-better"


async def test_change_of_the_password_ends_the_sessions_of_that_user_alone(
    store: Store, identity: SqlIdentity
) -> None:
    for secret, user_id in (("s", "ada"), ("t", "ada"), ("u", "bob")):
        await identity.start_session(web_session(secret, user_id))
    assert not await identity.change_password("nobody", "$argon2", "$new", 50)
    assert not await identity.change_password("ada", "$other", "$new", 50)
    assert await store.access.head() == 0
    assert await identity.change_password("ada", "$argon2", "$new", 50)
    assert not await identity.change_password("ada", "$argon2", "$newer", 50)
    assert await identity.user("ada") == replace(ADA, password_hash="$new")
    assert await identity.sessions("ada") == []
    assert [each.id for each in await identity.sessions("bob")] == ["id-u"]
    told = await store.access.changes(0, 9)
    assert {(each.user_id, each.session_id, each.at_ms) for each in told} == {
        ("ada", "id-s", 50),
        ("ada", "id-t", 50),
    }


async def test_change_of_the_password_that_cannot_end_the_sessions_changes_nothing(
    store: Store, identity: SqlIdentity
) -> None:
    await identity.start_session(web_session("s"))
    # A time that no column holds: the last statement of the transaction fails.
    with pytest.raises((StoreError, OverflowError)):
        await identity.change_password("ada", "$argon2", "$new", 2**70)
    assert await identity.user("ada") == ADA
    assert [each.id for each in await identity.sessions("ada")] == ["id-s"]
    assert await store.access.head() == 0


# Web sessions


async def test_session_lives_until_it_expires(identity: SqlIdentity) -> None:
    mine = web_session("s")
    await identity.start_session(mine)
    assert await identity.session(hashed("s"), 99) == (mine, ADA)
    assert await identity.session(hashed("s"), 100) is None
    assert await identity.session(hashed("t"), 1) is None
    assert await identity.extend_session(hashed("s"), 200, 50)
    extended = replace(mine, expires_at_ms=200, seen_at_ms=50)
    assert await identity.session(hashed("s"), 199) == (extended, ADA)
    assert not await identity.extend_session(hashed("t"), 200, 50)


async def test_session_of_no_user_is_refused(identity: SqlIdentity) -> None:
    with pytest.raises(StoreError):
        await identity.start_session(web_session("s", "nobody"))


async def test_sessions_end_and_tell(store: Store, identity: SqlIdentity) -> None:
    for secret in "abcd":
        await identity.start_session(web_session(secret))
    await identity.start_session(web_session("e", "bob"))
    assert await identity.end_session(hashed("a"), 5)
    assert not await identity.end_session(hashed("a"), 6)
    assert await identity.end_sessions("ada", 7, except_hash=hashed("b")) == 2
    assert [each.id for each in await identity.sessions("ada")] == ["id-b"]
    assert await identity.end_sessions("ada", 8) == 1
    assert await identity.end_sessions("ada", 9) == 0
    assert await identity.session(hashed("e"), 1) is not None
    changes = await store.access.changes(0, 9)
    assert [each.position for each in changes] == [1, 2, 3, 4]
    assert changes[0] == AccessChange(1, None, "ada", "id-a", at_ms=5)
    assert {each.session_id for each in changes[1:3]} == {"id-c", "id-d"}
    assert changes[3] == AccessChange(4, None, "ada", "id-b", at_ms=8)


async def test_disabled_user_has_no_session_even_later(store: Store, identity: SqlIdentity) -> None:
    await identity.start_session(web_session("s"))
    assert await identity.set_disabled("ada", True, 5)
    assert await identity.session(hashed("s"), 6) is None
    assert await identity.set_disabled("ada", False, 7)
    assert await identity.session(hashed("s"), 8) is None
    changes = await store.access.changes(0, 9)
    assert [(each.user_id, each.session_id) for each in changes] == [
        ("ada", "id-s"), ("ada", None), ("ada", None)
    ]  # fmt: skip


# Tickets


async def test_ticket_is_used_once(identity: SqlIdentity) -> None:
    mine = ticket("t")
    await identity.put_ticket(mine)
    assert await identity.reuse_ticket(hashed("t"), 50) is None
    used = replace(mine, used_at_ms=50, bound_until_ms=90, address="::1")
    assert await identity.use_ticket(hashed("t"), 50, bound_until_ms=90, address="::1") == used
    assert await identity.use_ticket(hashed("t"), 51) is None
    assert await identity.reuse_ticket(hashed("t"), 89) == used
    assert await identity.reuse_ticket(hashed("t"), 90) is None


async def test_made_up_ticket_does_not_wait_for_those_who_write(identity: SqlIdentity) -> None:
    async with identity._database.write(), asyncio.timeout(PATIENCE_S):
        assert await identity.use_ticket(hashed("made up"), 50) is None


async def test_ticket_that_is_not_bound_is_not_used_again(identity: SqlIdentity) -> None:
    await identity.put_ticket(ticket("t"))
    assert await identity.use_ticket(hashed("t"), 50) is not None
    assert await identity.reuse_ticket(hashed("t"), 51) is None


async def test_expired_ticket_is_not_used(identity: SqlIdentity) -> None:
    await identity.put_ticket(ticket("t"))
    assert await identity.use_ticket(hashed("t"), 100) is None
    assert await identity.use_ticket(hashed("u"), 1) is None


# API tokens


async def test_token_lives_until_it_is_revoked_or_expires(
    store: Store, identity: SqlIdentity
) -> None:
    claims = (Claim("notes", "editor"), Claim("team-*", "viewer"))
    mine = TokenRecord("t1", hashed("t1"), "ci", claims, "ada", 1)
    short = TokenRecord("t2", hashed("t2"), "ci", (), "ada", 2, expires_at_ms=100)
    await identity.create_token(mine)
    await identity.create_token(short)
    assert await identity.token(hashed("t1"), 10**12) == mine
    assert await identity.token(hashed("t2"), 99) == short
    assert await identity.token(hashed("t2"), 100) is None
    assert await identity.token(hashed("t3"), 1) is None
    await identity.touch_token("t1", 50)
    assert await identity.revoke_token("t1", 60)
    assert not await identity.revoke_token("t1", 61)
    assert await identity.token(hashed("t1"), 61) is None
    assert await identity.tokens() == [replace(mine, used_at_ms=50, revoked_at_ms=60), short]
    assert await store.access.changes(0, 9) == [AccessChange(1, token_id="t1", at_ms=60)]


# Invitations


async def test_invitation_is_used_once(identity: SqlIdentity) -> None:
    mine = invitation("i")
    await identity.create_invitation(mine)
    assert await identity.invitations() == [mine]
    assert await identity.invitation(hashed("i"), 100) is None
    assert await identity.use_invitation(hashed("i"), 100) is None
    assert await identity.invitation(hashed("i"), 99) == mine
    assert await identity.use_invitation(hashed("i"), 99) == replace(mine, used_at_ms=99)
    assert await identity.use_invitation(hashed("i"), 99) is None
    assert await identity.invitation(hashed("i"), 99) is None
    assert await identity.invitations() == []
    assert not await identity.revoke_invitation("id-i")


async def test_revoked_invitation_is_gone(identity: SqlIdentity) -> None:
    await identity.create_invitation(invitation("i"))
    assert await identity.revoke_invitation("id-i")
    assert not await identity.revoke_invitation("id-i")
    assert await identity.use_invitation(hashed("i"), 1) is None


async def test_accepting_adds_the_user_or_leaves_the_invitation(identity: SqlIdentity) -> None:
    await identity.create_invitation(invitation("i", is_operator=True))
    eve = UserRecord("eve", "account", "Eve", "#1", login="ada@x")
    with pytest.raises(TakenError):
        await identity.accept_invitation(hashed("i"), eve, 50)
    assert await identity.user("eve") is None
    eve = replace(eve, login="eve@x")
    assert await identity.accept_invitation(hashed("i"), eve, 100) is None
    assert await identity.user("eve") is None
    assert await identity.accept_invitation(hashed("i"), eve, 50) is not None
    assert await identity.user("eve") == replace(eve, is_operator=True)
    other = replace(eve, id="mallory", login="mallory@x", is_operator=True)
    assert await identity.accept_invitation(hashed("i"), other, 50) is None
    await identity.create_invitation(invitation("j"))
    assert await identity.accept_invitation(hashed("j"), other, 50) is not None
    assert await identity.user("mallory") == replace(other, is_operator=False)


async def test_reset_sets_the_password_and_ends_the_sessions(
    store: Store, identity: SqlIdentity
) -> None:
    await identity.start_session(web_session("s"))
    await identity.create_invitation(invitation("j"))
    await identity.create_invitation(invitation("r", kind="reset", user_id="ada"))
    assert await identity.reset_password(hashed("j"), "$new", 50) is None
    assert await identity.accept_invitation(hashed("r"), replace(ADA, id="eve"), 50) is None
    assert await identity.reset_password(hashed("r"), "$new", 100) is None
    assert await identity.user("ada") == ADA
    assert await identity.reset_password(hashed("r"), "$new", 50) == "ada"
    assert await identity.reset_password(hashed("r"), "$newer", 50) is None
    assert await identity.user("ada") == replace(ADA, password_hash="$new")
    assert await identity.session(hashed("s"), 51) is None
    assert [each.session_id for each in await store.access.changes(0, 9)] == ["id-s"]
    assert [each.id for each in await identity.invitations()] == ["id-j"]


# All


async def test_sweep_removes_what_has_expired_and_no_more_than_asked(
    identity: SqlIdentity,
) -> None:
    for n in range(5):
        await identity.start_session(web_session(f"s{n}", expires_at_ms=100 + n))
        await identity.put_ticket(ticket(f"t{n}", expires_at_ms=100 + n))
        await identity.create_invitation(invitation(f"i{n}", expires_at_ms=100 + n))
    await identity.use_ticket(hashed("t0"), 1, bound_until_ms=500)
    assert await identity.sweep(99, 9) == 0
    assert await identity.sweep(103, 2) == 6
    assert await identity.sweep(103, 9) == 5
    assert await identity.sweep(103, 9) == 0
    assert await identity.reuse_ticket(hashed("t0"), 103) is not None
    assert [each.id for each in await identity.sessions("ada")] == ["id-s4"]
    assert [each.id for each in await identity.invitations()] == ["id-i4"]
    assert await identity.use_ticket(hashed("t4"), 103) is not None
    assert await identity.sweep(500, 9) == 4


async def test_signing_key_is_the_same_for_all(database_url: str) -> None:
    stores = [open_whole(database_url) for _ in range(3)]
    keys = await asyncio.gather(*(each.identity.signing_key("guest") for each in stores))
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert await stores[0].identity.signing_key("guest") == keys[0]
    assert await stores[0].identity.signing_key("other") != keys[0]
    for each in stores:
        await each.aclose()


@pytest.mark.parametrize("hostile", ["a\0b", "a\ud83d"])
async def test_hostile_texts_are_refused_or_find_nothing(
    store: Store, identity: SqlIdentity, hostile: str
) -> None:
    for call in (
        identity.put_user(replace(ADA, id="eve", login=None, name=hostile)),
        identity.put_user(replace(ADA, id="eve", login=hostile)),
        identity.rename_user("ada", hostile),
        identity.start_session(replace(web_session("s"), agent=hostile)),
        identity.end_sessions(hostile, 1),
        identity.change_password(hostile, "$argon2", "$new", 1),
        identity.put_ticket(replace(ticket("t"), origin=hostile)),
        identity.use_ticket(hashed("t"), 1, address=hostile),
        identity.create_token(TokenRecord("t", b"", hostile, (), "ada", 1)),
        identity.create_token(TokenRecord("t", b"", "n", (Claim(hostile, "viewer"),), "ada", 1)),
        identity.create_invitation(invitation("i", created_by=hostile)),
        identity.set_operator(hostile, True, 1),
        identity.set_disabled(hostile, True, 1),
        identity.revoke_token(hostile, 1),
        identity.touch_token(hostile, 1),
        identity.revoke_invitation(hostile),
    ):
        with pytest.raises(StoreError, match="NUL or a lone surrogate"):
            await call
    assert await identity.user(hostile) is None
    assert await identity.user_by_login(hostile) is None
    assert await identity.user_by_subject("https://id", hostile) is None
    assert await identity.users(hostile, 9) == []
    assert await identity.sessions(hostile) == []
    assert await store.access.head() == 0


async def test_ticket_is_bound_after_its_use_and_renewed(identity: SqlIdentity) -> None:
    await identity.put_ticket(ticket("t"))
    assert not await identity.bind_ticket(hashed("t"), 500, "::1", "notes")
    assert await identity.use_ticket(hashed("t"), 50) is not None
    assert await identity.bind_ticket(hashed("t"), 90, "::1", "notes")
    assert not await identity.bind_ticket(hashed("u"), 90, "::1", "notes")
    await identity.renew_tickets([hashed("t"), hashed("u")], 200, 89)
    bound = await identity.reuse_ticket(hashed("t"), 199)
    assert bound is not None
    assert (bound.bound_until_ms, bound.address) == (200, "::1")
    # It has ended: no renewal brings it back.
    await identity.renew_tickets([hashed("t")], 900, 200)
    assert await identity.reuse_ticket(hashed("t"), 200) is None
    assert await identity.use_ticket(hashed("t"), 60) is None


async def test_renewal_binds_no_ticket_that_was_not_bound(identity: SqlIdentity) -> None:
    await identity.put_ticket(ticket("t"))
    assert await identity.use_ticket(hashed("t"), 50) is not None
    await identity.renew_tickets([hashed("t")], 900, 51)
    await identity.renew_tickets([], 900, 51)
    assert await identity.reuse_ticket(hashed("t"), 52) is None


async def test_token_is_found_by_its_id_while_it_lasts(identity: SqlIdentity) -> None:
    claims = (Claim("team-*", "editor"),)
    mine = TokenRecord("t1", hashed("t1"), "ci", claims, "ada", 1, 100, may_create=True)
    await identity.create_token(mine)
    assert await identity.token_by_id("t1", 99) == mine
    assert await identity.token(hashed("t1"), 99) == mine
    assert await identity.token_by_id("t1", 100) is None
    assert await identity.token_by_id("t2", 1) is None
    assert await identity.token_by_id("t\0", 1) is None
    await identity.revoke_token("t1", 50)
    assert await identity.token_by_id("t1", 51) is None
