"""Joins of a document of 20 MB: by newcomers, who are sent all of it, and by who comes back."""

import asyncio
from typing import Final

from bench.server import Server
from bench.typing_update import Typist
from bench.websocket import encode
from lab.load.crowd import Attendant, dismiss, gather_crowd
from lab.load.draining import bare_socket_per_s, drain_joins
from lab.load.load_line import LoadLine, at_least

_PIECE: Final = "The quick brown fox jumps over the lazy dog. " * 5_000
_BYTES: Final = 20_000_000
_FLAGS: Final = ("--max-document-chars", "30000000", "--max-message-bytes", "1000000")
_JOINS: Final = 200
_AT_ONCE: Final = 4
_BARE: Final = 100
_RETURNS: Final = 400
_IN_FLIGHT: Final = 20
_WITHIN_S: Final = 90.0


async def join_large() -> list[LoadLine]:
    """Fill a document, then join it again and again."""
    name = f"a document of {_BYTES // 1_000_000} MB"
    bare_per_s = await asyncio.to_thread(bare_socket_per_s, _BYTES, _BARE)
    with Server(*_FLAGS) as server:
        first = await _fill(server.port)
        newcomer = Attendant(2, "large")
        await newcomer.come(server.port)
        bytes_each = newcomer.received_bytes
        dismiss([newcomer])
        grown, cpu_s = server.rss_bytes(), server.cpu_s()
        fresh_s = await drain_joins(server.port, "large", bytes_each, _JOINS, _AT_ONCE)
        grown, cpu_s = server.rss_bytes() - grown, server.cpu_s() - cpu_s
        returning = [Attendant(number, "large") for number in range(_RETURNS)]
        for client in returning:
            client.version, client.since = first.version, first.epoch
        back_s = await gather_crowd(returning, server.port, at_once=20)
        dismiss(returning)
    return [
        at_least(name, "joins/s", round(_JOINS / fresh_s, 1), 100),
        LoadLine(name, "as much over a bare socket, times/s", round(bare_per_s, 1)),
        LoadLine(name, "CPU of the server ms a join", round(cpu_s / _JOINS * 1_000, 1)),
        LoadLine(name, "MB sent for each", round(bytes_each / 1_000_000, 1)),
        LoadLine(name, f"MB that {_JOINS} joins have added", round(grown / 1_000_000)),
        LoadLine(name, "joins/s of who has it already", round(_RETURNS / back_s)),
    ]


async def _fill(port: int) -> Attendant:
    """Paste until the document is as large as it is to be; return the client at its head."""
    client = Attendant(1, "large")
    await client.come(port)
    typist, count = Typist(4_711), _BYTES // len(_PIECE) + 1
    heads = [0]
    client.on_ack = lambda version, _: heads.append(version)
    assert client.connection is not None, "it has just come"
    for number in range(count):
        update = typist.type(_PIECE)
        client.connection.send(encode(type="update", doc="large", id=f"p{number}", update=update))
        await client.connection.writable()
        while number - heads[-1] > _IN_FLIGHT:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.005)
    async with asyncio.timeout(_WITHIN_S):
        while heads[-1] < count:  # noqa: ASYNC110 - acks are counted
            await asyncio.sleep(0.01)
    client.version = count
    dismiss([client])
    return client
