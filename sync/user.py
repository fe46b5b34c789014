"""A user, as everything below authentication knows one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """Who a session speaks for; from authentication, never from a payload."""

    id: str
    name: str
    color: str
    anonymous: bool = False
    """Open mode: gave no name. It then goes by the one in its awareness; nobody is impersonated."""
