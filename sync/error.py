"""The error codes and close codes of `quire.v1`, once, and the exception that carries one.

A peer's mistake becomes an `error` message (or, where going on would be unsafe, a close). The
table is shared with the web client and written out in `docs/protocol.md`; a test holds them equal.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class ErrorCode(StrEnum):
    """The codes of `error` messages; `docs/protocol.md` explains each."""

    INVALID_JSON = "invalid_json"
    INVALID_MESSAGE = "invalid_message"
    UNKNOWN_TYPE = "unknown_type"
    AUTH_REQUIRED = "auth_required"
    AUTH_FAILED = "auth_failed"
    FORBIDDEN = "forbidden"
    NOT_JOINED = "not_joined"
    UNKNOWN_DOCUMENT = "unknown_document"
    NOT_CREATED = "not_created"
    BASE_UNKNOWN = "base_unknown"
    OUT_OF_RANGE = "out_of_range"
    DUPLICATE_ID = "duplicate_id"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    DOCUMENT_FULL = "document_full"
    MALFORMED_UPDATE = "malformed_update"
    READ_ONLY = "read_only"
    STORE_UNAVAILABLE = "store_unavailable"


class CloseCode(IntEnum):
    """The close codes of sockets, each with the reaction of the client."""

    GOING_AWAY = 1001
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012
    TRY_LATER = 1013
    UNUSABLE = 4400
    NOT_AUTHENTICATED = 4401
    NOT_ALLOWED = 4403
    NO_DOCUMENT = 4404
    TOO_MANY = 4429


class ClientAction(StrEnum):
    """The reaction of a client to a closed socket."""

    RECONNECT = "reconnect"
    """At once, with jitter."""
    BACK_OFF = "back_off"
    """With exponential backoff and full jitter."""
    REAUTHENTICATE = "reauthenticate"
    """Get a new ticket, then reconnect."""
    STOP = "stop"


CLIENT_ACTIONS: Final[dict[int, ClientAction]] = {
    CloseCode.GOING_AWAY: ClientAction.RECONNECT,
    CloseCode.RESTART: ClientAction.RECONNECT,
    CloseCode.POLICY: ClientAction.STOP,
    CloseCode.TOO_BIG: ClientAction.STOP,
    CloseCode.INTERNAL: ClientAction.BACK_OFF,
    CloseCode.TRY_LATER: ClientAction.BACK_OFF,
    CloseCode.UNUSABLE: ClientAction.STOP,
    CloseCode.NOT_AUTHENTICATED: ClientAction.REAUTHENTICATE,
    CloseCode.NOT_ALLOWED: ClientAction.STOP,
    CloseCode.NO_DOCUMENT: ClientAction.STOP,
    CloseCode.TOO_MANY: ClientAction.BACK_OFF,
}


def client_action(close_code: int) -> ClientAction:
    """Return the reaction to `close_code`; to a code that is not in the table: back off."""
    return CLIENT_ACTIONS.get(close_code, ClientAction.BACK_OFF)


_RETRYABLE: Final[frozenset[ErrorCode]] = frozenset(
    {ErrorCode.RATE_LIMITED, ErrorCode.STORE_UNAVAILABLE, ErrorCode.READ_ONLY}
)


_CLOSE_FOR: Final[dict[ErrorCode, CloseCode]] = {
    ErrorCode.AUTH_REQUIRED: CloseCode.NOT_AUTHENTICATED,
    ErrorCode.AUTH_FAILED: CloseCode.NOT_AUTHENTICATED,
    ErrorCode.FORBIDDEN: CloseCode.NOT_ALLOWED,
    ErrorCode.UNKNOWN_DOCUMENT: CloseCode.NO_DOCUMENT,
}


def close_code(code: ErrorCode, *, retryable: bool) -> CloseCode:
    """Return the close code for a socket whose protocol has no error messages.

    Clients of y-websocket stop at 4400 to 4499 and reconnect after anything else.
    """
    return CloseCode.TRY_LATER if retryable else _CLOSE_FOR.get(code, CloseCode.UNUSABLE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The refusal of a peer's request: a value, so that the core need not raise."""

    code: ErrorCode
    message: str
    """Fit for a peer; never an internal exception's text."""
    retryable: bool = False
    retry_after_s: float | None = None


def refusal(code: ErrorCode, message: str) -> Refusal:
    """A refusal with the code's usual answer to "is it worth trying again"."""
    return Refusal(code, message, retryable=code in _RETRYABLE)


class QuireError(Exception):
    """Root of the errors that Quire raises; each is one refusal, and may close a socket."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        close_code: int | None = None,
        retryable: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.close_code = close_code
        self.retryable = retryable
        self.retry_after_s = retry_after_s

    @classmethod
    def of(cls, why: Refusal) -> "QuireError":
        """Return the exception of a refusal."""
        return cls(why.code, why.message, retryable=why.retryable, retry_after_s=why.retry_after_s)
