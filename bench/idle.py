"""Measure the server memory that a connected, idle client costs."""

import asyncio
from typing import Any

from bench.figures import show
from bench.server import Server
from bench.websocket import AuthOk, Connection, Joined, connect, decode, encode

_CLIENTS = 2_000
_PER_ROOM = 5
_SETTLE_S = 3.0


async def idle(clients: int = _CLIENTS, per_room: int = _PER_ROOM) -> dict[str, Any]:
    """Resident memory per client that has joined a document and does nothing."""
    with Server() as server:
        warm = [await _join(server.port, f"warm-{number}") for number in range(50)]
        await asyncio.sleep(_SETTLE_S)
        before = server.rss_bytes()
        held = [await _join(server.port, f"idle-{number // per_room}") for number in range(clients)]
        await asyncio.sleep(_SETTLE_S)
        grown = server.rss_bytes() - before
        cpu = server.cpu_s()
        await asyncio.sleep(_SETTLE_S)
        cpu = server.cpu_s() - cpu
        for connection in held + warm:
            connection.close()
    return {
        "bench": "idle clients",
        "clients": clients,
        "rooms": clients // per_room,
        "kb_per_client": round(grown / clients / 1000, 1),
        "server_cores_idle": round(cpu / _SETTLE_S, 3),
    }


async def _join(port: int, doc: str) -> Connection:
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    connection: Connection | None = None

    def receive(payload: bytes, _: float) -> None:
        match decode(payload):
            case AuthOk():
                assert connection is not None, "connected"
                connection.send(encode(type="join", doc=doc, mode="yjs"))
            case Joined():
                ready.set_result(None)
            case _:
                pass

    connection = await connect(port, receive)
    connection.send(encode(type="auth", name=f"Idler of {doc}"))
    await ready
    return connection


if __name__ == "__main__":
    show(asyncio.run(idle()))
