"""What a channel of a Yjs dialect writes of the messages that its room delivers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from storage.migrate import upgrade
from storage.segments.container import column_sizes
from storage.segments.event_segment import encode_segment, open_segment
from storage.store import Store, open_store
from sync.limit import Limits
from sync.shells.rooms.rooms import Rooms
from sync.shells.rooms.sink import Frame, Parcel
from sync.shells.sessions.hocuspocus_session import HocuspocusSession
from sync.shells.sessions.outbox import Wire
from sync.shells.sessions.yjs_channel import Channel
from sync.shells.sessions.yws_session import YwsSession
from sync.wire.hocuspocus import encode_address, encode_sync_status
from sync.wire.message import Ack, Resync, Updates
from sync.wire.ysync import UPDATE_HEAD, SyncKind, encode_sync
from sync.yjs.nonce import SessionNonces
from tests.integration.open_gatekeeper import EDITABLE, open_gatekeeper
from tests.integration.test_hocuspocus_busy import token_frame

pytestmark = pytest.mark.anyio

ADDRESSES = ("notes", "notes\0again")


class Line:
    """A transport that takes everything at once, or nothing for a while."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.writes = 0
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def send(self, frame: Frame) -> None:
        await self.is_open.wait()
        self.taken.append(frame["bytes"])

    def write_nowait(self, frame: Frame) -> bool:
        if self.is_open.is_set():
            self.taken.append(frame["bytes"])
            self.writes += 1
        return self.is_open.is_set()

    def write_pair_nowait(self, first: Frame, second: Frame) -> bool:
        if self.is_open.is_set():
            self.taken += (first["bytes"], second["bytes"])
            self.writes += 1
        return self.is_open.is_set()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path}/quire.db"
    await upgrade(url)
    store = open_store(url)
    yield store
    await store.aclose()


@pytest.fixture
async def rooms(store: Store) -> AsyncIterator[Rooms]:
    async with Rooms(
        store.log, Limits(), flush_interval_s=0.0, new_document_grants=EDITABLE
    ) as rooms:
        yield rooms


async def opened(store: Store, rooms: Rooms, line: Line, tasks: asyncio.TaskGroup) -> list[Channel]:
    """Two channels of one socket, which are members of one document's room."""
    wire = Wire(line.send, 1 << 16, line.write_nowait, line.write_pair_nowait)
    session = HocuspocusSession("s1", rooms, open_gatekeeper(store, rooms), wire, name="Ana")
    session.open(tasks)
    for address in ADDRESSES:
        await session.receive(token_frame(address))
    line.taken.clear()
    line.writes = 0
    return session.channels()


def updates(version: int) -> Parcel:
    return Parcel(Updates("notes", version, version, b"%d" % version), "notes", version, True)


def frame(address: str, version: int) -> bytes:
    return encode_address(address) + encode_sync(SyncKind.UPDATE, b"%d" % version)


async def test_channels_of_one_message_are_sent_each_its_own_address(
    store: Store, rooms: Rooms
) -> None:
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        channels = await opened(store, rooms, line, tasks)
        parcel = updates(1)
        for channel in (*channels, *channels):
            channel.deliver(parcel)
    assert line.taken == [frame(address, 1) for address in (*ADDRESSES, *ADDRESSES)]
    assert [channel.progress.version for channel in channels] == [1, 1]


async def test_channel_that_lags_is_written_no_update_and_counts_none(
    store: Store, rooms: Rooms
) -> None:
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        lagging, live = await opened(store, rooms, line, tasks)
        lagging.progress.dropped(())
        for channel in (lagging, live):
            channel.deliver(updates(1))
    assert line.taken == [frame(ADDRESSES[1], 1)]
    assert (lagging.progress.version, live.progress.version) == (0, 1)


async def test_update_does_not_overtake_what_waits_and_counts_once_it_is_written(
    store: Store, rooms: Rooms
) -> None:
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        channel, _ = await opened(store, rooms, line, tasks)
        line.is_open.clear()
        channel.deliver(updates(1))
        await asyncio.sleep(0)
        line.is_open.set()
        channel.deliver(updates(2))
        assert (line.taken, channel.progress.version) == ([], 0)
    assert line.taken == [frame(ADDRESSES[0], version) for version in (1, 2)]
    assert channel.progress.version == 2


async def test_ack_of_an_edit_is_written_once(store: Store, rooms: Rooms) -> None:
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        channel, _ = await opened(store, rooms, line, tasks)
        channel._expect("e1", is_past=False)
        flow = channel._flow = channel._socket.flow
        flow.begin(7)
        channel.settled(7, Ack("notes", "e1", 1))
        channel.deliver(Parcel(Ack("notes", "e1", 1)))
    assert len(line.taken) == 1


async def test_ack_does_not_overtake_what_waits(store: Store, rooms: Rooms) -> None:
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        channel, _ = await opened(store, rooms, line, tasks)
        channel._expect("e1", is_past=False)
        line.is_open.clear()
        channel.deliver(updates(1))
        line.is_open.set()
        channel._applied("e1")
        assert line.taken == []
    status = encode_address(ADDRESSES[0]) + encode_sync_status(applied=True)
    assert line.taken == [frame(ADDRESSES[0], 1), status]


def acknowledge(channel: Channel, event_id: str) -> None:
    """Settle an edit whose event the room delivers behind its ack."""
    channel._expect(event_id, is_past=False)
    flow = channel._flow = channel._socket.flow
    flow.begin(7)
    channel.settled(7, Ack("notes", event_id, 1), is_followed=True)


APPLIED = encode_address(ADDRESSES[0]) + encode_sync_status(applied=True)


async def test_ack_and_its_update_are_one_write(store: Store, rooms: Rooms) -> None:
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        channel, other = await opened(store, rooms, line, tasks)
        acknowledge(channel, "e1")
        parcel = updates(1)
        for each in (channel, other):
            each.deliver(parcel)
        channel.deliver(updates(2))
    one, two = ADDRESSES
    assert line.taken == [APPLIED, frame(one, 1), frame(two, 1), frame(one, 2)]
    assert line.writes == 3
    assert channel.progress.version == 2


async def test_each_ack_is_written_before_the_update_of_its_batch(
    store: Store, rooms: Rooms
) -> None:
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        channel, _ = await opened(store, rooms, line, tasks)
        for event_id in ("e1", "e2", "e3"):
            acknowledge(channel, event_id)
        channel.deliver(updates(3))
    assert line.taken == [APPLIED, APPLIED, APPLIED, frame(ADDRESSES[0], 3)]


@pytest.mark.parametrize("hindrance", ["lagging", "another message", "full", "busy"])
async def test_ack_that_cannot_be_written_with_its_update_is_written_before_it(
    store: Store, rooms: Rooms, hindrance: str
) -> None:
    """Planted bugs: it is dropped with the update of a channel that lags; a message overtakes it;
    the update is queued while it waits on; both overtake what is being written.
    """
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        channel, _ = await opened(store, rooms, line, tasks)
        ahead: list[bytes] = []
        if hindrance == "busy":
            line.is_open.clear()
            channel.deliver(updates(1))
            ahead.append(frame(ADDRESSES[0], 1))
            await asyncio.sleep(0)
            line.is_open.set()
        acknowledge(channel, "e1")
        if hindrance == "lagging":
            channel.progress.dropped(())
        elif hindrance == "full":
            line.is_open.clear()
        elif hindrance == "another message":
            channel.deliver(Parcel(Resync("notes", b"vector")))
        channel.deliver(updates(2))
        line.is_open.set()
    assert line.taken[: len(ahead) + 1] == [*ahead, APPLIED]
    assert line.taken.count(APPLIED) == 1
    shown = 0 if hindrance == "lagging" else 1
    assert line.taken.count(frame(ADDRESSES[0], 2)) == shown


async def test_short_updates_go_to_the_channel_that_they_name_while_it_is_open(
    store: Store, rooms: Rooms
) -> None:
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        first, second = await opened(store, rooms, line, tasks)
        session = first._socket
        one, two = (encode_address(each) + encode_sync(SyncKind.UPDATE, b"x") for each in ADDRESSES)
        for update in (one, one, two, one, two, two):
            assert session.receive_nowait(update)
        assert (first._edits, second._edits) == (3, 3)
        assert not session.receive_nowait(two + b"y"), "bytes follow its end"
        assert not session.receive_nowait(two[:-1]), "it is cut off"
        head = encode_address(ADDRESSES[1]) + UPDATE_HEAD
        assert not session.receive_nowait(head + b"\xc8" + b"x" * 200), "its length has two bytes"
        long = encode_address(ADDRESSES[1]) + encode_sync(SyncKind.UPDATE, b"x" * 200)
        assert session.receive_nowait(long)
        second.leave()
        assert not session.receive_nowait(two)
        assert (first._edits, second._edits) == (3, 4)
        await rooms.settle()


async def test_y_websocket_takes_updates_whose_length_is_true_at_once(
    store: Store, rooms: Rooms
) -> None:
    """Planted bug: the length in a frame is not looked at."""
    line = Line()
    wire = Wire(line.send, 1 << 16, line.write_nowait, line.write_pair_nowait)
    gatekeeper = open_gatekeeper(store, rooms, "y-websocket")
    async with asyncio.TaskGroup() as tasks:
        session = YwsSession(
            "s1", rooms, gatekeeper, wire, document="notes", token=None, name="Ana"
        )
        session.open(tasks)
        await session.start()
        (channel,) = session.channels()
        for update in (b"x", b"x" * 127, b"x" * 128, b"x" * 200, b""):
            assert session.receive_nowait(encode_sync(SyncKind.UPDATE, update))
        assert channel._edits == 5
        whole = encode_sync(SyncKind.UPDATE, b"abc")
        assert not session.receive_nowait(whole + b"y"), "bytes follow its end"
        for cut in range(len(whole)):
            assert not session.receive_nowait(whole[:cut]), "it is cut off"
        assert channel._edits == 5
        channel.leave()
        await rooms.settle()


async def test_ids_that_are_made_up_can_be_made_again(store: Store, rooms: Rooms) -> None:
    """Compressed history keeps the key of a thousand nonces instead of the nonces."""
    while rooms.nonce_secret is None:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)
    line = Line()
    async with asyncio.TaskGroup() as tasks:
        channel, _ = await opened(store, rooms, line, tasks)
        typist: Doc[Any] = Doc()
        text: Text = typist.get("content", type=Text)
        subscription = typist.observe(lambda event: channel.submit(event.update))
        for _ in range(30):
            text += "x"
        typist.unobserve(subscription)
        await rooms.settle()
    record = await store.log.find("notes")
    assert record is not None
    events = await store.log.read(record.key, 0, 30, 30)
    secret = await store.log.nonce_secret()
    made = SessionNonces(secret, channel.id)
    assert [event.id for event in events] == [
        f"{channel.id}-{number}-{made.of(number).hex()}" for number in range(1, 31)
    ]
    stored, derived = encode_segment(events), encode_segment(events, nonce_secret=secret)
    assert open_segment(derived).events(0, 30) == events
    assert column_sizes(stored)["nonces"] >= 30 * 6
    assert column_sizes(derived)["nonces"] == 0
