"""The nonces of made-up ids: nobody can guess the next one, and the log can make old ones again.

    session-12-1f2e3d4c5b6a

With an id that is to come, another could have an edit refused. So the nonce is a keyed hash of
session and number. Each thousand numbers have a key of their own, made from the installation's
secret: whoever is given one, to make those nonces again, knows no nonce of another thousand.
"""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain, count, islice
from typing import Final

NONCE_BYTES: Final = 6
_PER_HASH: Final = 10
_PER_KEY: Final = 1000


def key_number(number: int) -> int:
    """Return which of a session's keys makes the nonce of a number."""
    return number // _PER_KEY


def nonce_key(secret: bytes, session: str, key: int) -> bytes:
    """Return one key of a session: 16 bytes.

    Args:
        secret: of the installation; at most 64 bytes.
    """
    name = f"{session}\0{key}".encode()
    return blake2b(name, key=secret, digest_size=16, person=b"nonce key").digest()


def nonces_from(secret: bytes, session: str, first: int) -> Iterator[str]:
    """Return the nonces of a session from one number on, in hexadecimal, one after the other.

    All but one step in ten are in C: every edit of a Yjs client takes one.
    """
    size = 2 * NONCE_BYTES

    def some(at: int) -> list[str]:
        made = _make(nonce_key(secret, session, key_number(at * _PER_HASH)), at).hex()
        return [made[n : n + size] for n in range(0, len(made), size)]

    found = chain.from_iterable(map(some, count(first // _PER_HASH)))
    return islice(found, first % _PER_HASH, None)


def _make(key: bytes, at: int) -> bytes:
    """Return as many nonces as one hash makes, one behind the other."""
    return blake2b(b"%d" % at, key=key, digest_size=_PER_HASH * NONCE_BYTES).digest()


class KeyedNonces:
    """The nonces that one key makes, the last few kept: they are asked for one after the other."""

    __slots__ = ("_at", "_key", "_made")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._at = -1
        self._made = b""

    def of(self, number: int) -> bytes:
        """Return the nonce of a number: 6 bytes."""
        at, place = divmod(number, _PER_HASH)
        if at != self._at:
            self._made = _make(self._key, at)
            self._at = at
        return self._made[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]


class SessionNonces:
    """The nonces of one session, for numbers that count up."""

    __slots__ = ("_key", "_nonces", "_secret", "_session")

    def __init__(self, secret: bytes, session: str) -> None:
        self._secret = secret
        self._session = session
        self._key = -1
        self._nonces = KeyedNonces(b"")

    def of(self, number: int) -> bytes:
        """Return the nonce of a number: 6 bytes."""
        key = key_number(number)
        if key != self._key:
            self._key = key
            self._nonces = KeyedNonces(nonce_key(self._secret, self._session, key))
        return self._nonces.of(number)
