"""A sign-in that is on its way through the provider; the browser keeps it in a cookie.

The cookie binds the answer to the browser that asked (state), the ID token to this sign-in
(nonce), and the code to whoever has the verifier (PKCE). It is signed, and ends after ten minutes.
"""

import hmac
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from urllib.parse import unquote

import msgspec
from itsdangerous import BadData, URLSafeTimedSerializer
from msgspec import Struct

COOKIE_PREFIX: Final = "quire_oidc_"
"""The rest of a name is derived from the state: several sign-ins of one browser do not mix."""
MAX_AGE_S: Final = 600
MAX_NEXT_CHARS: Final = 512
_MAX_COOKIE_CHARS: Final = 4_096
_SECRET_BYTES: Final = 32


class PendingSignIn(Struct, frozen=True):
    """The values that must be found again when the provider answers."""

    state: str
    nonce: str
    verifier: str
    next: str
    """The path to go to afterwards, on this server."""

    @classmethod
    def begin(cls, next_path: str | None) -> "PendingSignIn":
        """Return a new one, with secrets of its own."""
        state, nonce, verifier = (token_urlsafe(_SECRET_BYTES) for _ in range(3))
        return cls(state, nonce, verifier, own_path(next_path))

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds this sign-in."""
        return cookie_of(self.state)


class SignInSeal:
    """Signs pending sign-ins, so that a browser can only give back what it was given."""

    def __init__(self, key: bytes) -> None:
        self._serializer = URLSafeTimedSerializer(key, salt="quire.oidc")

    def seal(self, pending: PendingSignIn) -> str:
        """Return the value of a cookie."""
        return str(self._serializer.dumps(msgspec.json.encode(pending).decode()))

    def open(self, cookie: str | None, state: str) -> PendingSignIn | None:
        """Return what was sealed for a state; None if it was not, or too long ago."""
        if cookie is None or len(cookie) > _MAX_COOKIE_CHARS:
            return None
        try:
            content = self._serializer.loads(cookie, max_age=MAX_AGE_S)
            pending = msgspec.json.decode(content, type=PendingSignIn)
        except (BadData, msgspec.DecodeError, TypeError):
            return None
        is_same = hmac.compare_digest(pending.state.encode(), state.encode("utf-8", "replace"))
        return pending if is_same else None


def cookie_of(state: str) -> str:
    """Return the name of the cookie of a state."""
    digest = sha256(state.encode("utf-8", "replace")).hexdigest()
    return COOKIE_PREFIX + digest[:16]


def own_path(path: str | None) -> str:
    """Return a path on this server, `/` for what is none: no other origin can be gone to by it.

    Browsers take a backslash for a slash, and pass over tabs and line ends.
    """
    if path is None or not 0 < len(path) <= MAX_NEXT_CHARS:
        return "/"
    is_plain = path.isascii() and path.isprintable() and not set(path) & set(' \\"<>')
    if not is_plain or path[0] != "/" or path[1:2] == "/":
        return "/"
    # Up and out of the path below which a proxy serves this.
    segments = unquote(path.partition("?")[0].partition("#")[0]).replace("\\", "/").split("/")
    return "/" if {".", ".."} & set(segments) else path
