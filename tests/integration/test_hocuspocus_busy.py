"""A Hocuspocus token that meets a server which cannot take it now."""

import asyncio
from pathlib import Path

import pytest

from storage.migrate import upgrade
from storage.store import open_store
from sync.error import CloseCode
from sync.limit import Limits
from sync.shells.rooms.rooms import Rooms
from sync.shells.rooms.sink import Frame
from sync.shells.sessions.hocuspocus_session import HocuspocusSession
from sync.shells.sessions.outbox import Wire
from sync.shells.sessions.socket import SessionClosedError
from sync.wire.hocuspocus import encode_address
from sync.yjs.varint import write_varint
from tests.integration.open_gatekeeper import EDITABLE, open_gatekeeper

pytestmark = pytest.mark.anyio


def token_frame(document: str) -> bytes:
    out = bytearray(encode_address(document))
    for number in (2, 0, 0):  # authentication, a token, an empty one
        write_varint(out, number)
    return bytes(out)


async def test_hocuspocus_token_that_could_be_taken_later_is_not_denied(tmp_path: Path) -> None:
    """A provider that is denied never comes back; one whose socket closes with 1013 does."""
    sent: list[Frame] = []

    async def send(frame: Frame) -> None:
        sent.append(frame)

    url = f"sqlite+aiosqlite:///{tmp_path}/quire.db"
    await upgrade(url)
    store = open_store(url)
    rooms = Rooms(store.log, Limits(max_rooms=0), new_document_grants=EDITABLE)
    gatekeeper = open_gatekeeper(store, rooms)
    session = HocuspocusSession(
        "s1", rooms, gatekeeper, Wire(send, max_outbox_bytes=1 << 16), name="Ana"
    )
    with pytest.RaisesGroup(SessionClosedError) as closed:
        async with asyncio.TaskGroup() as tasks:
            session.open(tasks)
            await session.receive(token_frame("notes"))
    (error,) = closed.value.exceptions
    assert isinstance(error, SessionClosedError)
    assert error.code is CloseCode.TRY_LATER
    assert sent == []
    await store.aclose()
