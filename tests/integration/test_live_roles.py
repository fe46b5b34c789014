"""A role that is changed while sockets are open takes effect on them, in every dialect."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket

from sync.wire import hocuspocus, ysync
from sync.wire.hocuspocus import encode_address
from sync.wire.ysync import SyncKind, encode_sync
from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.integration.shared_document import PRIVATE, SharedDocument
from tests.integration.test_hocuspocus_busy import token_frame
from tests.integration.test_yjs_hostile import close_code
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S, SOON_S

pytestmark = [pytest.mark.anyio, pytest.mark.p9]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("roles")
    with ServerProcess(folder, arguments=PRIVATE) as process:
        yield process


def _address(server: ServerProcess, path: str) -> str:
    return server.url.replace("http", "ws", 1) + path


async def _frame(socket: ClientConnection) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        frame = await socket.recv()
    assert isinstance(frame, bytes)
    return frame


async def _until(socket: ClientConnection, begins: bytes) -> bytes:
    while not (frame := await _frame(socket)).startswith(begins):
        pass
    return frame


# --- quire.v1 -------------------------------------------------------------------------------------


async def test_native_role_rises_falls_and_ends(server: ServerProcess) -> None:
    async with SharedDocument(server, "native", "viewer") as ada:
        async with connect(server, name="Bob") as bob:
            joined = await bob.join("native")
            assert joined["role"] == "viewer"
            await bob.send("text_insert", doc="native", id="b.1", base=None, pos=0, text="x")
            await bob.expect_error("forbidden", doc="native", id="b.1")

            await ada.let("editor")
            await bob.expect("role", doc="native", role="editor")
            await bob.send("text_insert", doc="native", id="b.2", base=None, pos=0, text="two ")
            await bob.expect("ack", id="b.2", version=2)

            await ada.let("viewer")
            await bob.expect("role", doc="native", role="viewer")
            await bob.send("text_insert", doc="native", id="b.3", base=None, pos=0, text="x")
            await bob.expect_error("forbidden", doc="native", id="b.3")

            start = time.monotonic()
            await ada.expel()
            await bob.expect_error("forbidden", doc="native")
            assert time.monotonic() - start < SOON_S
            await bob.send("text_insert", doc="native", id="b.4", base=None, pos=0, text="x")
            await bob.expect_error("not_joined", doc="native", id="b.4")
            await bob.send("join", doc="native")
            await bob.expect_error("unknown_document", doc="native")
        assert await ada.text() == "two one"


async def test_native_join_of_a_document_that_one_may_not_know_is_of_none(
    server: ServerProcess,
) -> None:
    async with SharedDocument(server, "hidden", None), connect(server, name="Bob") as bob:
        await bob.send("join", doc="hidden")
        refused = await bob.expect_error("unknown_document", doc="hidden")
        assert refused["message"] == "There is no such document."


async def test_native_viewer_sees_everything_live(server: ServerProcess) -> None:
    async with (
        SharedDocument(server, "watched", "viewer"),
        connect(server, name="Bob") as bob,
        connect(server, name="Ada") as ada,
    ):
        await bob.join("watched")
        await ada.join("watched")
        await ada.insert("watched", "a.1", "live ")
        events = await bob.expect("events", doc="watched")
        assert [event["text"] for event in events["events"]] == ["live "]


# --- the Yjs dialects -----------------------------------------------------------------------------


def _update() -> bytes:
    return YjsReplica().edit((0, 0, "x"))


async def test_yjs_viewer_is_refused_and_stays_and_who_is_expelled_is_closed(
    server: ServerProcess,
) -> None:
    async with SharedDocument(server, "yws", "viewer") as ada:
        url = _address(server, "/yjs/yws?name=Bob")
        async with open_websocket(url, proxy=None, compression=None) as bob:
            step1, step2 = (encode_sync(kind, b"")[:2] for kind in (SyncKind.STEP1, SyncKind.STEP2))
            await _until(bob, step1)
            await bob.send(encode_sync(SyncKind.STEP1, b"\0"))
            await _until(bob, step2)
            replica = YjsReplica()
            await bob.send(encode_sync(SyncKind.UPDATE, replica.insert(0, "typed ")))
            denied = ysync.encode_permission_denied("")[:1]
            await _until(bob, denied)

            await ada.let("editor")
            await _until(bob, step1)  # it is asked for what was refused
            await bob.send(encode_sync(SyncKind.STEP2, replica.state))
            await _until(bob, encode_sync(SyncKind.UPDATE, b"")[:2])
            assert await ada.text() in ("typed one", "onetyped ")

            await ada.let("commenter")
            await ada.expel()
            await _until(bob, denied)
            assert await close_code(bob) == 4403
        async with open_websocket(url, proxy=None, compression=None) as bob:
            assert await close_code(bob) == 4404


async def test_hocuspocus_role_rises_falls_and_ends(server: ServerProcess) -> None:
    async with SharedDocument(server, "hocus", "viewer") as ada:
        url = _address(server, "/hocuspocus?name=Bob")
        at = encode_address("hocus")

        def scope(*, may_write: bool) -> bytes:
            return at + hocuspocus.encode_authenticated(may_write=may_write)

        async def answered(socket: ClientConnection, *, applied: bool) -> None:
            await socket.send(at + encode_sync(SyncKind.UPDATE, _update()))
            await _until(socket, at + hocuspocus.encode_sync_status(applied=applied))

        async with open_websocket(url, proxy=None, compression=None) as bob:
            await bob.send(token_frame("hocus"))
            await _until(bob, scope(may_write=False))
            await answered(bob, applied=False)
            await ada.let("editor")
            await _until(bob, scope(may_write=True))
            await answered(bob, applied=True)
            await ada.let("commenter")
            await _until(bob, scope(may_write=False))
            await answered(bob, applied=False)
            await ada.expel()
            await _until(bob, at + hocuspocus.encode_permission_denied("")[:2])
            await bob.send(token_frame("hocus"))
            await _until(bob, at + hocuspocus.encode_permission_denied("")[:2])
        assert await ada.text() == "xone" or await ada.text() == "onex"


# --- event streams --------------------------------------------------------------------------------


async def test_event_stream_ends_with_the_role(server: ServerProcess, tmp_path: Path) -> None:
    async with SharedDocument(server, "stream", "viewer") as ada:
        bob = httpx.AsyncClient(
            base_url=server.url,
            headers={"X-Quire-Name": "Bob"},
            trust_env=False,
            timeout=PATIENCE_S,
        )
        path = "/api/documents/stream/events?since=0"
        async with bob, bob.stream("GET", path) as stream:
            assert stream.status_code == 200
            lines = stream.aiter_lines()
            async for line in lines:
                if line.startswith("data:"):
                    break
            await ada.expel()
            start = time.monotonic()
            async for line in lines:
                assert not line.startswith("data:")
            assert time.monotonic() - start < SOON_S
            assert (await bob.get(path)).status_code == 404
