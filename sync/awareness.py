"""The y-protocols awareness codec: who is here, and where their cursor is.

    awareness update = count, count x (client, clock, state)
    state            = JSON object, or null from one that leaves

Only the codec. Who may speak for which client, whose clock counts and when a state expires is
decided elsewhere; nothing here trusts what a state says about its user.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sync.bounded_json import MAX_DEPTH, parse_json
from sync.varint import MAX_CLOCK, MalformedError, Reader, write_text, write_varint


@dataclass(frozen=True, slots=True)
class AwarenessLimits:
    max_clients: int = 100
    max_state_bytes: int = 4096
    max_depth: int = MAX_DEPTH


@dataclass(frozen=True, slots=True)
class AwarenessEntry:
    """One client's state. `state` is its JSON as sent, `fields` the same parsed; None: it left."""

    client: int
    clock: int
    state: str | None
    fields: dict[str, object] | None


DEFAULT_LIMITS = AwarenessLimits()


def decode_awareness(
    data: bytes, limits: AwarenessLimits = DEFAULT_LIMITS
) -> tuple[AwarenessEntry, ...]:
    """Return every entry of an update, or raise `MalformedError`, fit for a peer, for all of it.

    Refused are too many clients, a client named twice, clocks above 2^31 - 1, a state that is too
    large or is neither a JSON object nor null, and bytes after the end.
    """
    reader = Reader(data)
    count = reader.number()
    if count > limits.max_clients:
        raise MalformedError(f"an awareness update of more than {limits.max_clients} clients")
    entries: dict[int, AwarenessEntry] = {}
    for _ in range(count):
        client = reader.number()
        if client in entries:
            raise MalformedError("an awareness update names a client twice")
        clock = reader.number(MAX_CLOCK)
        state = reader.text(limits.max_state_bytes)
        value = parse_json(state, limits.max_depth)
        if value is None:
            entries[client] = AwarenessEntry(client, clock, None, None)
        elif isinstance(value, dict):
            entries[client] = AwarenessEntry(client, clock, state, value)
        else:
            raise MalformedError("an awareness state is neither an object nor null")
    reader.end()
    return tuple(entries.values())


def encode_awareness(entries: Iterable[tuple[int, int, str | None]]) -> bytes:
    """Encode (client, clock, state as JSON, or None for one that left), in the order given."""
    listed = list(entries)
    out = bytearray()
    write_varint(out, len(listed))
    for client, clock, state in listed:
        write_varint(out, client)
        write_varint(out, clock)
        write_text(out, "null" if state is None else state)
    return bytes(out)
