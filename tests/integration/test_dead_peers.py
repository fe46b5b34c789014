"""Peers that vanish or stop reading, over real sockets: they are gone in time, TCP included.

A stopped process keeps its connections: its kernel acknowledges what comes, up to what the socket
takes. So neither an error nor a closed connection says that nobody is there any more.
"""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.peer import connect
from tests.integration.server import ROOT, ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p7]

SLOW_CONSUMER_S = 2.0
KERNEL_GIVES_UP_S = 600.0
"""Linux keeps a connection whose other end takes nothing for longer than this, of itself."""
PIECE = "x" * 100_000

MEMBER = """
import asyncio, sys
from tests.integration.peer import Peer
from websockets.asyncio.client import connect

async def main():
    async with connect(sys.argv[1], proxy=None, compression=None, ping_interval=None) as socket:
        peer = Peer(socket, "json")
        await peer.auth("Vanishing")
        await peer.join("notes")
        print("joined", flush=True)
        while True:
            await peer.receive()

asyncio.run(main())
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that soon notices silence, and readers that take nothing."""
    bounds = {
        "QUIRE_PING_INTERVAL_S": "0.5",
        "QUIRE_PING_TIMEOUT_S": "2",
        "QUIRE_SLOW_CONSUMER_TIMEOUT_S": str(SLOW_CONSUMER_S),
        "QUIRE_MAX_OUTBOX_BYTES": "65536",
    }
    with ServerProcess(tmp_path, environment=bounds) as running:
        yield running


def is_connected(raw: socket.socket, server_port: int) -> bool:
    """Return True if the kernel still has the server's end of a connection."""
    own_port = raw.getsockname()[1]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, remote = line.split()[1:3]
        if int(local[9:], 16) == server_port and int(remote[9:], 16) == own_port:
            return True
    return False


async def gone_after_s(raw: socket.socket, server_port: int) -> float:
    """Wait until the server's end of a connection is gone."""
    started = time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        # The kernel tells nobody: it has to be asked.
        while is_connected(raw, server_port):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return time.monotonic() - started


def tiny_window(server: ServerProcess) -> socket.socket:
    """A connection whose kernel takes next to nothing that is not read."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    raw.settimeout(PATIENCE_S)
    raw.connect(("127.0.0.1", server.port))
    return raw


async def write_much(server: ServerProcess, stop: asyncio.Event) -> None:
    async with connect(server, "msgpack", name="Writer") as writer:
        await writer.join("notes")
        number = 0
        while not stop.is_set():
            await writer.insert("notes", f"w.{number}", PIECE)
            delete = {"doc": "notes", "id": f"d.{number}", "base": None, "pos": 0}
            await writer.send("text_delete", len=len(PIECE), **delete)
            await writer.expect("ack")
            number += 1


async def test_member_whose_process_is_stopped_is_gone_after_the_ping_timeout(
    server: ServerProcess,
) -> None:
    async with connect(server, name="Witness") as witness:
        await witness.join("notes")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", MEMBER, server.ws_url, stdout=asyncio.subprocess.PIPE,
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        try:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"joined\n"
            joined = await witness.until(lambda message: message["type"] == "member_joined")
            process.send_signal(signal.SIGSTOP)
            left = await witness.until(lambda message: message["type"] == "member_left")
            assert left[-1]["session"] == joined[-1]["session"]
            await witness.barrier()
        finally:
            process.kill()
            await process.wait()


async def test_socket_that_reads_nothing_is_gone_from_the_kernel_too(
    server: ServerProcess,
) -> None:
    raw = tiny_window(server)
    raw.sendall(
        b"GET /yjs/notes HTTP/1.1\r\nHost: quire\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert raw.recv(12) == b"HTTP/1.1 101"
    raw.sendall(b"\x82\x84\0\0\0\0\0\0\x01\0")
    await check_gone(server, raw)


async def test_event_stream_that_reads_nothing_is_gone_from_the_kernel_too(
    server: ServerProcess,
) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http:
        (await http.post("/api/documents", json={"name": "notes"})).raise_for_status()
    raw = tiny_window(server)
    raw.sendall(b"GET /api/documents/notes/events HTTP/1.1\r\nHost: quire\r\n\r\n")
    assert raw.recv(12) == b"HTTP/1.1 200"
    await check_gone(server, raw)


async def check_gone(server: ServerProcess, raw: socket.socket) -> None:
    """Fail unless a connection that takes nothing ends while somebody writes on undisturbed."""
    stop = asyncio.Event()
    with raw:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(write_much(server, stop))
            try:
                # Far below what the kernel's own timeout would take, and the test's patience.
                assert await gone_after_s(raw, server.port) < KERNEL_GIVES_UP_S / 2
            finally:
                stop.set()
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http:
        figures = (await http.get("/metrics")).text
    assert "quire_event_streams 0" in figures
