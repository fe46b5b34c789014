"""Measure the effect on a room of one member that never reads.

Fifty clients type in one room, and one more pastes, so that a member which takes nothing is soon
behind. The same is run without and with such a member, in turns: the latencies of the others, the
server's memory, and the time after which the silent one is gone. That includes the time in which
the buffers of both kernels fill; only then does the server notice anything.
"""

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.clients import Client, open_client, spans, type_evenly
from bench.figures import latencies_ms, show
from bench.stand import Stand
from bench.typing_update import Typist
from bench.websocket import AuthOk, Connection, Joined, connect, decode, encode
from sync.yjs.varint import write_varint

_DOC: Final = "room"
_CLIENTS: Final = 50
_RATE: Final = 200.0
_SECONDS: Final = 20.0
_PASTES_PER_S: Final = 20
_PASTER_ID: Final = 2_000_000
_PASTE: Final = "x" * 20_000
_OUTBOX_BYTES: Final = 1 << 20
_SLOW_CONSUMER_S: Final = 5.0
_FLAGS: Final = (
    *("--max-outbox-bytes", str(_OUTBOX_BYTES)),
    *("--slow-consumer-timeout-s", str(_SLOW_CONSUMER_S)),
    *("--max-document-chars", "100000000"),
)
_TURNS: Final = 3


async def silent(turns: int = _TURNS) -> dict[str, Any]:
    """50 clients and one that pastes, without and with one that reads nothing."""
    without, with_it = [], []
    for _ in range(turns):
        without.append(await _run(has_silent=False))
        with_it.append(await _run(has_silent=True))
    p99 = [median(run["delivery"]["p99_ms"] for run in runs) for runs in (without, with_it)]
    grown = [median(run["grown_bytes"] for run in runs) for runs in (without, with_it)]
    return {
        "bench": "one member of 52 reads nothing",
        "without_p99_ms": round(p99[0], 2),
        "with_p99_ms": round(p99[1], 2),
        "p99_ratio": round(p99[1] / p99[0], 2),
        "without_grown_mib": round(grown[0] / 2**20, 2),
        "with_grown_mib": round(grown[1] / 2**20, 2),
        "memory_share_of_outbox": round((grown[1] - grown[0]) / _OUTBOX_BYTES, 2),
        "gone_after_s": max(run["gone_after_s"] for run in with_it),
        "runs": {"without": without, "with": with_it},
    }


async def _run(*, has_silent: bool) -> dict[str, Any]:
    with Stand(*_FLAGS) as stand:
        port = stand.server.port
        clients = [await open_client(port, _DOC, number) for number in range(_CLIENTS)]
        paster = await open_client(port, _DOC, _CLIENTS)
        member = await _silent_member(port) if has_silent else None
        before = stand.server.rss_bytes()
        gone = asyncio.create_task(_gone_after_s(member)) if member is not None else None
        pasting = asyncio.create_task(_paste(paster))
        await type_evenly(
            clients, stand.clock, stand.begin, total=int(_RATE * _SECONDS), rate=_RATE
        )
        await pasting
        grown = stand.server.rss_bytes() - before
        taken = await stand.end()
        deliveries, _ = spans(clients)
        result = {
            "delivery": latencies_ms([stand.seconds(*span) for span in deliveries]),
            "grown_bytes": grown,
            "server_cores": taken["server_cores"],
        }
        if gone is not None:
            result["gone_after_s"] = round(await gone, 1)
        for client in (*clients, paster):
            assert client.connection is not None, "connected"
            client.connection.close()
    return result


async def _silent_member(port: int) -> Connection:
    """A member that has joined, and takes nothing from then on."""
    joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    connection: Connection | None = None

    def receive(payload: bytes, _: float) -> None:
        assert connection is not None, "connected"
        match decode(payload):
            case AuthOk():
                connection.send(encode(type="join", doc=_DOC, mode="yjs"))
            case Joined():
                joined.set_result(None)
            case _:
                pass

    connection = await connect(port, receive, receive_buffer_bytes=4_096)
    connection.send(encode(type="auth", name="Silent"))
    await joined
    connection.stop_reading()
    return connection


async def _gone_after_s(member: Connection) -> float:
    """Return the time until the server's end of a connection is gone from the kernel."""
    started = time.monotonic()
    own, server = member.ports()
    # The kernel tells nobody: it has to be asked.
    while _is_listed(server, own):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    return time.monotonic() - started


def _is_listed(local: int, remote: int) -> bool:
    ends = (line.split()[1:3] for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(int(a[9:], 16) == local and int(b[9:], 16) == remote for a, b in ends)


def _deletion(clock: int, length: int) -> bytes:
    """The delete set of one range of the paster's."""
    out = bytearray(b"\x01")
    write_varint(out, _PASTER_ID)
    out += b"\x01"
    write_varint(out, clock)
    write_varint(out, length)
    return bytes(out)


async def _paste(client: Client) -> None:
    """Paste at a fixed rate as long as the others type; nobody measures its latencies."""
    typist = Typist(_PASTER_ID)
    connection = client.connection
    assert connection is not None, "connected"
    for number in range(int(_PASTES_PER_S * _SECONDS)):
        update = typist.type(_PASTE) if number else typist.type("x")
        if number > 1:
            # Instead of the one before, so that the document stays small: only the silent one's
            # outbox may grow.
            update = update[:-1] + _deletion(1 + (number - 2) * len(_PASTE), len(_PASTE))
        connection.send(encode(type="update", doc=_DOC, id=f"p{number}", update=update))
        await asyncio.sleep(1 / _PASTES_PER_S)


if __name__ == "__main__":
    show(asyncio.run(silent()))
