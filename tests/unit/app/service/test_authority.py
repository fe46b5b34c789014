"""app.service.authority: roles from the stored rows, and who may create documents."""

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from app.identity.identifier import VISITOR
from app.identity.principal import Kind, Principal
from app.service.authority import Authority, unknown_document
from sync.error import ErrorCode
from sync.permission import Claim, Standing
from sync.user import User

pytestmark = pytest.mark.anyio

NOTES_KEY = 7
BOT = Claim("team-*", "editor")
READER = Claim("team-*", "viewer")


class _Rows:
    """The rows of one document, whoever asks."""

    async def standing(self, document_key: int, user_id: str) -> Standing | None:
        owns = Standing("u-ann", everyone="viewer", signed_in="commenter")
        return owns if document_key == NOTES_KEY else None

    async def standings(
        self, pairs: Sequence[tuple[int, str]]
    ) -> Mapping[tuple[int, str], Standing]:
        return {pair: await self.standing(*pair) or Standing("") for pair in pairs}


def _principal(
    kind: Kind,
    *claims: Claim,
    signed_in: bool = True,
    creates: bool = False,
    user_id: str = "u-eve",
) -> Principal:
    return Principal(User(user_id, "Eve", "#123456"), kind, signed_in, creates, claims)


AUTHORITY = Authority(_Rows())


@pytest.mark.parametrize(
    ("principal", "role"),
    [
        (_principal("account", user_id="u-ann"), "owner"),
        (_principal("account"), "commenter"),
        (_principal("guest", signed_in=False), "viewer"),
        (VISITOR, "viewer"),
        (_principal("jwt", Claim("notes", "editor")), "editor"),
        (_principal("token", Claim("other", "editor")), None),
        (_principal("token", Claim("notes", "viewer"), user_id="u-ann"), "viewer"),
    ],
)
async def test_role_follows_from_the_rows_and_the_claims(
    principal: Principal, role: str | None
) -> None:
    assert await AUTHORITY.role(principal, NOTES_KEY, "notes") == role


async def test_document_without_rows_is_nobodys() -> None:
    assert await AUTHORITY.role(_principal("account"), NOTES_KEY + 1, "notes") is None


@pytest.mark.parametrize(
    ("principal", "name", "may"),
    [
        (_principal("account", creates=True), None, True),
        (_principal("account"), "team-1", False),
        (VISITOR, None, False),
        (_principal("jwt", BOT), "team-1", True),
        (_principal("jwt", BOT), None, False),
        (_principal("jwt", READER), "team-1", False),
        (_principal("token", BOT, creates=True), "team-1", True),
        (_principal("token", BOT, creates=True), "notes", False),
        (_principal("token", BOT, creates=True), None, False),
        (_principal("token", BOT), "team-1", False),
    ],
)
def test_creation(principal: Principal, name: str | None, may: bool) -> None:
    assert AUTHORITY.may_create(principal, name) == may


def test_who_is_not_proven_is_told_to_sign_in_and_others_that_there_is_nothing() -> None:
    assert unknown_document(VISITOR).code is ErrorCode.AUTH_REQUIRED
    assert unknown_document(_principal("guest")).code is ErrorCode.UNKNOWN_DOCUMENT


async def test_ticket_for_one_document_opens_and_creates_no_other() -> None:
    owner = _principal("account", creates=True, user_id="u-ann")
    bound = replace(owner, document="notes")
    assert await AUTHORITY.role(bound, NOTES_KEY, "notes") == "owner"
    assert await AUTHORITY.role(bound, NOTES_KEY, "other") is None
    assert AUTHORITY.may_create(bound, "notes")
    assert not AUTHORITY.may_create(bound, "other")
    assert not AUTHORITY.may_create(bound, None)
    scoped = replace(_principal("token", Claim("*", "editor"), creates=True), document="notes")
    assert await AUTHORITY.role(scoped, NOTES_KEY, "other") is None
    assert not AUTHORITY.may_create(scoped, "other")
