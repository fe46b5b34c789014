"""State vectors: for each CRDT client, the number of its units that a replica has.

    state vector = count, count x (client, clock)

A vector may come from any replica, so it can name clients and clocks that the log never saw.
"""

from collections.abc import Mapping
from typing import Final

from sync.yjs.varint import MAX_CLOCK, MalformedError, Reader, write_varint

MAX_STATE_VECTOR_BYTES: Final = 64 * 1024
MAX_STATE_VECTOR_CLIENTS: Final = 5_000
"""This many always fit into 64 KiB: a client id has up to 8 bytes, a clock up to 5."""


def decode_state_vector(
    data: bytes,
    *,
    max_bytes: int = MAX_STATE_VECTOR_BYTES,
    max_clients: int = MAX_STATE_VECTOR_CLIENTS,
) -> dict[int, int]:
    """Return the clock of each client in an encoded state vector.

    Raises:
        MalformedError: its text is fit for a peer. More than `max_bytes` bytes or `max_clients`
            clients, a clock above 2^31 - 1, a client named twice, or bytes after the end.
    """
    if len(data) > max_bytes:
        raise MalformedError(f"a state vector of more than {max_bytes} bytes")
    reader = Reader(data)
    count = reader.number()
    if count > max_clients:
        raise MalformedError(f"a state vector of more than {max_clients} clients")
    clocks: dict[int, int] = {}
    for _ in range(count):
        client = reader.number()
        if client in clocks:
            raise MalformedError("a state vector names a client twice")
        clocks[client] = reader.number(MAX_CLOCK)
    reader.end()
    return clocks


def encode_state_vector(clocks: Mapping[int, int]) -> bytes:
    """Encode a state vector; clients descend, so that equal vectors have equal bytes."""
    out = bytearray()
    write_varint(out, len(clocks))
    for client in sorted(clocks, reverse=True):
        write_varint(out, client)
        write_varint(out, clocks[client])
    return bytes(out)
