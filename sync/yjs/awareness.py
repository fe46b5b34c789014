"""The codec of y-protocols awareness: the presence of each client as a JSON state.

    awareness update = count, count x (client, clock, state)
    state            = JSON object, or null from a client that leaves

The ownership of clients, their clocks and the expiry of states are decided in `sync/presence`.
Nothing here checks what a state claims about its user.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sync.yjs.bounded_json import MAX_DEPTH, parse_json
from sync.yjs.varint import (
    MAX_CLOCK,
    MAX_SAFE_INTEGER,
    MalformedError,
    Reader,
    write_text,
    write_varint,
)


@dataclass(frozen=True, slots=True)
class AwarenessLimits:
    max_clients: int = 100
    max_state_bytes: int = 4096
    max_depth: int = MAX_DEPTH


@dataclass(frozen=True, slots=True)
class AwarenessEntry:
    """One client's state: the JSON as sent, and parsed; both None if the client left."""

    client: int
    clock: int
    state: str | None
    fields: dict[str, object] | None


DEFAULT_LIMITS = AwarenessLimits()


def decode_awareness(
    data: bytes, limits: AwarenessLimits = DEFAULT_LIMITS
) -> tuple[AwarenessEntry, ...]:
    """Return all entries of an awareness update.

    Raises:
        MalformedError: its text is fit for a peer. Too many clients, a client named twice, a clock
            above 2^31 - 1, a state that is too large or is neither a JSON object nor null, or bytes
            after the end.
    """
    entries: dict[int, AwarenessEntry] = {}
    for client, clock, raw in scan_awareness(data, limits.max_clients, limits.max_state_bytes):
        if client in entries:
            raise MalformedError("an awareness update names a client twice")
        entries[client] = AwarenessEntry(client, clock, *parse_state(raw, limits.max_depth))
    return tuple(entries.values())


def scan_awareness(
    data: bytes, max_clients: int = MAX_SAFE_INTEGER, max_state_bytes: int = MAX_SAFE_INTEGER
) -> Iterator[tuple[int, int, bytes]]:
    """Yield client, clock and state of every entry, without parsing the state.

    Raises:
        MalformedError: the format is broken; raised when the broken part is reached.
    """
    reader = Reader(data)
    count = reader.number()
    if count > max_clients:
        raise MalformedError(f"an awareness update of more than {max_clients} clients")
    for _ in range(count):
        client = reader.number()
        clock = reader.number(MAX_CLOCK)
        yield client, clock, reader.data(max_state_bytes)
    reader.end()


def parse_state(raw: bytes, max_depth: int) -> tuple[str, dict[str, object]] | tuple[None, None]:
    """Return a state as JSON text and parsed; None for both if the client left.

    Raises:
        MalformedError: the state is neither a JSON object nor null.
    """
    try:
        state = raw.decode()
    except UnicodeDecodeError:
        raise MalformedError("a string is not valid UTF-8") from None
    value = parse_json(state, max_depth)
    if value is None:
        return None, None
    if not isinstance(value, dict):
        raise MalformedError("an awareness state is neither an object nor null")
    return state, value


def encode_awareness(entries: Iterable[tuple[int, int, str | None]]) -> bytes:
    """Encode entries of (client, clock, state as JSON or None if it left) in the order given."""
    listed = list(entries)
    out = bytearray()
    write_varint(out, len(listed))
    for client, clock, state in listed:
        write_varint(out, client)
        write_varint(out, clock)
        write_text(out, "null" if state is None else state)
    return bytes(out)
