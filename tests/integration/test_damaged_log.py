"""A document whose log is damaged is never shown, never written and never blank (P10).

It costs nobody else anything (P8). The damage is done to a real database while the server is down.
"""

import asyncio
import sqlite3
import zlib
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed

from storage.log import open_event_log
from sync.document.document import Document
from sync.error import CloseCode
from sync.limit import Limits
from sync.wire.hocuspocus import encode_address, encode_permission_denied
from sync.wire.ysync import SyncKind, encode_sync
from sync.yjs.varint import write_data
from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p8, pytest.mark.p10]

FLIPPED = (zlib.compress(b"a text of some words")[:-1] + b"?").hex()
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
STATE = zlib.compress(b"\1\1\1\0\4\1\7content\3abc\0").hex()
BAD_CHECKPOINTS = {
    "a-byte-of-the-state-is-flipped": f"state = x'{FLIPPED}'",
    "the-state-is-no-update": f"state = x'{zlib.compress(bytes(1) + b'x').hex()}'",
    "the-state-is-of-another-text": f"state = x'{STATE}'",
    "the-text-is-another": f"text = x'{zlib.compress(b'something else').hex()}'",
    "a-byte-of-the-text-is-flipped": f"text = x'{FLIPPED}'",
    "the-marks-are-damaged": "pairs = x'ff'",
}
"""Documents by what is done to their newest checkpoint, or to both."""
TEXT = "one two three"
DENIED = encode_permission_denied("")[:2]
"""How that message begins."""


def dump(path: Path) -> list[tuple[object, ...]]:
    """Every row of the log; but not the titles, which are derived from it a moment later."""
    with closing(sqlite3.connect(path)) as database:
        return [
            row
            for table, columns in (
                ("documents", "key, name, text_root, epoch, version, updated_at_ms, deleted_at_ms"),
                ("events", "*"),
                ("checkpoints", "*"),
                ("authors", "*"),
            )
            for row in database.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2")
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


async def save_checkpoint(path: Path, doc: str) -> None:
    log = open_event_log(f"sqlite+aiosqlite:///{path}")
    try:
        opened = await log.open(doc)
        assert opened is not None
        checkpoint = Document(opened, Limits()).checkpoint()
        await log.save_checkpoint(opened.document.key, checkpoint)
    finally:
        await log.aclose()


def damage_checkpoints(path: Path, damage: str, doc: str, *, newest_only: bool) -> None:
    which = "(SELECT key FROM documents WHERE name = ?)"
    where = f"document_key = {which}" + (" AND version = 3" if newest_only else "")
    with closing(sqlite3.connect(path)) as database, database:
        changed = database.execute(f"UPDATE checkpoints SET {damage} WHERE {where}", (doc,))
        assert changed.rowcount == (1 if newest_only else 2)


async def test_damaged_checkpoint_costs_nobody_the_document(tmp_path: Path) -> None:
    path = tmp_path / "quire.db"
    docs = {
        f"{name}-{which}": (damage, which == "newest")
        for name, damage in BAD_CHECKPOINTS.items()
        for which in ("newest", "both")
    }
    with ServerProcess(tmp_path) as server:
        async with connect(server) as ana:
            for doc in docs:
                await ana.join(doc)
                await ana.insert(doc, "a1", "one")
                await ana.insert(doc, "a2", " two", pos=3)
        server.kill9()
        for doc in docs:
            await save_checkpoint(path, doc)
        server.start()
        async with connect(server) as ana:
            for doc in docs:
                await ana.join(doc)
                await ana.insert(doc, "a3", " three", pos=7)
        server.kill9()
        for doc, (damage, newest_only) in docs.items():
            await save_checkpoint(path, doc)
            damage_checkpoints(path, damage, doc, newest_only=newest_only)
        server.start()
        for doc in docs:
            async with connect(server) as ana:
                assert (await ana.join(doc))["text"] == TEXT, doc
                await ana.insert(doc, "a4", "!", pos=len(TEXT))
            async with connect(server) as bob:
                replica = YjsReplica(1)
                joined = await bob.join(doc, mode="yjs")
                replica.apply(joined["state"])
                assert replica.text == f"{TEXT}!", doc
        assert "does not load; it is not used" in server.log()
