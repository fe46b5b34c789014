"""`app.identity.attempts`: how often one may try, and how much memory that takes."""

import pytest

from app.identity.attempts import Attempts, Windows, address_key
from sync.error import ErrorCode, QuireError


def test_attempts_up_to_the_bound_are_allowed_and_the_next_must_wait() -> None:
    windows = Windows(3, window_s=100)
    assert [windows.count("a", now) for now in (0, 10, 20)] == [None] * 3
    assert windows.count("a", 30) == 70
    assert windows.count("a", 99.5) == 0.5
    assert windows.count("b", 30) is None


def test_refused_attempts_do_not_prolong_the_wait() -> None:
    windows = Windows(1, window_s=100)
    assert windows.count("a", 0) is None
    assert all(windows.count("a", now) is not None for now in range(1, 100))
    assert windows.count("a", 100) is None


def test_success_begins_anew() -> None:
    windows = Windows(1, window_s=100)
    windows.count("a", 0)
    windows.forget("a")
    windows.forget("never seen")
    assert windows.count("a", 1) is None
    assert windows.count("a", 2) == 99


def test_no_more_keys_are_kept_than_the_bound() -> None:
    windows = Windows(1, window_s=100, max_keys=10)
    for number in range(1_000):
        windows.count(str(number), 1)
    assert len(windows) == 10
    windows.count("late", 102)
    assert len(windows) == 1


def test_address_and_login_are_bounded_each_for_itself() -> None:
    attempts = Attempts(per_login=2, per_address=3)
    for number in range(3):
        attempts.count_address("192.0.2.7")
        attempts.count_login(f"user-{number}")
    with pytest.raises(QuireError) as refused:
        attempts.count_address("192.0.2.7")
    assert refused.value.code is ErrorCode.RATE_LIMITED
    assert refused.value.retry_after_s is not None
    assert 800 < refused.value.retry_after_s <= 900
    attempts.count_address("192.0.2.8")
    attempts.count_login("user-0")
    with pytest.raises(QuireError):
        attempts.count_login("user-0")
    attempts.forget_login("user-0")
    attempts.count_login("user-0")


def test_one_stranger_behind_an_unnamed_proxy_does_not_lock_all_others_out() -> None:
    attempts = Attempts(per_login=100, per_address=1)
    for address in ("127.0.0.1", "::1", ""):
        for _ in range(5):
            attempts.count_address(address)
    attempts.count_address("192.0.2.7")
    with pytest.raises(QuireError):
        attempts.count_address("192.0.2.7")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix:" + "x" * 1_000, ""),
        ("127.0.0.1", ""),
        ("127.1.2.3", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
    ],
)
def test_hosts_are_told_apart_by_what_they_cannot_choose(address: str, key: str) -> None:
    assert address_key(address) == key
