"""The bound on attempts to prove oneself: by address and by login, in windows of a fixed length.

Each process counts for itself. An attempt counts before it is looked at, so that many at once are
not more than many in turn. What is counted is bounded too: with `limits` in memory every address
that ever tried would be kept until its window ends, 300 bytes each, and a thread looks for those.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from app.identity.principal import Principal
from app.server.peer_address import address_key
from sync.error import ErrorCode, QuireError

WINDOW_S: Final = 900.0
"""Fifteen minutes."""
MAX_KEYS: Final = 100_000
"""The bound of what is counted of each kind: addresses, logins, logins of an address."""


@dataclass(slots=True)
class _Window:
    since_s: float
    count: int = 0


class Windows:
    """Counters by key, each in a window that begins with its first attempt. Pure.

    Past `max_keys` the oldest window that still allows attempts is forgotten, and only if there is
    none the oldest that does not: a flood of other keys does not let anybody try again.

    Args:
        most: the attempts that a window allows.
    """

    def __init__(self, most: int, *, window_s: float = WINDOW_S, max_keys: int = MAX_KEYS) -> None:
        self._most = most
        self._window_s = window_s
        self._max_keys = max_keys
        # In the order in which they began, since all are of one length. No plain dict: finding the
        # first key of one becomes slow once many before it were removed.
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._open: OrderedDict[str, None] = OrderedDict()
        """The keys whose windows allow further attempts, in the same order."""

    def __len__(self) -> int:
        return len(self._windows)

    def count(self, key: str, now_s: float) -> float | None:
        """Count an attempt; return None, or the seconds until the next one is allowed."""
        self._forget_ended(now_s)
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= self._max_keys:
                self.forget(next(iter(self._open or self._windows)))
            window = self._windows[key] = _Window(now_s)
            self._open[key] = None
        if window.count >= self._most:
            return window.since_s + self._window_s - now_s
        window.count += 1
        if window.count == self._most:
            del self._open[key]
        return None

    def forget(self, key: str) -> None:
        """Begin anew with a key."""
        self._windows.pop(key, None)
        self._open.pop(key, None)

    def _forget_ended(self, now_s: float) -> None:
        while self._windows:
            key, window = next(iter(self._windows.items()))
            if now_s - window.since_s < self._window_s:
                return
            self.forget(key)


class AddressAttempts:
    """The attempts of one process at one thing, by address.

    Args:
        most: the attempts of one address that a window allows.
    """

    def __init__(self, most: int) -> None:
        self._windows = Windows(most)

    def count(self, address: str) -> None:
        """Count an attempt from an address; none from this machine, which may be a proxy.

        Raises:
            QuireError: `rate_limited`, with the time after which the next one is allowed.
        """
        key = address_key(address)
        if key:
            _require(self._windows.count(key, time.monotonic()))


class UserAttempts:
    """The acts of users in one process, so many of each in a minute.

    Args:
        most: the times that one user may in a minute.
    """

    def __init__(self, most: int) -> None:
        self._windows = Windows(most, window_s=60.0)

    def count(self, principal: Principal, address: str) -> None:
        """Count one time; raises as `AddressAttempts.count`.

        Args:
            address: of whoever asks. It counts for those whom anybody can become, all together; not
                this machine, which may be a proxy.
        """
        is_anybody = principal.kind in ("named", "guest") or not principal.is_proven
        key = address_key(address) if is_anybody else ""
        _require(self._windows.count(key or principal.user.id, time.monotonic()))


class Attempts:
    """The attempts of one process to prove oneself.

    Args:
        per_login: those with one login, whoever makes them.
        per_login_and_address: those with one login from one address. Fewer, so that nobody alone
            keeps the owner of a login from signing in.
        per_address: those from one address, whatever the login.
    """

    def __init__(self, *, per_login: int, per_login_and_address: int, per_address: int) -> None:
        self._by_login = Windows(per_login)
        self._by_pair = Windows(per_login_and_address)
        self._by_address = AddressAttempts(per_address)

    def count_address(self, address: str) -> None:
        """Count an attempt from an address; raises as `AddressAttempts.count`."""
        self._by_address.count(address)

    def count_login(self, login: str, address: str) -> None:
        """Count an attempt with a login, whether there is one or not; raises as `count_address`.

        One that is refused to an address does not count for the others.
        """
        now_s = time.monotonic()
        _require(self._by_pair.count(_pair(login, address), now_s))
        _require(self._by_login.count(login, now_s))

    def forget_login(self, login: str, address: str) -> None:
        """Begin anew with a login: whoever attempted from there knew its password."""
        self._by_pair.forget(_pair(login, address))
        self._by_login.forget(login)


def _pair(login: str, address: str) -> str:
    # No address key has a space. This machine is one place like others here.
    return f"{address_key(address)} {login}"


def _require(wait_s: float | None) -> None:
    if wait_s is not None:
        raise QuireError(
            ErrorCode.RATE_LIMITED,
            "Too many attempts. Wait before the next one.",
            retryable=True,
            retry_after_s=wait_s,
        )
