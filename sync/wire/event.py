"""Events as peers see them, made from the records of the log."""

from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from sync.names import PositionEncoding
from sync.port import EventRecord
from sync.text.delta import (
    Delta,
    DeltaError,
    apply,
    canonical,
    deletion,
    event_shape,
    from_wire,
    insertion,
    to_wire,
)
from sync.text.position import delta_to_utf16
from sync.wire.message import Actor, Event, WireDelta


def timestamp(at_ms: int) -> str:
    """Return a time as ISO 8601 in UTC with milliseconds: `2026-11-20T09:30:00.125Z`."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def wire_event(
    record: EventRecord,
    ops: Delta | None = None,
    *,
    with_ops: bool = False,
    with_update: bool = False,
) -> Event:
    """Return a logged event in the form that peers see.

    Args:
        ops: its delta in another position encoding; None takes the logged one.
        with_ops: add the canonical `ops` to every type.
        with_update: add the Yjs update.
    """
    delta = record.ops if ops is None else ops
    shape = event_shape(delta)
    wire_ops = to_wire(delta) if with_ops or shape[0] == "text_edit" else UNSET
    return Event(
        version=record.version,
        id=record.id,
        type=record.type,
        actor=Actor(record.actor_id, record.actor_name),
        session=record.session,
        at=timestamp(record.at_ms),
        pos=shape[1] if shape[0] in ("text_insert", "text_delete") else UNSET,
        len=shape[2] if shape[0] == "text_delete" else UNSET,
        text=shape[2] if shape[0] == "text_insert" else UNSET,
        ops=wire_ops,
        update=record.update if with_update else UNSET,
        first=record.first if record.first != record.version else UNSET,
    )


class EventWriter:
    """A writer of consecutive events in one position encoding; it keeps the text if it needs it.

    Args:
        text: the text before the first event; only read for `utf-16`.
    """

    def __init__(self, encoding: PositionEncoding, text: str = "") -> None:
        self._encoding = encoding
        self._text = text

    def ops(self, record: EventRecord) -> Delta:
        """Return the delta of the next event, in this encoding."""
        if self._encoding == "codepoint":
            return record.ops
        ops = delta_to_utf16(record.ops, self._text)
        self._text = apply(self._text, record.ops)
        return ops

    def event(self, record: EventRecord) -> Event:
        """Return the next event, in this encoding."""
        return wire_event(record, self.ops(record))


def event_ops(event: Event) -> Delta:
    """Return the delta of an event in the form that peers see.

    Raises:
        DeltaError: it is of an unknown type, or a field is missing.
    """
    match event:
        case Event(type="text_insert", pos=int(pos), text=str(text)):
            return insertion(pos, text)
        case Event(type="text_delete", pos=int(pos), len=int(length)):
            return deletion(pos, length)
        case Event(type="text_edit"):
            return ops_of(event.ops)
        case Event(type="update"):
            return ()
        case _:
            raise DeltaError(f"this is no {event.type} event")


def ops_of(wire: WireDelta | UnsetType) -> Delta:
    """Return the canonical delta of an `ops` field.

    Raises:
        DeltaError: the field is missing or malformed.
    """
    return canonical(from_wire(wire))
