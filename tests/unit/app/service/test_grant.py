"""app.service.grant: a role allows an action or refuses it with `forbidden`."""

import pytest

from app.identity.principal import Principal
from app.service.grant import Grant
from sync.error import ErrorCode, QuireError
from sync.names import Role
from sync.permission import Action
from sync.port import DocumentRecord
from sync.user import User

ANN = Principal(User("u-ann", "Ann", "#aa0000"), "account", is_signed_in=True)
NOTES = DocumentRecord(1, "notes", "", "content", "e", 0, 7, "u-bob", 0, 0)


@pytest.mark.parametrize("action", [Action.WRITE, Action.MANAGE])
@pytest.mark.parametrize("role", ["viewer", "commenter"])
def test_grant_refuses_what_its_role_may_not_do(role: Role, action: Action) -> None:
    with pytest.raises(QuireError) as refused:
        Grant(ANN, role, NOTES).require(action)
    assert refused.value.code is ErrorCode.FORBIDDEN
    assert role in refused.value.message


@pytest.mark.parametrize("role", ["viewer", "commenter", "editor", "owner"])
def test_grant_lets_every_role_read(role: Role) -> None:
    Grant(ANN, role, NOTES).require(Action.READ)


@pytest.mark.parametrize("role", ["editor", "owner"])
def test_grant_lets_editors_and_owners_write(role: Role) -> None:
    Grant(ANN, role, NOTES).require(Action.WRITE)
    Grant(ANN, role, NOTES).require(Action.RENAME)


def test_grant_lets_owners_alone_share_and_delete() -> None:
    Grant(ANN, "owner", NOTES).require(Action.MANAGE)
    with pytest.raises(QuireError):
        Grant(ANN, "editor", NOTES).require(Action.MANAGE)
