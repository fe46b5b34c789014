"""`sync.shells.sessions.outbox`: bounded, and honest about what it drops."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from anyio.lowlevel import checkpoint

from sync.shells.rooms.sink import Frame
from sync.shells.sessions.outbox import HARD_BYTES, Outbox, SlowConsumerError, Wire
from sync.wire.message import Ack
from tests.patience import PATIENCE_S


@dataclass(eq=False)
class _Topic:
    name: str
    sent: int = 0
    lost: list[Ack] = field(default_factory=list)
    lags: int = 0


@dataclass
class _Socket:
    """A socket that takes a frame each time it is let."""

    taken: list[Frame] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, frame: Frame) -> None:
        await self.gate.wait()
        self.taken.append(frame)

    def write_nowait(self, frame: Frame) -> bool:
        if self.gate.is_set():
            self.taken.append(frame)
        return self.gate.is_set()


def _outbox(
    wire: _Socket, tasks: asyncio.TaskGroup, drained: Callable[[], None] = lambda: None
) -> Outbox[_Topic]:
    def lagged(topic: _Topic, acks: tuple[Ack, ...]) -> None:
        topic.lags += 1
        topic.lost += acks

    def sent(topic: _Topic, upto: int) -> None:
        topic.sent = upto

    return Outbox(
        Wire(wire.send, max_outbox_bytes=100),
        spawn=tasks.create_task,
        lagged=lagged,
        sent=sent,
        drained=drained,
    )


@pytest.mark.anyio
async def test_outbox_that_overflows_keeps_what_the_log_cannot_give_again() -> None:
    wire, topic = _Socket(), _Topic("notes")
    ack = Ack("notes", "e1", 2)
    async with asyncio.TaskGroup() as tasks:
        outbox = _outbox(wire, tasks)
        outbox.put_nowait({"n": 1}, 60, topic, 1, droppable=True)
        await checkpoint()
        outbox.put_nowait({"n": "kept"}, 10)
        outbox.put_nowait({"n": 2}, 20, topic, 2, droppable=True, ack=ack)
        outbox.put_nowait({"n": 3}, 90, topic, 3, droppable=True)
        assert (topic.lags, topic.lost) == (2, [ack])
        assert outbox.bytes == 70
        wire.gate.set()
        await outbox.wait_for_room(0)
    assert wire.taken == [{"n": 1}, {"n": "kept"}]
    assert topic.sent == 1
    assert outbox.is_empty


@pytest.mark.anyio
async def test_outbox_that_overflows_before_it_has_begun_to_write_is_drained_all_the_same() -> None:
    """Symptom: two frames at once were too much, both were dropped, and nothing came any more."""
    wire, topic, drained = _Socket(), _Topic("notes"), asyncio.Event()
    wire.gate.set()
    async with asyncio.TaskGroup() as tasks:
        outbox = _outbox(wire, tasks, drained.set)
        outbox.put_nowait({"n": 1}, 60, topic, 1, droppable=True)
        outbox.put_nowait({"n": 2}, 60, topic, 2, droppable=True)
        assert topic.lags == 1
        async with asyncio.timeout(PATIENCE_S):
            await drained.wait()
    assert (wire.taken, topic.sent) == ([{"n": 1}], 1)
    assert outbox.is_empty


@pytest.mark.anyio
async def test_outbox_that_overflows_while_it_tells_of_being_drained_is_drained_again() -> None:
    wire, topic, rounds = _Socket(), _Topic("notes"), 0
    wire.gate.set()

    def drained() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            outbox.put_nowait({"n": 2}, 60, topic, 2, droppable=True)
            outbox.put_nowait({"n": 3}, 60, topic, 3, droppable=True)

    async with asyncio.TaskGroup() as tasks:
        outbox = _outbox(wire, tasks, drained)
        outbox.put_nowait({"n": 1}, 60, topic, 1, droppable=True)
        await outbox.wait_for_room(0)
    assert (rounds, topic.lags, topic.sent) == (2, 1, 2)


@pytest.mark.anyio
async def test_outbox_full_of_what_the_log_cannot_give_gives_the_socket_up() -> None:
    async def flood() -> None:
        async with asyncio.TaskGroup() as tasks:
            outbox = _outbox(_Socket(), tasks)
            for _ in range(3):
                outbox.put_nowait({"n": 1}, HARD_BYTES)
                await checkpoint()

    with pytest.raises(ExceptionGroup) as raised:
        await flood()
    assert raised.group_contains(SlowConsumerError)


@pytest.mark.anyio
async def test_outbox_reports_topics_apart_even_if_they_look_alike() -> None:
    wire = _Socket()
    old, new = _Topic("notes"), _Topic("notes")
    async with asyncio.TaskGroup() as tasks:
        outbox = _outbox(wire, tasks)
        outbox.put_nowait({"n": 1}, 10, old, 9, droppable=True)
        outbox.put_nowait({"n": 2}, 10, new, 3)
        wire.gate.set()
        await outbox.wait_for_room(0)
    assert (old.sent, new.sent) == (9, 3)


@pytest.mark.anyio
async def test_outbox_gives_up_a_socket_that_takes_nothing() -> None:
    async def stall() -> None:
        async with asyncio.TaskGroup() as tasks:
            outbox = _outbox(_Socket(), tasks)
            outbox.put_nowait({"n": 1}, 10)
            await checkpoint()
            outbox.give_up_if_stalled(3600)
            await checkpoint()
            outbox.give_up_if_stalled(0)

    with pytest.raises(ExceptionGroup) as raised:
        await stall()
    assert raised.group_contains(SlowConsumerError)


@pytest.mark.anyio
async def test_outbox_ends_the_session_once_what_was_queued_is_written() -> None:
    wire = _Socket()
    wire.gate.set()

    async def end() -> None:
        async with asyncio.TaskGroup() as tasks:
            outbox = _outbox(wire, tasks)
            outbox.put_nowait({"n": 1}, 10)
            outbox.finish(ConnectionAbortedError())

    with pytest.raises(ExceptionGroup) as raised:
        await end()
    assert raised.group_contains(ConnectionAbortedError)
    assert wire.taken == [{"n": 1}]


@pytest.mark.anyio
async def test_outbox_writes_again_after_it_was_idle() -> None:
    wire = _Socket()
    wire.gate.set()
    async with asyncio.TaskGroup() as tasks:
        outbox = _outbox(wire, tasks)
        for number in range(3):
            outbox.put_nowait({"n": number}, 10)
            await outbox.wait_for_room(0)
            for _ in range(5):
                await checkpoint()
    assert wire.taken == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.anyio
async def test_outbox_writes_at_once_what_is_taken_and_lets_nothing_overtake() -> None:
    """Planted bug: writing at once while something is queued."""
    socket, topic = _Socket(), _Topic("notes")
    async with asyncio.TaskGroup() as tasks:
        outbox: Outbox[_Topic] = Outbox(
            Wire(socket.send, 100, socket.write_nowait),
            spawn=tasks.create_task,
            lagged=lambda topic, acks: None,
            sent=lambda topic, upto: setattr(topic, "sent", upto),
            drained=lambda: None,
        )
        socket.gate.set()
        outbox.put_nowait({"n": 1}, 90, topic, 1, droppable=True)
        assert (socket.taken, topic.sent, outbox.is_empty) == ([{"n": 1}], 1, True)
        socket.gate.clear()
        outbox.put_nowait({"n": 2}, 10, topic, 2, droppable=True)
        await checkpoint()
        socket.gate.set()
        outbox.put_nowait({"n": 3}, 10, topic, 3, droppable=True)
        assert (topic.sent, outbox.bytes) == (1, 20)
        await outbox.wait_for_room(0)
        outbox.put_nowait({"n": 4}, 10, topic, 4, droppable=True)
    assert socket.taken == [{"n": number} for number in (1, 2, 3, 4)]
    assert topic.sent == 4
