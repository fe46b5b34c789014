"""The life of one socket: which tasks it has, and how it ends.

Planted and caught here: the end is told before the other tasks are over; a second error ends it
again; a frame that comes meanwhile is attended to twice, or by nobody; a task starts after the end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

import pytest

from app.socket_life import DisconnectedError, PlainLine, SocketLife
from sync.shells.sessions.socket import Socket


class Session:
    """What a life asks of a session; notes what it is asked."""

    id = "session"
    user = None

    def __init__(self) -> None:
        self.told: list[str | bytes] = []
        self.fails_at: bytes | None = None

    def open(self, tasks: object) -> None:
        self.told.append("open")

    async def start(self) -> None:
        self.told.append("start")

    def close(self) -> None:
        self.told.append("close")

    async def receive(self, frame: bytes) -> None:
        self.told.append(frame)
        await asyncio.sleep(0)
        if frame == self.fails_at:
            raise ArithmeticError


class Line:
    """A connection that attends to what waits, and then lets its task end."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []
        self.is_detached = False

    async def attend(self, handle: Callable[[Any], Awaitable[None]]) -> None:
        while self.waiting:
            await handle(self.waiting.pop(0))

    async def send(self, message: Any, /) -> None:
        raise AssertionError("a life sends nothing itself")

    def detach(self) -> None:
        self.is_detached = True

    def finish(self) -> None:
        raise AssertionError("that is for whoever is told of the end")


class Lived:
    """A life, and what it tells of its end."""

    def __init__(self, *frames: bytes) -> None:
        self.session = Session()
        self.line = Line()
        self.line.waiting += [frame_of(data) for data in frames]
        self.ends: list[BaseException] = []
        self.life = SocketLife(
            cast(Socket, self.session),
            self.line,
            since_s=0.0,
            address="",
            ticket=None,
            on_end=self.ended,
        )

    async def ended(self, life: SocketLife, error: BaseException) -> None:
        assert life is self.life
        self.session.told.append("ended")
        self.ends.append(error)


def frame_of(data: bytes) -> dict[str, Any]:
    return {"type": "websocket.receive", "bytes": data}


async def turns() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_idle_socket_has_no_task() -> None:
    async def live() -> None:
        lived = Lived(b"first")
        lived.life.begin()
        await turns()
        assert lived.session.told == ["open", "start", b"first"]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        lived.line.waiting.append(frame_of(b"second"))
        lived.life.wake()
        assert len(asyncio.all_tasks()) == 2
        await turns()
        assert lived.session.told[-1] == b"second"
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert not lived.ends

    run(live)


def test_peer_that_is_gone_ends_it_once() -> None:
    async def live() -> None:
        lived = Lived()
        lived.life.begin()
        await turns()
        lived.line.waiting.append({"type": "websocket.disconnect", "code": 1000})
        lived.life.wake()
        await turns()
        lived.life.end(ArithmeticError())
        lived.life.wake()
        await turns()
        assert [type(error) for error in lived.ends] == [DisconnectedError]
        assert lived.session.told == ["open", "start", "close", "ended"]
        assert lived.line.is_detached

    run(live)


def test_end_is_told_when_every_task_is_over_and_the_room_is_left_at_once() -> None:
    async def live() -> None:
        lived = Lived()
        lived.life.begin()
        await turns()
        may_end = asyncio.Event()

        async def stubborn() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                await may_end.wait()
                lived.session.told.append("stubborn")

        lived.life.create_task(stubborn())
        await turns()
        lived.life.end(ArithmeticError())
        assert lived.session.told[-1] == "close"
        await turns()
        assert not lived.ends
        may_end.set()
        await turns()
        assert lived.session.told[-2:] == ["stubborn", "ended"]
        assert [type(error) for error in lived.ends] == [ArithmeticError]

    run(live)


@pytest.mark.parametrize("is_attending", [True, False])
def test_task_that_fails_ends_it(is_attending: bool) -> None:
    async def live() -> None:
        lived = Lived()
        lived.session.fails_at = b"bad"
        lived.life.begin()
        await turns()
        if is_attending:
            lived.line.waiting += [frame_of(b"bad"), frame_of(b"never")]
            lived.life.wake()
        else:

            async def fail() -> None:
                raise ArithmeticError

            lived.life.create_task(fail())
        await turns()
        assert [type(error) for error in lived.ends] == [ArithmeticError]
        assert b"never" not in lived.session.told

    run(live)


def test_cancelled_task_ends_it() -> None:
    """uvicorn cancels what is left when it stops."""

    async def live() -> None:
        lived = Lived()
        task = lived.life.create_task(asyncio.sleep(60))
        await turns()
        task.cancel()
        await turns()
        assert [type(error) for error in lived.ends] == [asyncio.CancelledError]

    run(live)


def test_no_task_starts_after_the_end() -> None:
    async def live() -> None:
        lived = Lived()
        lived.life.end(ArithmeticError())
        work = asyncio.sleep(60)
        with pytest.raises(RuntimeError):
            lived.life.create_task(work)
        work.close()
        await turns()
        assert len(lived.ends) == 1

    run(live)


def test_session_that_cannot_leave_is_ended_all_the_same() -> None:
    async def live() -> None:
        lived = Lived()

        def fail() -> None:
            raise ArithmeticError

        lived.session.close = fail  # type: ignore[method-assign]
        lived.life.end(DisconnectedError())
        await turns()
        assert [type(error) for error in lived.ends] == [DisconnectedError]

    run(live)


def test_plain_line_attends_until_it_is_cancelled_and_finishes_once() -> None:
    async def live() -> None:
        messages: asyncio.Queue[Any] = asyncio.Queue()
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        line = PlainLine(messages.get, send)
        heard: list[Any] = []

        async def handle(message: Any) -> None:
            heard.append(message)

        attending = asyncio.create_task(line.attend(handle))
        messages.put_nowait(frame_of(b"a"))
        await turns()
        messages.put_nowait(frame_of(b"b"))
        await turns()
        assert heard == [frame_of(b"a"), frame_of(b"b")]
        assert not attending.done()
        attending.cancel()
        line.finish()
        line.finish()
        await line.is_finished

    run(live)
