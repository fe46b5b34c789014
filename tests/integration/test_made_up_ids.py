"""Updates of Yjs clients, which send no ids, and somebody who guesses the ids that are made up."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from storage.migrate import upgrade
from storage.store import open_store
from sync.limit import Limits
from sync.shells.rooms.rooms import Rooms
from sync.shells.rooms.sink import Frame
from sync.shells.sessions.outbox import Wire
from sync.shells.sessions.yws_session import YwsSession
from sync.user import User
from sync.wire.ysync import SyncKind, encode_sync
from tests.integration.open_gatekeeper import EDITABLE, open_gatekeeper
from tests.unit.sync.room.driven_room import Editor, edit

pytestmark = [pytest.mark.anyio, pytest.mark.p8]

EVE = User("u-eve", "Eve", "#123456")


async def test_an_id_that_somebody_took_first_holds_nobody_up(tmp_path: Path) -> None:
    """Planted bug: made-up ids that count up. Eve's has left the window, so nobody asks the log,
    and the commit fails for all that share it.
    """
    url = f"sqlite+aiosqlite:///{tmp_path}/quire.db"
    await upgrade(url)
    store = open_store(url)
    log = store.log

    async def send(_: Frame) -> None:
        pass

    async with (
        Rooms(log, Limits(window_events=1), new_document_grants=EDITABLE) as rooms,
        asyncio.TaskGroup() as tasks,
    ):
        room = await rooms.open("notes", EVE)
        session = YwsSession(
            "ann",
            rooms,
            open_gatekeeper(store, rooms, "y-websocket"),
            Wire(send, 1 << 20),
            document="notes",
            token=None,
            name="Ann",
        )
        session.open(tasks)
        await session.start()
        ann = Editor(7)

        async def ann_types() -> str:
            await session.receive(encode_sync(SyncKind.UPDATE, ann.edit(("a",))))
            await rooms.settle()
            newest = await log.event(room.key, room.version)
            assert newest is not None
            assert newest.session == "ann"
            return newest.id

        async def eve_takes(event_id: str) -> None:
            submission = edit("eve", event_id, None, "e", user=EVE)
            await rooms.submit(room, replace(submission, role="editor"))

        for guess in range(4):
            await eve_takes(f"ann-{guess}")
        first = await ann_types()
        name, number, secret = first.rsplit("-", 2)
        assert (name, number, len(secret)) == ("ann", "1", 12)
        for guess in range(2, 6):
            await eve_takes(f"ann-{guess}-{secret}")
        ids = [await ann_types() for _ in range(3)]
        assert len({each.rpartition("-")[2] for each in (first, *ids)}) == 4
        assert room.version == 4 + 4 + 4
        session.close()
    await store.aclose()
