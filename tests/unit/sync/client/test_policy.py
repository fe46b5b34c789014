"""`sync.client.policy`: the pauses between tries."""

import pytest

from sync.client.policy import backoff_s, reconnect_delay_s
from sync.error import ClientAction


def test_backoff_doubles_up_to_its_bound() -> None:
    assert [backoff_s(attempt) for attempt in (0, 1, 2, 5, 6, 10_000)] == [0.5, 1, 2, 16, 30, 30]


def test_reconnect_delay_is_jittered_and_heeds_retry_after() -> None:
    assert reconnect_delay_s(ClientAction.RECONNECT, 0, 0.5) == 0.25
    assert reconnect_delay_s(ClientAction.BACK_OFF, 0, 1.0) == 1.0
    assert reconnect_delay_s(ClientAction.BACK_OFF, 99, 1.0) == 30.0
    assert reconnect_delay_s(ClientAction.BACK_OFF, 3, 0.0, retry_after_s=10.0) == 10.0


def test_nobody_asks_for_a_delay_after_being_told_to_stop() -> None:
    with pytest.raises(AssertionError):
        reconnect_delay_s(ClientAction.STOP, 0, 0.5)
