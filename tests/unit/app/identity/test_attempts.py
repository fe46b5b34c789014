"""`app.identity.attempts`: how often one may try, and how much memory that takes."""

import pytest

from app.identity.attempts import Attempts, Windows
from app.server.peer_address import address_key
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


def test_flood_of_other_keys_does_not_let_a_full_window_be_forgotten() -> None:
    windows = Windows(2, window_s=100, max_keys=10)
    for _ in range(2):
        windows.count("victim", 0)
    for number in range(1_000):
        assert windows.count(f"other-{number}", 1) is None
    assert len(windows) == 10
    assert windows.count("victim", 2) == 98
    assert windows.count("other-999", 2) is None
    assert windows.count("other-999", 2) == 99


def test_full_windows_are_forgotten_too_once_all_are_full() -> None:
    windows = Windows(1, window_s=100, max_keys=10)
    for number in range(11):
        assert windows.count(str(number), number) is None
    assert len(windows) == 10
    assert windows.count("1", 11) == 90
    assert windows.count("0", 11) is None


def test_what_a_flood_and_successes_leave_is_forgotten_when_its_window_ends() -> None:
    windows = Windows(2, window_s=100, max_keys=10)
    for number in range(50):
        windows.count(str(number % 17), number)
        windows.forget(str(number % 5))
    assert windows.count("late", 1_000) is None
    assert (len(windows), list(windows._open)) == (1, ["late"])


def test_one_address_does_not_lock_the_owner_of_a_login_out() -> None:
    attempts = Attempts(per_login=5, per_login_and_address=2, per_address=1_000)
    for _ in range(2):
        attempts.count_login("ada", "2001:db8::1")
    for number in range(100):
        with pytest.raises(QuireError):
            attempts.count_login("ada", f"2001:db8::{number:x}")
    attempts.count_login("ada", "192.0.2.7")
    attempts.forget_login("ada", "192.0.2.7")
    # A success elsewhere gives the intruder nothing back.
    with pytest.raises(QuireError):
        attempts.count_login("ada", "2001:db8::1")


def test_many_addresses_together_are_bounded_with_one_login() -> None:
    attempts = Attempts(per_login=5, per_login_and_address=2, per_address=1_000)
    for number in range(5):
        attempts.count_login("ada", f"192.0.2.{number}")
    with pytest.raises(QuireError):
        attempts.count_login("ada", "192.0.2.9")
    attempts.count_login("bob", "192.0.2.9")


def test_address_and_login_are_bounded_each_for_itself() -> None:
    attempts = Attempts(per_login=2, per_login_and_address=2, per_address=3)
    for number in range(3):
        attempts.count_address("192.0.2.7")
        attempts.count_login(f"user-{number}", "192.0.2.7")
    with pytest.raises(QuireError) as refused:
        attempts.count_address("192.0.2.7")
    assert refused.value.code is ErrorCode.RATE_LIMITED
    assert refused.value.retry_after_s is not None
    assert 800 < refused.value.retry_after_s <= 900
    attempts.count_address("192.0.2.8")
    attempts.count_login("user-0", "192.0.2.7")
    with pytest.raises(QuireError):
        attempts.count_login("user-0", "192.0.2.7")
    attempts.forget_login("user-0", "192.0.2.7")
    attempts.count_login("user-0", "192.0.2.7")


def test_one_stranger_behind_an_unnamed_proxy_does_not_lock_all_others_out() -> None:
    attempts = Attempts(per_login=100, per_login_and_address=100, per_address=1)
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
