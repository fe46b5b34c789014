"""Everybody who may come to a door: how each proves itself, and what it may; no test is in here."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from secrets import token_bytes, token_hex
from typing import Final

from app.identity.accounts.web_sessions import Client
from app.identity.credential import GUEST_COOKIE, SESSION_COOKIE
from app.identity.guest import new_guest
from app.identity.principal import Principal
from app.identity.tokens.api_token import new_token
from app.service.lifecycle import create_document
from storage.access.access_record import LinkRecord
from storage.identity.identity_record import TokenRecord, UserRecord
from sync.names import Role
from sync.permission import EVERYONE, SIGNED_IN, Claim, user_subject
from sync.port import DocumentRecord
from sync.shells.clock import now_ms
from sync.user import User
from tests.integration.accounts_app import ORIGIN
from tests.integration.http_app import Application

NONE: Final = "none"
"""Of whoever may not know of the document."""
UNPROVEN: Final = "unproven"
"""Of whoever has not said who it is, or whose proof has ended."""
REFUSED: Final = "refused"
"""Of whoever shows a token that is no good."""
SOON_MS: Final = 1_500


@dataclass(frozen=True, slots=True)
class Actor:
    """One who comes to the doors.

    Args:
        standing: its role in `document`, or `NONE`, `UNPROVEN`, `REFUSED`.
        kind: which kind of who asks it is, for routes that name no document.
    """

    label: str
    kind: str
    standing: str
    document: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """What its requests carry, and its handshakes unless `token` or `name` is shown."""
    token: str | None = None
    name: str | None = None
    on_sockets: str | None = None
    """Its standing there, where it is another."""

    @property
    def socket_headers(self) -> dict[str, str]:
        """What its handshakes carry."""
        shown = {"Cookie", "Origin"} & self.headers.keys()
        return {name: self.headers[name] for name in sorted(shown)}


class Cast:
    """Makes actors, and the documents that they come for, in an application."""

    def __init__(self, quire: Application) -> None:
        self.quire = quire
        self.state = quire.state
        self._count = count(1)
        self.actors: list[Actor] = []
        self.links: dict[str, str] = {}
        """The id of a share link of each document."""

    # --- documents ----------------------------------------------------------------------------

    async def document(self, *grants: tuple[str, Role], owner: str = "u-olga") -> DocumentRecord:
        """A document with the text `Hello`, in which subjects are granted roles."""
        state, name = self.state, f"doc-{next(self._count)}"
        user = Principal(User(owner, "Olga", "#1670c9"), "account", True, may_create=True)
        created = await create_document(state.backend, user, name=name, text="Hello")
        record = created.document
        for subject, role in grants:
            await self.grant(record, subject, role)
        link = self._link(record, "viewer", None)
        self.links[name] = link.id
        await state.backend.access.create_link(link)
        return record

    async def grant(self, record: DocumentRecord, subject: str, role: Role | None) -> None:
        """Give a subject a role in a document."""
        await self.state.backend.access.set_grant(record.key, subject, role, now_ms())

    async def by_link(
        self, record: DocumentRecord, user_id: str, role: Role, expires_at_ms: int | None = None
    ) -> str:
        """Have a user redeem a new link; returns its id."""
        link = self._link(record, role, expires_at_ms)
        await self.state.backend.access.create_link(link)
        redeemed = await self.state.backend.access.redeem(link.secret_hash, user_id, now_ms())
        assert redeemed is not None
        return link.id

    def _link(self, record: DocumentRecord, role: Role, expires_at_ms: int | None) -> LinkRecord:
        return LinkRecord(
            token_hex(8), record.key, token_bytes(32), role, "u-olga", now_ms(), expires_at_ms
        )

    # --- proofs -------------------------------------------------------------------------------

    async def user(self, *, is_operator: bool = False) -> UserRecord:
        """A new account."""
        number = next(self._count)
        user = UserRecord(
            f"u-{number}",
            "account",
            f"User {number}",
            "#1670c9",
            login=f"user{number}",
            password_hash=await self.state.people.passwords.hash("correct horse"),
            is_operator=is_operator,
            created_at_ms=now_ms(),
        )
        await self.state.people.identity.put_user(user)
        return user

    async def session(self, user: UserRecord) -> dict[str, str]:
        """The headers of a browser in which a user has signed in."""
        signed_in = await self.state.people.sessions.start(user, Client())
        return cookie(SESSION_COOKIE, signed_in.secret)

    def guest(self) -> tuple[str, dict[str, str]]:
        """The id of a new guest, and the headers of its browser."""
        guest = new_guest("Guest", now_ms())
        return guest.id, cookie(GUEST_COOKIE, self.state.people.guests.encode(guest))

    async def api_token(
        self, *claims: tuple[str, Role], expires_at_ms: int | None = None
    ) -> tuple[str, TokenRecord]:
        """The secret and the record of a new API token."""
        secret, record = new_token(
            "Bot",
            tuple(Claim(pattern, role) for pattern, role in claims),
            may_create=False,
            created_by="test",
            now_ms=now_ms(),
            expires_at_ms=expires_at_ms,
        )
        await self.state.people.identity.create_token(record)
        return secret, record

    # --- actors -------------------------------------------------------------------------------

    def enter(
        self,
        label: str,
        kind: str,
        standing: str,
        record: DocumentRecord,
        headers: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        name: str | None = None,
        on_sockets: str | None = None,
    ) -> None:
        """Add an actor."""
        shown = dict(headers or {})
        if token is not None:
            shown["Authorization"] = f"Bearer {token}"
        if name is not None:
            shown["X-Quire-Name"] = name
        actor = Actor(label, kind, standing, record.name, shown, token, name, on_sockets)
        self.actors.append(actor)


def cookie(name: str, value: str) -> dict[str, str]:
    """The headers of a request of a page of this server with a cookie."""
    return {"Cookie": f"{name}={value}", "Origin": ORIGIN}


async def passes(at_ms: int) -> None:
    """Wait until a time is over."""
    await asyncio.sleep(max(0, at_ms + 1 - now_ms()) / 1000)
    assert now_ms() > at_ms


ROLES: Final[Sequence[Role]] = ("owner", "editor", "commenter", "viewer")
LINK_ROLES: Final[Sequence[Role]] = ("editor", "commenter", "viewer")


async def members(cast: Cast) -> None:
    """Users with a role of their own, and users without."""
    for role in ROLES:
        user = await cast.user()
        record = await cast.document((user_subject(user.id), role))
        cast.enter(f"member: {role}", "account", role, record, await cast.session(user))
    user = await cast.user()
    record = await cast.document(owner=user.id)
    cast.enter("creator", "account", "owner", record, await cast.session(user))
    user = await cast.user()
    stranger = await cast.session(user)
    cast.enter("other user", "account", NONE, await cast.document(), stranger)
    boss = await cast.session(await cast.user(is_operator=True))
    cast.enter("operator", "operator", NONE, await cast.document(), boss)
    for role in LINK_ROLES:
        record = await cast.document((SIGNED_IN, role))
        cast.enter(f"signed-in: {role}", "account", role, record, stranger)
    record = await cast.document((EVERYONE, "viewer"), (user_subject(user.id), "editor"))
    cast.enter("the higher of two roles", "account", "editor", record, stranger)
    record = await cast.document((user_subject(user.id), "editor"))
    await cast.grant(record, user_subject(user.id), None)
    cast.enter("member no more", "account", NONE, record, stranger)


async def guests(cast: Cast) -> None:
    """Guests, with and without a link, and those of whom nothing is known."""
    _, headers = cast.guest()
    cast.enter("guest", "guest", NONE, await cast.document(), headers)
    record = await cast.document((SIGNED_IN, "editor"))
    cast.enter("guest, who is not signed in", "guest", NONE, record, headers)
    record = await cast.document((EVERYONE, "editor"))
    cast.enter("guest as everyone", "guest", "editor", record, headers)
    for role in LINK_ROLES:
        guest_id, headers = cast.guest()
        record = await cast.document()
        await cast.by_link(record, guest_id, role)
        cast.enter(f"link: {role}", "guest", role, record, headers)
    guest_id, headers = cast.guest()
    record = await cast.document()
    await cast.by_link(await cast.document(), guest_id, "editor")
    cast.enter("link of another document", "guest", NONE, record, headers)
    guest_id, headers = cast.guest()
    record = await cast.document()
    link = await cast.by_link(record, guest_id, "editor")
    await cast.state.backend.access.revoke_link(record.key, link, now_ms())
    cast.enter("revoked link", "guest", NONE, record, headers)
    guest_id, headers = cast.guest()
    record = await cast.document()
    ends_ms = now_ms() + SOON_MS
    await cast.by_link(record, guest_id, "editor", ends_ms)
    cast.enter("expired link", "guest", NONE, record, headers)
    await passes(ends_ms)
    record = await cast.document((SIGNED_IN, "editor"))
    forged = cookie(GUEST_COOKIE, cast.guest()[1]["Cookie"].partition("=")[2][:-2] + "AA")
    cast.enter("forged guest", "ended", UNPROVEN, record, forged)
    cast.enter("visitor", "visitor", UNPROVEN, await cast.document((SIGNED_IN, "editor")))
    record = await cast.document((EVERYONE, "editor"))
    cast.enter("visitor as everyone", "visitor", "viewer", record, on_sockets=UNPROVEN)
    record = await cast.document((SIGNED_IN, "editor"))
    cast.enter("a name alone", "visitor", UNPROVEN, record, name="Olga")


async def programs(cast: Cast) -> None:
    """API tokens, good ones and others."""
    for role in ROLES:
        record = await cast.document()
        secret, _ = await cast.api_token((record.name, role))
        cast.enter(f"API token: {role}", "token", role, record, token=secret)
    record = await cast.document()
    secret, _ = await cast.api_token((f"{record.name[:-1]}*", "editor"))
    cast.enter("API token of a pattern", "token", "editor", record, token=secret)
    secret, _ = await cast.api_token(("another", "owner"), ("doc", "owner"), ("doc-x*", "owner"))
    record = await cast.document((SIGNED_IN, "editor"), (EVERYONE, "editor"))
    cast.enter("API token of other documents", "token", NONE, record, token=secret)
    record = await cast.document()
    secret, token = await cast.api_token((record.name, "owner"))
    await cast.state.people.identity.revoke_token(token.id, now_ms())
    cast.enter("revoked API token", "bad", REFUSED, record, token=secret)
    ends_ms = now_ms() + 50
    secret, _ = await cast.api_token((record.name, "owner"), expires_at_ms=ends_ms)
    await passes(ends_ms)
    cast.enter("expired API token", "bad", REFUSED, record, token=secret)
    record = await cast.document((EVERYONE, "editor"))
    cast.enter("made-up API token", "bad", REFUSED, record, token="qt_" + "x" * 43)


async def ended(cast: Cast) -> None:
    """Sessions that have ended."""
    user = await cast.user()
    record = await cast.document((user_subject(user.id), "owner"))
    headers = await cast.session(user)
    await cast.state.people.sessions.end_all(user.id)
    cast.enter("signed out", "ended", UNPROVEN, record, headers)
    user = await cast.user()
    headers = await cast.session(user)
    await cast.state.people.identity.set_disabled(user.id, True, now_ms())
    record = await cast.document((user_subject(user.id), "owner"))
    cast.enter("shut out", "ended", UNPROVEN, record, headers)
    record = await cast.document((SIGNED_IN, "editor"))
    forged = cookie(SESSION_COOKIE, "x" * 43)
    cast.enter("made-up session", "ended", UNPROVEN, record, forged)
