"""sync.shells.rooms.quota: what a user may have under way by requests, and send in a while."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.error import ErrorCode
from sync.limit import Limits
from sync.shells.rooms.quota import WINDOW_MS, Quotas

LIMITS = Limits(request_edits_per_s=1, max_unacknowledged=4, max_unacknowledged_bytes=100)


def test_quota_refuses_the_edit_past_the_rate_and_says_how_long_to_wait() -> None:
    quotas = Quotas(LIMITS)
    for _ in range(10):
        assert quotas.begin("ann", 1, 5_000) is None
        quotas.settle("ann", 1)
    why = quotas.begin("ann", 1, 6_500)
    assert why is not None
    assert (why.code, why.retryable, why.retry_after_s) == (ErrorCode.RATE_LIMITED, True, 8.5)
    assert quotas.begin("ben", 1, 6_500) is None
    assert quotas.begin("ann", 1, 14_999) is not None
    for _ in range(10):
        assert quotas.begin("ann", 1, 15_000) is None
        quotas.settle("ann", 1)
    assert quotas.begin("ann", 1, 15_000) is not None


def test_quota_bounds_the_number_under_way() -> None:
    quotas = Quotas(LIMITS)
    for _ in range(4):
        assert quotas.begin("ann", 1, 0) is None
    why = quotas.begin("ann", 1, 0)
    assert why is not None
    assert (why.code, why.retryable) == (ErrorCode.RATE_LIMITED, True)
    assert why.retry_after_s is not None
    quotas.settle("ann", 1)
    assert quotas.begin("ann", 1, 0) is None


def test_quota_bounds_the_bytes_under_way_but_takes_any_single_edit() -> None:
    quotas = Quotas(LIMITS)
    assert quotas.begin("ann", 1_000, 0) is None
    assert quotas.begin("ann", 1, 0) is not None
    quotas.settle("ann", 1_000)
    assert quotas.begin("ann", 99, 0) is None
    assert quotas.begin("ann", 1, 0) is None
    assert quotas.begin("ann", 1, 0) is not None


def test_objection_counts_nothing() -> None:
    quotas = Quotas(LIMITS)
    for _ in range(100):
        assert quotas.objection("ann", 0) is None
    assert len(quotas) == 0


@pytest.mark.p7
def test_quota_forgets_users_who_ask_for_nothing() -> None:
    quotas = Quotas(LIMITS)
    for number in range(1_000):
        assert quotas.begin(f"u{number}", 1, 0) is None
        if number:
            quotas.settle(f"u{number}", 1)
    assert quotas.begin("late", 1, WINDOW_MS) is None
    assert len(quotas) == 2
    quotas.settle("u0", 1)


@pytest.mark.p7
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1, 60), st.integers(0, 3_000), st.booleans()),
        max_size=80,
    )
)
def test_quota_keeps_every_bound_whatever_comes(
    asked: list[tuple[str, int, int, bool]],
) -> None:
    """Planted bugs: a sweep that forgets users with requests under way; a refused request that is
    counted; a window that is not begun anew.
    """
    quotas = Quotas(LIMITS)
    now_ms = 0
    under_way: dict[str, list[int]] = {"a": [], "b": []}
    taken: dict[str, list[int]] = {"a": [], "b": []}
    for user, size, pause_ms, settles in asked:
        now_ms += pause_ms
        mine = under_way[user]
        if settles and mine:
            quotas.settle(user, mine.pop(0))
        foreseen = quotas.objection(user, now_ms)
        why = quotas.begin(user, size, now_ms)
        assert why == foreseen
        recent = [at for at in taken[user] if now_ms - at < WINDOW_MS]
        full = len(mine) >= 4 or sum(mine) >= 100
        if why is None:
            assert not full
            mine.append(size)
            taken[user].append(now_ms)
        else:
            assert full or len(recent) >= 1
            assert full or len(taken[user]) >= 10
        assert len(mine) <= 4
        # Two windows may touch within any ten seconds.
        assert len(recent) < 20
