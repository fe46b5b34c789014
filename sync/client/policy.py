"""The pauses between the tries of a client: exponential backoff with full jitter."""

from typing import Final

from sync.error import ClientAction

MIN_DELAY_S: Final = 0.5
MAX_DELAY_S: Final = 30.0
_MAX_DOUBLINGS: Final = 16


def backoff_s(attempt: int, max_s: float = MAX_DELAY_S) -> float:
    """Return the longest pause before a try that follows `attempt` failed ones, from 0 on."""
    return min(MIN_DELAY_S * 2.0 ** min(attempt, _MAX_DOUBLINGS), max_s)


def reconnect_delay_s(
    action: ClientAction, attempt: int, fraction: float, retry_after_s: float = 0.0
) -> float:
    """Return the pause before the next connection.

    It has "full jitter": it is random between 0 and the bound, so that after a restart of the
    server its clients do not all reconnect at the same moment. See "Exponential Backoff And Jitter"
    (Marc Brooker, AWS Architecture Blog, 2015).

    Args:
        attempt: connections that failed in a row; 0 right after one that worked.
        fraction: random, 0 to 1.
        retry_after_s: the least pause, as the server asked for.
    """
    assert action is not ClientAction.STOP, "who is told to stop does not reconnect"
    if action is ClientAction.BACK_OFF:
        attempt += 1
    return max(retry_after_s, fraction * backoff_s(attempt))
