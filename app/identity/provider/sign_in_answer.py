"""The answer with which a provider sends a browser back, and the reasons not to sign it in."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

CALLBACK_PATH: Final = "/auth/oidc/callback"


class Problem(StrEnum):
    """The reason that there is no sign-in; the page says it in words."""

    DENIED = "denied"
    """The user, or the provider, has said no."""
    EXPIRED = "expired"
    """It did not begin in this browser, or too long ago."""
    FAILED = "failed"
    """The answer proves nothing."""
    UNAVAILABLE = "unavailable"
    """The provider does not answer."""
    DISABLED = "disabled"
    """The user is shut out."""


class NotSignedIn(Exception):
    """The sign-in did not succeed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


class CallbackAnswer(Struct, frozen=True):
    """The parameters with which the provider has sent a browser back."""

    code: str | None
    error: str | None
    issuer: str | None
