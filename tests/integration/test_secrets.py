"""Secrets and texts are in no log, at no level, and in no answer of the server's own."""

import contextlib
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.integration.peer import Peer, connect, open_socket
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p9]

SECRET = "qt_5ecre7-T0ken-0f-s0mebody"
LEVELS = ("info", "debug", "trace")


async def say_secrets(server: ServerProcess) -> None:
    """Bring the secret in everywhere that a client may put one, rightly or wrongly."""
    base = f"ws://127.0.0.1:{server.port}"
    paths = [
        f"/yjs/notes?token={SECRET}",
        f"/yjs/notes?name=Ana&token={SECRET}",
        f"/hocuspocus?token={SECRET}",
        f"/ws?token={SECRET}",
        f"/nowhere?token={SECRET}",
        f"/yjs/..%2f?token={SECRET}",
    ]
    headers = {"Authorization": f"Bearer {SECRET}", "Cookie": f"quire_session={SECRET}"}
    for path in paths:
        for more in ({}, headers, {"Origin": f"https://{SECRET}.example"}):
            with contextlib.suppress(InvalidStatus, ConnectionClosed):
                async with connect_websocket(
                    base + path, additional_headers=more, proxy=None, close_timeout=1
                ) as socket:
                    await socket.send("{")
                    await socket.send(b"\x04note\x02\x00" + bytes([len(SECRET)]) + SECRET.encode())
                    await socket.recv()
                    await socket.close(4000, SECRET)
    for wrong in (
        {"token": SECRET},
        {"token": SECRET + "\x00", "name": SECRET},
        {"name": [SECRET]},
    ):
        async with open_socket(server) as socket:
            mallory = Peer(socket, "json")
            await mallory.send("auth", **wrong)
            assert SECRET not in str(await mallory.receive())
    async with connect(server, name="Ana") as ana:
        await ana.join("notes")
        await ana.insert("notes", "a.1", f"the text {SECRET}")
        await ana.send("cursor_move", doc="notes", base=None, anchor=SECRET, head=None)
        await ana.barrier()
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        for path in ("/api/documents/notes/text", "/api/documents", "/d/notes", "/nowhere"):
            url = f"{server.url}{path}?token={SECRET}&q=%00"
            for method in ("GET", "PUT", "POST"):
                answer = await http.request(method, url, headers=headers, content=SECRET)
                if path != "/api/documents/notes/text":
                    assert SECRET not in answer.text
                assert SECRET not in str(answer.headers)
        await http.put(
            f"{server.url}/api/documents/notes/text",
            content=f"another {SECRET}",
            headers={"If-Match": f'"{SECRET}"'},
        )


@pytest.mark.parametrize("level", LEVELS)
async def test_no_secret_reaches_a_log_at_any_level(tmp_path: Path, level: str) -> None:
    with ServerProcess(tmp_path, arguments=("--log-level", level)) as server:
        await say_secrets(server)
        server.terminate()
        log = server.log()
    assert "/yjs/notes" in log, "connections are logged"
    assert [line for line in log.splitlines() if SECRET in line] == []
