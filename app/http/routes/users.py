"""`/api/users`: people to share with; for operators, all there is to know and to decide."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query

from app.audit.audit_kind import USER_CHANGED
from app.http.access import PrincipalOf, problems
from app.http.identity_schema import UserChange, UserEntry, UserList
from app.http.noting import NotingOf
from app.http.people_access import NOT_KEPT, OperatorOf, PeopleOf
from app.http.schema import Text
from app.identity.people import People
from app.identity.principal import Principal
from app.service.service_error import ServiceCode, ServiceError
from storage.identity.identity_record import LastOperatorError, UserRecord
from sync.error import ErrorCode, QuireError
from sync.shells.clock import now_ms
from sync.wire.event import timestamp

router = APIRouter(prefix="/api/users", tags=["people"], dependencies=[NOT_KEPT])

MAX_FOUND: Final = 20
"""The bound of the users that a search finds."""
MAX_PAGE: Final = 200
_MAX_QUERY_CHARS: Final = 100
_MAX_CURSOR_CHARS: Final = 2_000


@router.get("", responses=problems(403))
async def list_users(
    people: PeopleOf,
    principal: PrincipalOf,
    q: Annotated[Text | None, Query(description="Part of a name or login.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_FOUND,
    after: Annotated[Text | None, Query(description="Operators: `next` of a page.")] = None,
) -> UserList:
    """Find users by a part of their name or login; operators are given all of them, in pages."""
    if len(q or "") > _MAX_QUERY_CHARS:
        raise QuireError(ErrorCode.INVALID_MESSAGE, f"q: at most {_MAX_QUERY_CHARS} characters")
    if principal.is_operator:
        return await _page(people, q, limit, after)
    _require_user(principal)
    if not q or after is not None:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "q: say whom you look for")
    found = await people.identity.users(q, min(limit, MAX_FOUND), kinds=("account", "oidc"))
    users = [
        UserEntry(id=user.id, name=user.name, color=user.color)
        for user in found
        if not user.is_disabled
    ]
    return UserList(users=users, next=None)


@router.get("/{user}", responses=problems(403, 404))
async def read_user(user: str, people: PeopleOf, _: OperatorOf) -> UserEntry:
    """Describe a user, to an operator."""
    return _entry(await _find(people, user))


@router.patch("/{user}", responses=problems(403, 404, 409, 413))
async def change_user(
    user: str, change: UserChange, people: PeopleOf, _: OperatorOf, note: NotingOf
) -> UserEntry:
    """Shut a user out or let it in again, make it an operator or end that.

    Who is shut out is signed out everywhere, and its open sockets end within a second.
    """
    known = await _find(people, user)
    identity, at_ms = people.identity, now_ms()
    try:
        if change.operator is not None:
            await identity.set_operator(known.id, change.operator, at_ms, keeps_one=True)
        if change.disabled is not None:
            await identity.set_disabled(known.id, change.disabled, at_ms, keeps_one=True)
    except LastOperatorError:
        raise ServiceError(
            ServiceCode.LAST_OPERATOR, "There would be no operator left; make another one first."
        ) from None
    note(USER_CHANGED, of=known.id, disabled=change.disabled, operator=change.operator)
    return _entry(await _find(people, known.id))


def _require_user(principal: Principal) -> None:
    """Refuse whoever is no user of this server: a guest, a name, a program."""
    if principal.is_signed_in and principal.kind in ("account", "oidc", "jwt"):
        return
    if principal.kind in ("visitor", "guest", "named"):
        raise QuireError(ErrorCode.AUTH_REQUIRED, "Sign in first.")
    raise QuireError(ErrorCode.FORBIDDEN, "Only users may look for users.")


async def _page(people: People, query: str | None, limit: int, after: str | None) -> UserList:
    found = await people.identity.users(query, limit, after=_decode_cursor(after))
    following = _encode_cursor(found[-1]) if len(found) == limit else None
    return UserList(users=[_entry(user) for user in found], next=following)


async def _find(people: People, user_id: str) -> UserRecord:
    found = await people.identity.user(user_id)
    if found is None:
        raise ServiceError(ServiceCode.UNKNOWN_USER, "There is no such user.")
    return found


def _entry(user: UserRecord) -> UserEntry:
    return UserEntry(
        id=user.id,
        name=user.name,
        color=user.color,
        login=user.login,
        kind=user.kind,
        operator=user.is_operator,
        disabled=user.is_disabled,
        created_at=timestamp(user.created_at_ms),
    )


def _encode_cursor(user: UserRecord) -> str:
    return urlsafe_b64encode(msgspec.json.encode((user.name, user.id))).decode()


def _decode_cursor(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    try:
        if len(cursor) > _MAX_CURSOR_CHARS:
            raise ValueError
        name, user_id = msgspec.json.decode(urlsafe_b64decode(cursor), type=tuple[str, str])
        if "\0" in name + user_id:
            raise ValueError
    except ValueError:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "after: not the `next` of a page.") from None
    return name, user_id
