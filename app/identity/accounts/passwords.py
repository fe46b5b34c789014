"""Passwords: the rules for new ones, and slow hashes of them (argon2id).

A hash takes 64 MiB and, on a usual machine, a tenth of a second. A few are made at once, in
threads; some more wait, and whoever comes then is refused, so that sign-ins cannot use up a server.
"""

import asyncio
import threading
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from sync.error import ErrorCode, QuireError

if TYPE_CHECKING:
    from argon2 import Parameters, PasswordHasher

T = TypeVar("T")

MIN_PASSWORD_CHARS: Final = 10
MAX_PASSWORD_CHARS: Final = 1_000
MAX_HASHED_AT_ONCE: Final = 2
"""Hashes that are made at the same time: 128 MiB."""
MAX_WAITING: Final = 30
"""Hashes that may wait for that, for a few seconds at most."""
_LEAST_DIFFERENT: Final = 4
_COMMON: Final = (
    "1029384756 1111122222 1122334455 1212121212 1234554321 12345678910 123456789a 1234567890 "
    "12345678901 123456789012 1234567891 1234567899 1234567890a 1234567890q 123qweasdzxc "
    "1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc 9876543210 abc123456789 abcd123456 "
    "abcdefghij administrator asdfghjkl123 basketball changeme123 chocolate1 football123 "
    "iloveyou123 letmein123 liverpool1 manchester michelle123 motdepasse123 password01 "
    "password1! password11 password12 password123 password1234 password12345 "
    "password123456 passw0rd123 passwort123 princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv "
    "qwer123456 qwertyuiop qwertyuiop123 qwerty1234 qwerty12345 qwerty123456 starwars123 "
    "sunshine123 superman123 temporary123 welcome123 welcome1234 zaq12wsxcde3 zxcvbnm123"
)
"""Passwords of ten characters and more that are tried first. A bound on attempts does the rest."""


def require_good_password(password: str, *, login: str) -> None:
    """Check a new password.

    Raises:
        QuireError: `invalid_message`, with the rule that it breaks.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise _unusable(f"A password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters.")
    folded = password.casefold().strip()
    if login and folded in (login, login * 2, login[::-1]):
        raise _unusable("A password is not the login.")
    if folded in _COMMON.split() or len(set(folded)) < _LEAST_DIFFERENT:
        raise _unusable("This password is one of the first that anybody would try.")


class Passwords:
    """Makes and checks hashes, in threads of its own. `close` when done.

    Args:
        parameters: of argon2; what is hashed with others is hashed anew at the next sign-in.
    """

    def __init__(self, parameters: "Parameters | None" = None) -> None:
        self._chosen = parameters
        self._threads = ThreadPoolExecutor(MAX_HASHED_AT_ONCE, thread_name_prefix="argon2")
        self._places = threading.BoundedSemaphore(MAX_HASHED_AT_ONCE + MAX_WAITING)

    def close(self) -> None:
        """End the threads; what waits for one is given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        # Imported only here: an installation without passwords need not load it.
        from argon2 import PasswordHasher
        from argon2.profiles import get_default_parameters

        return PasswordHasher.from_parameters(self._chosen or get_default_parameters())

    @cached_property
    def _nobody(self) -> str:
        """The hash that no password has."""
        return _hash_of_nothing(self._hasher)

    async def hash(self, password: str) -> str:
        """Return the hash of a password.

        Raises:
            QuireError: `rate_limited`: too many wait already.
        """
        return await self._run(self._hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether a password is the one of a hash; with None it is not, in as much time.

        Raises:
            QuireError: `rate_limited`: too many wait already.
        """
        return await self._run(self._matches, password_hash or self._nobody, password)

    def is_outdated(self, password_hash: str) -> bool:
        """Return whether a hash was made with other parameters than those of now."""
        return self._hasher.check_needs_rehash(password_hash)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_encode(password))

    def _matches(self, password_hash: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher.verify(password_hash, _encode(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if not self._places.acquire(blocking=False):
            raise QuireError(
                ErrorCode.RATE_LIMITED,
                "Too many people sign in at this moment.",
                retryable=True,
                retry_after_s=2.0,
            )
        future = self._threads.submit(work, *arguments)
        # When it has ended, not when whoever asked has gone: a thread cannot be stopped.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)


def _encode(password: str) -> bytes:
    """Return the bytes that are hashed: keyboards differ in how they compose a character."""
    return unicodedata.normalize("NFKC", password).encode()


def _hash_of_nothing(parameters: "PasswordHasher") -> str:
    """Return a hash that no password has, and that takes as long to check as any other."""
    salt, digest = (
        b64encode(bytes(count)).decode().rstrip("=")
        for count in (parameters.salt_len, parameters.hash_len)
    )
    costs = f"m={parameters.memory_cost},t={parameters.time_cost},p={parameters.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


def _unusable(text: str) -> QuireError:
    return QuireError(ErrorCode.INVALID_MESSAGE, text)
