"""No socket reaches a document that it was not let into by another way to name it."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed

from sync.wire import hocuspocus
from sync.wire.hocuspocus import FrameType, encode_address
from sync.wire.ysync import SyncKind, encode_awareness_message, encode_sync
from sync.yjs.awareness import encode_awareness
from sync.yjs.varint import write_text
from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.integration.shared_document import PRIVATE, SharedDocument
from tests.integration.test_hocuspocus_busy import token_frame
from tests.integration.test_yjs_hostile import close_code
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p9]

SECRET = "secret-plans"
OPEN = "open"
TRICKS = (
    SECRET,
    f"{OPEN}/../{SECRET}",
    f"{OPEN}%2f..%2f{SECRET}",
    f"../yjs/{SECRET}",
    f"./{SECRET}",
    f"{SECRET}/",
    f"{SECRET}%00",
    f"{SECRET}%00{OPEN}",
    f"{OPEN}%00/{SECRET}",
    f"%73{SECRET[1:]}",
    f"{SECRET}%20",
    f"{SECRET}%3fname=Ada",
    f"{SECRET};name=Ada",
    SECRET.replace("s", "\u017f", 1),
    SECRET.replace("e", "\u0435", 1),
    SECRET.upper(),
    f"{SECRET}\u200b",
    f"{SECRET}%0a",
)
"""Names with which a client may try to get at the document, in an address or in a frame."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder: Path = tmp_path_factory.mktemp("addresses")
    with ServerProcess(folder, arguments=PRIVATE) as running:
        yield running


def quoted(name: str) -> str:
    """Return a name as a browser writes it into an address; what is quoted already stays."""
    return quote(name, safe="%/;=.")


async def drain(socket: ClientConnection) -> list[bytes]:
    """Return what a socket says until it is silent or closed."""
    said: list[bytes] = []
    try:
        while True:
            async with asyncio.timeout(0.5):
                frame = await socket.recv()
            assert isinstance(frame, bytes)
            said.append(frame)
    except (TimeoutError, ConnectionClosed):
        return said


async def test_y_websocket_cannot_name_it(server: ServerProcess) -> None:
    base = server.url.replace("http", "ws", 1)
    async with SharedDocument(server, SECRET, None, "top secret") as secret:
        for trick in TRICKS:
            update = encode_sync(SyncKind.UPDATE, YjsReplica().insert(0, "x"))
            async with open_websocket(
                f"{base}/yjs/{quoted(trick)}?name=Bob",
                proxy=None,
                compression=None,
            ) as bob:
                with suppress(ConnectionClosed):
                    await bob.send(update)
                    await bob.send(encode_sync(SyncKind.STEP1, b"\0"))
                said = await drain(bob)
                assert not any(b"top secret" in frame for frame in said), trick
        assert await secret.text() == "top secret"


async def test_address_that_is_refused_is_closed_for_good(server: ServerProcess) -> None:
    base = server.url.replace("http", "ws", 1)
    async with SharedDocument(server, "refused", None):
        for trick, code in (("refused", 4404), ("a%2f..%2frefused", 4400), ("refused%00", 4400)):
            async with open_websocket(f"{base}/yjs/{trick}?name=Bob", proxy=None) as bob:
                assert await close_code(bob) == code, trick


async def test_hocuspocus_cannot_name_it_beside_a_document_that_it_is_in(
    server: ServerProcess,
) -> None:
    url = server.url.replace("http", "ws", 1) + "/hocuspocus?name=Bob"
    states = encode_awareness([(7, 1, '{"user":{"name":"Bob"}}')])
    async with (
        SharedDocument(server, f"{SECRET}-2", None, "top secret") as secret,
        SharedDocument(server, "open-2", "editor", "for all"),
        connect(server, name="Ada") as ada,
    ):
        await ada.join(secret.doc, mode="yjs")
        async with open_websocket(url, proxy=None, compression=None) as bob:
            await bob.send(token_frame("open-2"))
            hidden = secret.doc
            names = (
                hidden,
                f"{hidden}\0session",
                f"open-2\0{hidden}",
                f"open-2/../{hidden}",
                f"{hidden}\0\0",
                f" {hidden}",
                hidden.replace("e", "\u0435", 1),
            )
            for name in names:
                at = encode_address(name)
                stateless = bytearray((FrameType.STATELESS,))
                write_text(stateless, "pst")
                for body in (
                    encode_sync(SyncKind.UPDATE, YjsReplica().insert(0, "x")),
                    encode_sync(SyncKind.STEP1, b"\0"),
                    encode_awareness_message(states),
                    bytes((FrameType.QUERY_AWARENESS,)),
                    bytes(stateless),
                ):
                    await bob.send(at + body)
                await bob.send(token_frame(name))
                for body in (
                    encode_sync(SyncKind.UPDATE, YjsReplica().insert(0, "x")),
                    encode_awareness_message(states),
                ):
                    await bob.send(at + body)
            said = await drain(bob)
            assert not any(b"top secret" in frame for frame in said)
            for name in names:
                if not name.startswith("open-2\0"):
                    at = encode_address(name)
                    answers = {frame[: len(at) + 2] for frame in said if frame.startswith(at)}
                    assert answers == {at + hocuspocus.encode_permission_denied("")[:2]}, name
            # The document that it may be in goes on.
            await bob.send(encode_address("open-2") + encode_sync(SyncKind.STEP1, b"\0"))
            step2 = encode_address("open-2") + encode_sync(SyncKind.STEP2, b"")[:2]
            async with asyncio.timeout(PATIENCE_S):
                while not (frame := await bob.recv()).startswith(step2):  # type: ignore[arg-type]
                    pass
            assert b"for all" in frame
        assert await secret.text() == "top secret"
        # Nobody in it has heard of Bob.
        await ada.send("ping", nonce="last")
        while (message := await ada.receive())["type"] != "pong":
            assert "Bob" not in str(message)


async def test_native_socket_cannot_write_where_it_has_not_joined(server: ServerProcess) -> None:
    async with (
        SharedDocument(server, f"{SECRET}-3", None, "top secret") as secret,
        connect(server, name="Bob") as bob,
    ):
        for number, name in enumerate((secret.doc, f"{secret.doc}/", f"../{secret.doc}")):
            await bob.send("join", doc=name)
            error = await bob.receive()
            assert error["code"] in ("unknown_document", "invalid_message")
            edits = (
                ("text_insert", {"base": None, "pos": 0, "text": "x"}),
                ("update", {"update": YjsReplica().insert(0, "x")}),
            )
            for kind, fields in edits:
                await bob.send(kind, doc=name, id=f"b.{number}", **fields)
                error = await bob.receive()
                assert error["code"] in ("not_joined", "invalid_message")
        assert await secret.text() == "top secret"
