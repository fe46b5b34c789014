"""Tickets on a real store: used once, by the page and for the document that they were made for."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copyfile
from typing import Final, Literal

import anyio
import pytest
from msgspec.structs import replace

from app.identity.credential import Credentials
from app.identity.principal import Principal
from app.identity.tokens.ticket import TICKET_S, Tickets
from storage.migrate import upgrade
from storage.store import Store, open_store
from sync.error import ErrorCode, QuireError
from sync.permission import Claim
from sync.user import User

pytestmark = pytest.mark.anyio

ORIGIN: Final = "https://quire.example.org"
RETURN_S: Final = 60
ADA: Final = Principal(
    User("ada", "Ada ☺", "#123456"), "account", True, may_create=True, is_operator=True
)
NATIVE: Final = Credentials("quire", origin=ORIGIN, address="192.0.2.1")
YWS: Final = Credentials("y-websocket", origin=ORIGIN, address="192.0.2.1", document="notes")


class Desk:
    """Tickets with a clock of their own."""

    def __init__(self, store: Store) -> None:
        self.now_s = 1_800_000_000.0
        self.store = store
        self.ended: set[str] = set()
        self.tickets = self.restarted()

    def restarted(self, return_s: float = RETURN_S, per_minute: int = 1000) -> Tickets:
        """The tickets of another process, or of this one after a restart."""
        return Tickets(
            self.store.identity,
            lambda: self.now_s,
            self._renew,
            return_s=return_s,
            per_minute=per_minute,
        )

    async def _renew(self, principal: Principal) -> Principal | None:
        return None if principal.session_id in self.ended else principal

    async def issue(
        self,
        principal: Principal = ADA,
        *,
        document: str | None = None,
        origin: str | None = ORIGIN,
    ) -> str:
        issued = await self.tickets.issue(principal, document=document, origin=origin)
        return issued.secret


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without anything in it."""
    path = tmp_path_factory.mktemp("empty") / "quire.db"
    anyio.run(upgrade, f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
async def desk(empty: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    path = tmp_path / "quire.db"
    copyfile(empty, path)
    store = open_store(f"sqlite+aiosqlite:///{path}")
    try:
        yield Desk(store)
    finally:
        await store.aclose()


async def test_ticket_stands_for_who_asked_for_it(desk: Desk) -> None:
    whole = replace(
        ADA,
        claims=(Claim("team-*", "viewer"),),
        expires_at_ms=int(desk.now_s * 1000) + 1,
        session_id="s1",
    )
    secret = await desk.issue(whole)
    assert secret.startswith("qk_")
    assert len(secret) == 3 + 43
    assert await desk.tickets.identify(secret, NATIVE) == whole


async def test_ticket_is_used_once(desk: Desk) -> None:
    secret = await desk.issue()
    assert await desk.tickets.identify(secret, NATIVE) == ADA
    assert await desk.tickets.identify(secret, NATIVE) is None
    assert await desk.restarted().identify(secret, NATIVE) is None


async def test_of_many_who_use_a_ticket_at_once_one_gets_in(desk: Desk) -> None:
    secret = await desk.issue()
    found: list[Principal | None] = []

    async def use(tickets: Tickets) -> None:
        found.append(await tickets.identify(secret, NATIVE))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(use, desk.restarted())
    assert len([each for each in found if each is not None]) == 1


async def test_ticket_ends_after_its_time(desk: Desk) -> None:
    secret, late = await desk.issue(), await desk.issue()
    desk.now_s += TICKET_S - 0.001
    assert await desk.tickets.identify(secret, NATIVE) == ADA
    desk.now_s += 0.001
    assert await desk.tickets.identify(late, NATIVE) is None


@pytest.mark.parametrize(
    "origin", [None, "https://evil.example.org", "http://quire.example.org", "null"]
)
async def test_ticket_is_for_the_page_that_asked(desk: Desk, origin: str | None) -> None:
    secret = await desk.issue()
    shown = Credentials("quire", origin=origin, address="192.0.2.1")
    assert await desk.tickets.identify(secret, shown) is None
    # One attempt is all there is.
    assert await desk.tickets.identify(secret, NATIVE) is None


async def test_ticket_of_a_program_is_for_no_page(desk: Desk) -> None:
    secret = await desk.issue(origin=None)
    assert await desk.tickets.identify(secret, NATIVE) is None
    secret = await desk.issue(origin=None)
    assert await desk.tickets.identify(secret, Credentials("quire")) == ADA


async def test_ticket_for_a_document_opens_no_other(desk: Desk) -> None:
    for door in ("y-websocket", "hocuspocus"):
        shown = replace_document(door, "other")
        assert await desk.tickets.identify(await desk.issue(document="notes"), shown) is None
        fitting = replace_document(door, "notes")
        principal = await desk.tickets.identify(await desk.issue(document="notes"), fitting)
        assert principal is not None
        assert principal.document == "notes"
    # A socket that may carry several is held to it by every later check.
    principal = await desk.tickets.identify(await desk.issue(document="notes"), NATIVE)
    assert principal is not None
    assert principal.document == "notes"


def replace_document(door: str, document: str) -> Credentials:
    assert door in ("y-websocket", "hocuspocus")
    kind = Credentials("y-websocket") if door == "y-websocket" else Credentials("hocuspocus")
    return Credentials(kind.door, origin=ORIGIN, address="192.0.2.1", document=document)


async def test_ticket_is_not_taken_over_http(desk: Desk) -> None:
    secret = await desk.issue()
    assert await desk.tickets.identify(secret, Credentials("http", origin=ORIGIN)) is None
    assert await desk.tickets.identify(secret, NATIVE) == ADA


async def test_ticket_moves_no_end_of_what_it_stands_for(desk: Desk) -> None:
    ends_ms = int(desk.now_s * 1000) + 5_000
    secret = await desk.issue(replace(ADA, expires_at_ms=ends_ms))
    desk.now_s += 5
    assert await desk.tickets.identify(secret, NATIVE) is None


async def test_ticket_of_a_session_that_has_ended_proves_nothing(desk: Desk) -> None:
    secret = await desk.issue(replace(ADA, session_id="s1"))
    desk.ended.add("s1")
    assert await desk.tickets.identify(secret, NATIVE) is None


@pytest.mark.parametrize(
    "secret", ["qk_", "", "qk_" + "x" * 43, "qk_" + "x" * 10_000_000, "é", "\0", "' OR 1=1 --"]
)
async def test_ticket_that_was_never_issued_proves_nothing(desk: Desk, secret: str) -> None:
    await desk.issue()
    assert await desk.tickets.identify(secret, NATIVE) is None


def content_of(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


async def test_ticket_is_stored_as_a_hash(desk: Desk, tmp_path: Path) -> None:
    secret = await desk.issue()
    await desk.store.aclose()
    stored = b"".join(content_of(tmp_path))
    assert b"\xe2\x98\xba" in stored, "the principal is there to be found"
    assert secret.encode() not in stored
    assert secret.removeprefix("qk_").encode() not in stored


# --- the return of a stock y-websocket client ---------------------------------------------------


async def test_ywebsocket_comes_back_with_its_ticket(desk: Desk) -> None:
    secret = await desk.issue(document="notes")
    first = await desk.tickets.identify(secret, YWS)
    assert first is not None
    desk.now_s += RETURN_S - 1
    assert await desk.restarted().identify(secret, YWS) == first
    desk.now_s += 1
    assert await desk.tickets.identify(secret, YWS) is None


@pytest.mark.parametrize(
    "changed",
    [
        Credentials("y-websocket", origin=ORIGIN, address="192.0.2.2", document="notes"),
        Credentials("y-websocket", origin=None, address="192.0.2.1", document="notes"),
        Credentials("y-websocket", origin=ORIGIN, address="192.0.2.1", document="other"),
        Credentials("quire", origin=ORIGIN, address="192.0.2.1"),
        Credentials("hocuspocus", origin=ORIGIN, address="192.0.2.1", document="notes"),
    ],
)
async def test_ticket_returns_only_as_it_was_used(desk: Desk, changed: Credentials) -> None:
    secret = await desk.issue(document="notes")
    assert await desk.tickets.identify(secret, YWS) is not None
    assert await desk.tickets.identify(secret, changed) is None


async def test_ticket_for_any_document_returns_to_the_one_it_was_used_for(desk: Desk) -> None:
    secret = await desk.issue()
    assert await desk.tickets.identify(secret, YWS) is not None
    other = Credentials("y-websocket", origin=ORIGIN, address="192.0.2.1", document="other")
    assert await desk.tickets.identify(secret, other) is None
    assert await desk.tickets.identify(secret, YWS) is not None


async def test_ticket_that_was_refused_is_bound_to_nothing(desk: Desk) -> None:
    secret = await desk.issue(document="notes")
    thief = Credentials("y-websocket", address="203.0.113.9", document="notes")
    assert await desk.tickets.identify(secret, thief) is None
    with_origin = Credentials("y-websocket", origin=ORIGIN, address="203.0.113.9", document="notes")
    assert await desk.tickets.identify(secret, with_origin) is None
    assert await desk.tickets.identify(secret, YWS) is None


async def test_ticket_used_at_another_door_is_bound_to_nothing(desk: Desk) -> None:
    secret = await desk.issue()
    assert await desk.tickets.identify(secret, NATIVE) is not None
    assert await desk.tickets.identify(secret, YWS) is None


async def test_ticket_of_a_browser_with_a_cookie_is_bound_to_nothing(desk: Desk) -> None:
    secret = await desk.issue()
    shown = Credentials(
        "y-websocket", origin=ORIGIN, address="192.0.2.1", document="notes", session_cookie="x"
    )
    assert await desk.tickets.identify(secret, shown) is not None
    assert await desk.tickets.identify(secret, YWS) is None


async def test_ticket_is_held_while_its_socket_is_open(desk: Desk) -> None:
    secret = await desk.issue()
    principal = await desk.tickets.identify(secret, YWS)
    assert principal is not None
    desk.tickets.hold(secret)
    for _ in range(10):
        desk.now_s += RETURN_S / 2
        await desk.tickets.renew_held()
    assert await desk.tickets.identify(secret, YWS) == principal
    desk.now_s += RETURN_S - 1
    await desk.tickets.release(secret)
    desk.now_s += RETURN_S - 1
    assert await desk.tickets.identify(secret, YWS) == principal
    desk.now_s += 1
    await desk.tickets.renew_held()
    assert await desk.tickets.identify(secret, YWS) is None


async def test_ticket_of_two_sockets_is_held_until_both_are_closed(desk: Desk) -> None:
    secret = await desk.issue()
    assert await desk.tickets.identify(secret, YWS) is not None
    desk.tickets.hold(secret)
    desk.tickets.hold(secret)
    await desk.tickets.release(secret)
    for _ in range(4):
        desk.now_s += RETURN_S / 2
        await desk.tickets.renew_held()
    assert await desk.tickets.identify(secret, YWS) is not None
    await desk.tickets.release(secret)
    await desk.tickets.release(secret)
    desk.now_s += RETURN_S
    await desk.tickets.renew_held()
    assert await desk.tickets.identify(secret, YWS) is None


async def test_held_ticket_ends_with_what_it_stands_for(desk: Desk) -> None:
    ends_ms = int(desk.now_s * 1000) + 10_000
    secret = await desk.issue(replace(ADA, expires_at_ms=ends_ms, session_id="s1"))
    assert await desk.tickets.identify(secret, YWS) is not None
    desk.tickets.hold(secret)
    desk.now_s += 5
    await desk.tickets.renew_held()
    assert await desk.tickets.identify(secret, YWS) is not None
    desk.ended.add("s1")
    assert await desk.tickets.identify(secret, YWS) is None
    desk.ended.clear()
    desk.now_s += 5
    assert await desk.tickets.identify(secret, YWS) is None


async def test_ticket_is_not_bound_if_the_settings_say_so(desk: Desk) -> None:
    tickets = desk.restarted(return_s=0)
    secret = await desk.issue()
    assert await tickets.identify(secret, YWS) is not None
    tickets.hold(secret)
    await tickets.renew_held()
    await tickets.run()
    assert await tickets.identify(secret, YWS) is None


async def test_tickets_of_one_user_in_a_minute_are_bounded(desk: Desk) -> None:
    tickets = desk.restarted(per_minute=3)
    bob = replace(ADA, user=User("bob", "Bob", "#123456"))
    for _ in range(3):
        await tickets.issue(ADA, document=None, origin=None)
    with pytest.raises(QuireError) as refused:
        await tickets.issue(ADA, document=None, origin=None)
    assert refused.value.code is ErrorCode.RATE_LIMITED
    assert refused.value.retry_after_s == 60
    await tickets.issue(bob, document=None, origin=None)
    desk.now_s += 60
    await tickets.issue(ADA, document=None, origin=None)


@pytest.mark.parametrize("kind", ["named", "guest"])
async def test_whoever_is_made_up_counts_as_its_address(
    desk: Desk, kind: Literal["named", "guest"]
) -> None:
    tickets = desk.restarted(per_minute=3)
    for number in range(3):
        named = Principal(User(f"eve-{number}", "Eve", "#123456"), kind, True)
        await tickets.issue(named, document=None, origin=None, address="192.0.2.1")
    named = Principal(User("eve-9", "Eve", "#123456"), kind, True)
    with pytest.raises(QuireError, match="Too many tickets"):
        await tickets.issue(named, document=None, origin=None, address="192.0.2.1")
    await tickets.issue(named, document=None, origin=None, address="192.0.2.2")


async def test_expired_tickets_are_swept_and_others_stay(desk: Desk) -> None:
    gone, bound = await desk.issue(), await desk.issue()
    assert await desk.tickets.identify(bound, YWS) is not None
    desk.now_s += TICKET_S
    fresh = await desk.issue()
    assert await desk.store.identity.sweep(int(desk.now_s * 1000), 100) == 1
    assert await desk.tickets.identify(gone, NATIVE) is None
    assert await desk.tickets.identify(bound, YWS) is not None
    assert await desk.tickets.identify(fresh, NATIVE) is not None
