"""Events in one line, for people."""

from typing import Final

from sync.text.delta import Delta, DeltaError, event_shape
from sync.wire.event import event_ops
from sync.wire.message import Event

_MAX_SHOWN: Final = 40


def describe(version: int, at: str | None, author: str, ops: Delta) -> str:
    """`812  2026-11-20 09:30:00  Ada  at 17: +"Hello"`"""
    when = "-" * 19 if at is None else at[:19].replace("T", " ")
    return f"{version:>6}  {when}  {printable(author):<16}  {summarise(ops)}"


def describe_event(event: Event) -> str:
    """Return the line of an event as the history has it."""
    try:
        ops = event_ops(event)
    except DeltaError:
        ops = ()
    return describe(event.version, event.at, event.actor.name, ops)


def summarise(ops: Delta) -> str:
    """Describe the effect of an event in a few words."""
    match event_shape(ops):
        case ("text_insert", pos, text):
            return f"at {pos}: +{quoted(text)}"
        case ("text_delete", pos, length):
            return f"at {pos}: -{length}"
        case ("text_edit", spans):
            added = sum(len(op) for op in spans if isinstance(op, str))
            removed = -sum(op for op in spans if not isinstance(op, str) and op < 0)
            start = spans[0] if isinstance(spans[0], int) and spans[0] > 0 else 0
            return f"at {start}: +{added} -{removed}"
        case _:
            return "changed something other than the text"


def quoted(text: str) -> str:
    """Return the start of a text, on one line."""
    shown = text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
    return f'"{printable(shown)}"'


def printable(text: str) -> str:
    """Return a text without characters that would move the cursor or command the terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
