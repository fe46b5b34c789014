"""`quire user`: the accounts of an installation, in its database; no server need run.

What is changed here reaches running servers within a second, as what is changed over HTTP does.
"""

import argparse
import sys
from typing import Final

from app.audit.audit_kind import INVITATION_CREATED, USER_CHANGED
from app.audit.audit_note import COMMAND_LINE, audit_record
from app.cli.current_store import open_current_store
from app.cli.failure import CommandFailed
from app.identity.accounts.invitation import OPERATOR, issue_invitation
from app.identity.accounts.login import clean_login
from app.settings import Settings
from storage.identity.identity_record import UserRecord
from storage.identity.sql_identity import SqlIdentity
from storage.store import Store
from sync.shells.clock import now_ms
from sync.wire.event import timestamp

_PAGE: Final = 200


async def run_user_command(settings: Settings, flags: argparse.Namespace) -> None:
    """Do what the flags of `app.cli.user_flags` say."""
    match flags.action:
        case "invite":
            await invite_user(settings, is_operator=flags.operator, days=flags.days)
        case "list":
            await list_users(settings)
        case "reset-password":
            await reset_password(settings, flags.login, days=flags.days)
        case "disable" | "enable":
            await disable_user(settings, flags.login, is_disabled=flags.action == "disable")
        case "operator":
            await set_operator(settings, flags.login, is_operator=not flags.revoke)
        case _:
            raise AssertionError("the grammar has no other action")


async def invite_user(settings: Settings, *, is_operator: bool, days: int) -> None:
    """Print a link with which one person becomes a user."""
    async with open_current_store(settings) as store:
        issued = await issue_invitation(
            store.identity, created_by=OPERATOR, is_operator=is_operator, days=days
        )
        await _note(
            store, INVITATION_CREATED, invitation=issued.invitation.id, operator=is_operator
        )
    print(issued.url(settings.public_root))
    _say_until(issued.invitation.expires_at_ms)


async def reset_password(settings: Settings, login: str, *, days: int) -> None:
    """Print a link with which a user chooses a new password; the old one holds until then."""
    async with open_current_store(settings) as store:
        user = await _find(store.identity, login)
        if user.kind != "account":
            raise CommandFailed(f"{login!r} signs in elsewhere, without a password of ours")
        issued = await issue_invitation(
            store.identity, created_by=OPERATOR, days=days, user_id=user.id
        )
        await _note(store, INVITATION_CREATED, invitation=issued.invitation.id, of=user.id)
    print(issued.url(settings.public_root))
    _say_until(issued.invitation.expires_at_ms)


async def list_users(settings: Settings) -> None:
    """Print a line for each user: id, login, name, state, when it came; tabs between them."""
    after: tuple[str, str] | None = None
    async with open_current_store(settings) as store:
        while found := await store.identity.users(None, _PAGE, after=after):
            for user in found:
                print(_line(user))
            after = (found[-1].name, found[-1].id)
    if after is None:
        print("There are no users.", file=sys.stderr)


async def disable_user(settings: Settings, login: str, *, is_disabled: bool) -> None:
    """Shut a user out, which ends its sessions, or let it in again."""
    async with open_current_store(settings) as store:
        user = await _find(store.identity, login)
        await store.identity.set_disabled(user.id, is_disabled, now_ms())
        await _note(store, USER_CHANGED, of=user.id, disabled=is_disabled)
    print(f"{login} is {'shut out' if is_disabled else 'let in again'}.", file=sys.stderr)


async def set_operator(settings: Settings, login: str, *, is_operator: bool) -> None:
    """Make a user an operator, or end that."""
    async with open_current_store(settings) as store:
        user = await _find(store.identity, login)
        await store.identity.set_operator(user.id, is_operator, now_ms())
        await _note(store, USER_CHANGED, of=user.id, operator=is_operator)
    print(f"{login} is {'an' if is_operator else 'no'} operator.", file=sys.stderr)


def _line(user: UserRecord) -> str:
    states = [
        state
        for state, holds in (("operator", user.is_operator), ("disabled", user.is_disabled))
        if holds
    ]
    return "\t".join(
        (
            user.id,
            user.login or "-",
            user.name,
            ",".join(states) or "-",
            timestamp(user.created_at_ms),
        )
    )


def _say_until(expires_at_ms: int) -> None:
    print(f"It works once, until {timestamp(expires_at_ms)}.", file=sys.stderr)


async def _find(identity: SqlIdentity, login: str) -> UserRecord:
    """Return the user of a login, or of an id: not every user has a login."""
    cleaned = clean_login(login)
    found = None if cleaned is None else await identity.user_by_login(cleaned)
    found = found or await identity.user(login)
    if found is None:
        raise CommandFailed(f"there is no user {login!r}")
    return found


async def _note(store: Store, kind: str, **detail: str | bool) -> None:
    await store.audit.append([audit_record(kind, None, COMMAND_LINE, None, **detail)])
