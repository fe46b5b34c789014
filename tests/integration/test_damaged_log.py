"""A document whose log is damaged is never shown, never written and never blank (P10).

It costs nobody else anything (P8). The damage is done to a real database while the server is down.
"""

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed

from sync.error import CloseCode
from sync.wire.hocuspocus import encode_address, encode_permission_denied
from sync.wire.ysync import SyncKind, encode_sync
from sync.yjs.varint import write_data
from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p8, pytest.mark.p10]

DAMAGE = {
    "an-event-is-gone": "DELETE FROM events WHERE version = 2 AND document_key = {key}",
    "all-events-are-gone": "DELETE FROM events WHERE document_key = {key}",
    "an-update-is-damaged": (
        "UPDATE events SET \"update\" = x'ff' WHERE version = 2 AND document_key = {key}"
    ),
    "a-delta-is-damaged": (
        "UPDATE events SET ops = '[99,\"x\"]' WHERE version = 2 AND document_key = {key}"
    ),
    "a-delta-is-no-json": (
        "UPDATE events SET ops = 'what' WHERE version = 2 AND document_key = {key}"
    ),
    "the-head-is-ahead": "UPDATE documents SET version = 9 WHERE key = {key}",
}
"""Documents by what is done to them."""
TEXT = "one two three"
DENIED = encode_permission_denied("")[:2]
"""How that message begins."""


def dump(path: Path) -> list[tuple[object, ...]]:
    """Every row of the log."""
    with closing(sqlite3.connect(path)) as database:
        return [
            row
            for table in ("documents", "events", "checkpoints", "authors")
            for row in database.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
        ]


def do_damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for doc, statement in DAMAGE.items():
            named = database.execute("SELECT key FROM documents WHERE name = ?", (doc,))
            (key,) = named.fetchone()
            assert database.execute(statement.format(key=key)).rowcount > 0


async def test_damaged_documents_are_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "quire.db"
    with ServerProcess(tmp_path) as server:
        async with connect(server) as ana:
            for doc in (*DAMAGE, "sound"):
                await ana.join(doc)
                await ana.insert(doc, "a1", "one")
                await ana.insert(doc, "a2", " two", pos=3)
                await ana.insert(doc, "a3", " three", pos=7)
        server.kill9()
        do_damage(path)
        before = dump(path)
        server.start()
        for doc in DAMAGE:
            await assert_refused_natively(server, doc)
            await assert_dialects_close(server, doc)
            await assert_refused_over_http(server, doc)
        assert dump(path) == before
        async with connect(server) as ana:
            assert (await ana.join("sound"))["text"] == TEXT
            await ana.insert("sound", "b", "!", pos=len(TEXT))


async def assert_refused_natively(server: ServerProcess, doc: str) -> None:
    async with connect(server) as ana:
        for mode in ("text", "yjs"):
            await ana.send("join", doc=doc, mode=mode)
            await ana.expect_error("store_unavailable", doc=doc)
            await ana.send("text_insert", doc=doc, id="x", base=None, pos=0, text="x")
            await ana.expect_error("not_joined", doc=doc, id="x")


async def assert_refused_over_http(server: ServerProcess, doc: str) -> None:
    url = f"{server.url}/api/documents/{doc}"
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as http:
        # By its deltas alone the text may still be known; then it is the right one.
        shown = await http.get("/text")
        assert shown.status_code == 503 or shown.text == TEXT, (doc, shown.text)
        edit = {"id": "http", "base": None, "ops": [{"insert": "x"}]}
        posted = await http.post("/edits", json=edit)
        assert posted.status_code == 503, (doc, posted.text)
        put = await http.put("/text", content="x", headers={"If-Match": '"3"'})
        assert put.status_code == 503, (doc, put.text)


async def assert_dialects_close(server: ServerProcess, doc: str) -> None:
    """Neither dialect gives a state, an empty one least of all."""
    address = encode_address(doc)
    token = bytearray(address + b"\2\0")
    write_data(token, b"open")
    step1 = encode_sync(SyncKind.STEP1, b"\0")
    for path, prefix, frames in (
        (f"/yjs/{doc}", b"", [step1]),
        ("/hocuspocus", address, [bytes(token), address + step1]),
    ):
        url = server.url.replace("http", "ws", 1) + path
        async with open_websocket(
            url, proxy=None, compression=None, open_timeout=PATIENCE_S, ping_interval=None
        ) as socket:
            heard: list[bytes] = []
            denied = prefix + DENIED
            with suppress(ConnectionClosed):
                for frame in frames:
                    await socket.send(frame)
                async with asyncio.timeout(PATIENCE_S):
                    while not (prefix and heard and heard[-1].startswith(denied)):
                        heard.append(await socket.recv(decode=False))
            # Hocuspocus may go on with the other documents of its socket.
            if not (prefix and heard and heard[-1].startswith(denied)):
                assert socket.close_code in (CloseCode.TRY_LATER, CloseCode.UNUSABLE), (path, heard)
            step2 = prefix + bytes((0, SyncKind.STEP2))
            assert not any(frame.startswith(step2) for frame in heard), (path, heard)
