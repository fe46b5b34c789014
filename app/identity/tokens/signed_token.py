"""Signed tokens (JWS, RFC 7515, in compact form): the choice of the key, and the check.

The caller names the algorithms; the header of a token chooses among them and can add none. A key
serves one kind of algorithm, so that a public key is never taken for the secret of an HMAC. What
else a header offers (`jwk`, `jku`, `x5u`) is not looked at, and `crit` is refused.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

MAX_TOKEN_BYTES: Final = 16 << 10
MAX_KEY_ID_CHARS: Final = 200
LEEWAY_S: Final = 10
"""The difference that the clocks of two machines may have."""
MIN_SECRET_BYTES: Final = 32
"""RFC 7518, section 3.2: as long as the hash."""
MIN_RSA_BITS: Final = 2048

_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_MAX_HEADER_BYTES: Final = 2 << 10


class TokenRefused(Exception):
    """The token proves nothing; the message says why, and repeats nothing of the token."""


class KeySource(Protocol):
    """The keys by which an issuer's signatures are checked."""

    async def keys(self, key_id: str | None) -> Sequence[Key]:
        """Return the keys of today, fetched anew if `key_id` is not among them.

        Raises:
            KeysUnavailable: there are none, and none can be fetched.
        """
        ...


class KeysUnavailable(Exception):
    """The issuer's keys cannot be fetched now; the message says why."""


class FixedKeys:
    """Keys that the settings name."""

    def __init__(self, *keys: Key) -> None:
        self._keys = keys

    async def keys(self, key_id: str | None) -> Sequence[Key]:
        """Return them all, whatever the id."""
        return self._keys


class VerifiedToken(msgspec.Struct, frozen=True):
    """The content of a token whose signature is right; its claims are not checked yet."""

    header: dict[str, Any]
    claims: dict[str, Any]


async def verify(token: str, source: KeySource, algorithms: Sequence[str]) -> VerifiedToken:
    """Return the content of a token that one of the keys has signed.

    Args:
        algorithms: the only ones that count, such as `ES256`.

    Raises:
        TokenRefused: it is no token, too long, or the signature is not right.
        KeysUnavailable: see `KeySource.keys`.
    """
    if len(token) > MAX_TOKEN_BYTES or not token.isascii():
        raise TokenRefused(f"it is longer than {MAX_TOKEN_BYTES} bytes, or no token")
    registry = _registry(algorithms)
    header = _header(token, registry)
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise TokenRefused("it is signed by an algorithm that is not taken here")
    if key_id is not None and (not isinstance(key_id, str) or len(key_id) > MAX_KEY_ID_CHARS):
        raise TokenRefused("`kid` is not usable")
    if "crit" in header or "b64" in header:
        raise TokenRefused("its header wants extensions that are not known here")
    key = _chosen(await source.keys(key_id), algorithm, key_id)
    try:
        checked = jws.deserialize_compact(token, key, [algorithm], registry)
    except (JoseError, ValueError, TypeError):
        raise TokenRefused("its signature is not right") from None
    return VerifiedToken(header, _claims(checked.payload))


def serves(key: Key, algorithm: str) -> bool:
    """Return whether a key is of the kind that an algorithm takes, and strong enough for it."""
    if key.alg is not None and key.alg != algorithm:
        return False
    if key.get("use", "sig") != "sig":
        return False
    if algorithm.startswith("HS"):
        return isinstance(key, OctKey) and len(key.raw_value) >= MIN_SECRET_BYTES
    if algorithm.startswith(("RS", "PS")):
        return isinstance(key, RSAKey) and key.raw_value.key_size >= MIN_RSA_BITS
    if algorithm in _CURVES:
        return isinstance(key, ECKey) and key.curve_name == _CURVES[algorithm]
    return algorithm in ("EdDSA", "Ed25519") and isinstance(key, OKPKey)


def _registry(algorithms: Sequence[str]) -> jws.JWSRegistry:
    # What is not registered is to be ignored (RFC 7515, section 4), so it is not refused.
    registry = jws.JWSRegistry(algorithms=list(algorithms), strict_check_header=False)
    registry.max_header_length = _MAX_HEADER_BYTES
    return registry


def _header(token: str, registry: jws.JWSRegistry) -> dict[str, Any]:
    try:
        header: Any = jws.extract_compact(token.encode("ascii"), registry=registry).headers()
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise TokenRefused("it is not a signed token") from None
    if not isinstance(header, dict):
        raise TokenRefused("it is not a signed token")
    return header


def _chosen(keys: Sequence[Key], algorithm: str, key_id: str | None) -> Key:
    """Return the one key that may have signed: of the id, or without one the only fitting key."""
    fitting = [key for key in keys if serves(key, algorithm)]
    if key_id is not None:
        named = [key for key in fitting if key.kid == key_id]
        # The key of a file has no id: the one there is, then, whatever the issuer calls it.
        fitting = named or [key for key in fitting if key.kid is None]
    if len(fitting) != 1:
        raise TokenRefused("no key is known that may have signed it")
    return fitting[0]


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        # Not by `json`, which reads NaN: a time that is not a number would never be over.
        return msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise TokenRefused("its claims are no JSON object") from None
