"""Joins of a document of 20 MB: by newcomers, who are sent all of it, and by who comes back."""

import asyncio
from typing import Final

from bench.server import Server
from bench.typing_update import Typist
from bench.websocket import encode
from lab.load.crowd import Attendant, dismiss, gather_crowd
from lab.load.load_line import LoadLine, at_least

_PIECE: Final = "The quick brown fox jumps over the lazy dog. " * 1_000
_BYTES: Final = 20_000_000
_FLAGS: Final = ("--max-document-chars", "30000000", "--max-message-bytes", "1000000")
_JOINS: Final = 60
_AT_ONCE: Final = 4
_RETURNS: Final = 400
_IN_FLIGHT: Final = 20
_WITHIN_S: Final = 90.0


async def join_large() -> list[LoadLine]:
    """Fill a document, then join it again and again."""
    name = f"a document of {_BYTES // 1_000_000} MB"
    with Server(*_FLAGS) as server:
        first = await _fill(server.port)
        newcomers = [Attendant(number, "large") for number in range(_JOINS)]
        fresh_s = await gather_crowd(newcomers, server.port, at_once=_AT_ONCE)
        bytes_each = newcomers[-1].received_bytes
        dismiss(newcomers)
        returning = [Attendant(number, "large") for number in range(_RETURNS)]
        for client in returning:
            client.version, client.since = first.version, first.epoch
        back_s = await gather_crowd(returning, server.port, at_once=20)
        dismiss(returning)
    return [
        at_least(name, "joins/s", round(_JOINS / fresh_s, 1), 100),
        LoadLine(name, "MB sent for each", round(bytes_each / 1_000_000, 1)),
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
