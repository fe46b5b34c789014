"""The bounds of a connection whose peer is still sending, at their edges."""

from collections.abc import Callable
from typing import Any

from app.server.linger import Linger, LingerLimits

LIMITS = LingerLimits(total_s=30.0, max_bytes=1_000, idle_s=10.0)


class Loop:
    """A loop whose clock is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> "Timer":
        timer = Timer(self.now + delay, callback)
        self.timers.append(timer)
        return timer

    def run_until(self, now: float) -> None:
        self.now = now
        for timer in list(self.timers):
            if timer.callback is not None and timer.at <= now:
                timer.callback()


class Timer:
    def __init__(self, at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback: Callable[[], None] | None = callback

    def when(self) -> float:
        return self.at

    def cancel(self) -> None:
        self.callback = None


class Transport:
    closed = False
    aborted = False
    left_bytes = 0

    def get_write_buffer_size(self) -> int:
        return self.left_bytes

    def get_extra_info(self, _: str) -> None:
        return None

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.closed = True


def lingering() -> tuple[Linger, Any, Any]:
    loop: Any = Loop()
    transport: Any = Transport()
    return Linger(transport, loop, LIMITS), loop, transport


def test_linger_takes_as_many_bytes_as_its_limit_and_not_one_more() -> None:
    linger, _, transport = lingering()
    linger.discard(400)
    linger.discard(600)
    assert not transport.closed
    linger.discard(1)
    assert transport.closed


def test_linger_ends_after_its_time_however_much_comes() -> None:
    linger, loop, transport = lingering()
    for second in range(30):
        loop.run_until(second)
        linger.discard(1)
    loop.run_until(29.9)
    assert not transport.closed
    loop.run_until(30.0)
    assert transport.closed


def test_linger_ends_when_nothing_comes() -> None:
    linger, loop, transport = lingering()
    loop.run_until(9.0)
    linger.discard(1)
    loop.run_until(18.9)
    assert not transport.closed
    loop.run_until(19.0)
    assert transport.closed


def test_linger_is_shortened_never_lengthened() -> None:
    linger, loop, transport = lingering()
    linger.shorten(2.0)
    linger.shorten(5.0)
    loop.run_until(1.9)
    assert not transport.closed
    loop.run_until(2.0)
    assert transport.closed


def test_cancelled_linger_leaves_the_transport_alone() -> None:
    linger, loop, transport = lingering()
    linger.cancel()
    loop.run_until(100.0)
    assert not transport.closed


def test_peer_that_takes_nothing_of_the_end_is_cut() -> None:
    linger, loop, transport = lingering()
    transport.left_bytes = 500
    linger.end()
    assert (transport.closed, transport.aborted) == (True, False)
    loop.run_until(9.9)
    assert not transport.aborted
    loop.run_until(10.0)
    assert transport.aborted


def test_peer_that_takes_the_end_slowly_is_not_cut() -> None:
    linger, loop, transport = lingering()
    transport.left_bytes = 500
    linger.end()
    for left in (400, 300, 200, 0):
        transport.left_bytes = left
        loop.run_until(loop.now + 10.0)
        loop.timers.pop(0)
    assert not transport.aborted
