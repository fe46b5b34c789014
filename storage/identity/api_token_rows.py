"""API tokens in SQL."""

from typing import Any

import msgspec
from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, insert, or_, select, update

from storage.identity.identity_record import TokenRecord
from storage.table import api_tokens
from sync.permission import Claim

_decode_claims = msgspec.json.Decoder(tuple[Claim, ...]).decode

_insert = insert(api_tokens)
_live = select(*api_tokens.c).where(
    api_tokens.c.secret_hash == bindparam("hash_of_secret"),
    api_tokens.c.revoked_at_ms.is_(None),
    or_(api_tokens.c.expires_at_ms.is_(None), api_tokens.c.expires_at_ms > bindparam("now_ms")),
)
_live_by_id = select(*api_tokens.c).where(
    api_tokens.c.id == bindparam("of_token"),
    api_tokens.c.revoked_at_ms.is_(None),
    or_(api_tokens.c.expires_at_ms.is_(None), api_tokens.c.expires_at_ms > bindparam("now_ms")),
)
_all = select(*api_tokens.c).order_by(api_tokens.c.created_at_ms, api_tokens.c.id)
_revoke = (
    update(api_tokens)
    .where(api_tokens.c.id == bindparam("of_token"), api_tokens.c.revoked_at_ms.is_(None))
    .values(revoked_at_ms=bindparam("now_ms"))
)
_touch = (
    update(api_tokens)
    .where(api_tokens.c.id == bindparam("of_token"))
    .values(used_at_ms=bindparam("now_ms"))
)


def add(connection: Connection, token: TokenRecord) -> None:
    claims = msgspec.json.encode(token.claims).decode()
    connection.execute(_insert, asdict(token) | {"claims": claims})


def live(connection: Connection, secret_hash: bytes, now_ms: int) -> TokenRecord | None:
    values = {"hash_of_secret": secret_hash, "now_ms": now_ms}
    row = connection.execute(_live, values).one_or_none()
    return None if row is None else _record(row)


def live_by_id(connection: Connection, token_id: str, now_ms: int) -> TokenRecord | None:
    values = {"of_token": token_id, "now_ms": now_ms}
    row = connection.execute(_live_by_id, values).one_or_none()
    return None if row is None else _record(row)


def all_tokens(connection: Connection) -> list[TokenRecord]:
    return [_record(row) for row in connection.execute(_all)]


def revoke(connection: Connection, token_id: str, at_ms: int) -> bool:
    values = {"of_token": token_id, "now_ms": at_ms}
    return connection.execute(_revoke, values).rowcount == 1


def touch(connection: Connection, token_id: str, at_ms: int) -> None:
    connection.execute(_touch, {"of_token": token_id, "now_ms": at_ms})


def _record(row: Any) -> TokenRecord:
    return TokenRecord(**(row._asdict() | {"claims": _decode_claims(row.claims)}))
