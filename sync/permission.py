"""The permissions of roles: one function decides for every door into a document."""

from enum import Enum, auto
from typing import Final

from sync.names import WRITING_ROLES, Role


class Action(Enum):
    """An act on a document that a role allows or does not allow."""

    READ = auto()
    """Read its text, its history, and who is there."""
    WRITE = auto()
    """Change its content: an edit, an update, a restore."""
    MANAGE = auto()
    """Change its metadata, or delete it."""


_ROLES: Final[dict[Action, frozenset[str]]] = {
    Action.READ: frozenset({"owner", "editor", "commenter", "viewer"}),
    Action.WRITE: WRITING_ROLES,
    Action.MANAGE: WRITING_ROLES,
}


def may(role: Role, action: Action) -> bool:
    """Return whether a role allows an action."""
    return role in _ROLES[action]
