"""`quire token`: the API tokens of programs, in the database; no server need run.

A token that is revoked here ends within a second at running servers, on open sockets too.
"""

import argparse
import sys
from typing import Final

from app.audit.audit_kind import TOKEN_CREATED, TOKEN_REVOKED
from app.audit.audit_note import COMMAND_LINE, audit_record
from app.cli.current_store import open_current_store
from app.cli.failure import CommandFailed
from app.identity.tokens.api_token import new_token
from app.settings import Settings
from storage.identity.identity_record import TokenRecord
from sync.error import QuireError
from sync.permission import Claim
from sync.shells.clock import now_ms
from sync.wire.event import timestamp

_DAY_MS: Final = 86_400_000
_CREATED_BY: Final = "operator"


async def run_token_command(settings: Settings, flags: argparse.Namespace) -> None:
    """Do what the flags of `app.cli.token_flags` say."""
    match flags.action:
        case "create":
            claims = tuple(Claim(pattern, flags.role) for pattern in flags.documents)
            await create_token(
                settings, flags.token_name, claims, may_create=flags.create, days=flags.days
            )
        case "list":
            await list_tokens(settings)
        case "revoke":
            await revoke_token(settings, flags.token_id)
        case _:
            raise AssertionError("the grammar has no other action")


async def create_token(
    settings: Settings,
    name: str,
    claims: tuple[Claim, ...],
    *,
    may_create: bool,
    days: int | None,
) -> None:
    """Print the secret of a new token; it is shown this once, and stored as a hash."""
    at_ms = now_ms()
    try:
        secret, record = new_token(
            name,
            claims,
            may_create=may_create,
            created_by=_CREATED_BY,
            now_ms=at_ms,
            expires_at_ms=None if days is None else at_ms + days * _DAY_MS,
        )
    except QuireError as error:
        raise CommandFailed(f"--name: {error.message}") from None
    async with open_current_store(settings) as store:
        await store.identity.create_token(record)
        documents = [f"{claim.pattern}:{claim.role}" for claim in claims]
        made = audit_record(TOKEN_CREATED, None, COMMAND_LINE, id=record.id, documents=documents)
        await store.audit.append([made])
    print(secret)
    end = record.expires_at_ms
    until = "until it is revoked" if end is None else f"until {timestamp(end)}"
    print(f"Token {record.id} works {until}. It is not shown again.", file=sys.stderr)


async def list_tokens(settings: Settings) -> None:
    """Print a line for each token: id, name, state, documents, made, last used; tabs between."""
    async with open_current_store(settings) as store:
        tokens = await store.identity.tokens()
    at_ms = now_ms()
    for token in tokens:
        print(_line(token, at_ms))
    if not tokens:
        print("There are no tokens.", file=sys.stderr)


async def revoke_token(settings: Settings, token_id: str) -> None:
    """End a token. Raises `CommandFailed` if there is none of that id to end."""
    async with open_current_store(settings) as store:
        if not await store.identity.revoke_token(token_id, now_ms()):
            raise CommandFailed(f"there is no token {token_id!r}, or it is revoked already")
        await store.audit.append([audit_record(TOKEN_REVOKED, None, COMMAND_LINE, id=token_id)])
    print(f"Token {token_id} is revoked.", file=sys.stderr)


def _line(token: TokenRecord, at_ms: int) -> str:
    end = token.expires_at_ms
    if token.revoked_at_ms is not None:
        state = "revoked"
    elif end is not None and end <= at_ms:
        state = "expired"
    else:
        state = "valid" if end is None else f"until {timestamp(end)}"
    documents = ",".join(f"{claim.pattern}:{claim.role}" for claim in token.claims)
    used = "never" if token.used_at_ms is None else timestamp(token.used_at_ms)
    may_create = ",create" if token.may_create else ""
    made = timestamp(token.created_at_ms)
    return "\t".join((token.id, token.name, state, documents + may_create, made, used))
