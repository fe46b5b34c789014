"""sync.permission: which role allows which action."""

from typing import get_args

import pytest

from sync.names import Role
from sync.permission import Action, may


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        (Action.READ, {"owner", "editor", "commenter", "viewer"}),
        (Action.WRITE, {"owner", "editor"}),
        (Action.MANAGE, {"owner", "editor"}),
    ],
)
def test_action_is_allowed_to_exactly_these_roles(action: Action, allowed: set[str]) -> None:
    assert {role for role in get_args(Role) if may(role, action)} == allowed


def test_every_action_is_decided() -> None:
    for action in Action:
        assert may("owner", action)
