"""A user, as everything below authentication knows one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """The user that a session acts for; from authentication, never from a payload."""

    id: str
    name: str
    color: str
    anonymous: bool = False
    """Open mode: the client gave no name. It is shown under the name in its awareness."""
