"""The delta algebra: edits to a text as pure values, counted in Unicode code points.

A delta is a tuple read from the start of the text: `+n` keeps n code points, `-n` deletes n, a
`str` is inserted; the rest of the text is kept. The *place* of an insert is the gap between two
code points of the text before the edit. So the order has a meaning: `(-2, "x")` inserts after the
two deleted code points, `("x", -2)` before them. Both give the same text, but the order against a
concurrent insert at that place differs. `canonical` loses this difference, so it is used at the end
of a rebase only, never between its steps.

Two forms are in use: `Ops`, any order and any split, as a client may send it; `Delta`, a tuple,
canonical wherever a docstring says so. Neither holds zeros or empty strings.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

Ops: TypeAlias = Sequence[int | str]
Delta: TypeAlias = tuple[int | str, ...]

EventType: TypeAlias = Literal["text_insert", "text_delete", "text_edit", "update"]
EventShape: TypeAlias = (
    tuple[Literal["text_insert"], int, str]
    | tuple[Literal["text_delete"], int, int]
    | tuple[Literal["text_edit"], Delta]
    | tuple[Literal["update"]]
)

MAX_COUNT = 2**53 - 1
"""The largest count a peer may send: the largest integer that JavaScript represents exactly."""

REST = 1 << 62
"""A retain for the rest of a text of any length; larger than any sum of real counts."""


class DeltaError(ValueError):
    """A malformed edit; its message is fit for a peer."""


class DeltaOutOfRange(DeltaError):
    """An edit or a position that reaches past the end of the text, or into a surrogate pair."""


def canonical(ops: Ops) -> Delta:
    """Return the one form of all edits that give the same text from the same spans.

    Neighbours of one kind are merged, an insert comes before a delete at one place, there is no
    trailing retain, no zero and no empty string.
    """
    out: list[int | str] = []
    texts: list[str] = []
    deleted = kept = 0
    for op in ops:
        if isinstance(op, str):
            if op:
                texts.append(op)
        elif op < 0:
            deleted += op
        elif op:
            if texts or deleted:
                if kept:
                    out.append(kept)
                    kept = 0
                if texts:
                    out.append("".join(texts))
                    texts.clear()
                if deleted:
                    out.append(deleted)
                    deleted = 0
            kept += op
    if texts or deleted:
        if kept:
            out.append(kept)
        if texts:
            out.append("".join(texts))
        if deleted:
            out.append(deleted)
    return tuple(out)


def insertion(pos: int, text: str) -> Delta:
    """Return the canonical delta that inserts `text` at `pos`; empty when `text` is."""
    if not text:
        return ()
    return (pos, text) if pos else (text,)


def deletion(pos: int, length: int) -> Delta:
    """Return the canonical delta that deletes `length` code points from `pos` on."""
    if not length:
        return ()
    return (pos, -length) if pos else (-length,)


def base_length(ops: Ops) -> int:
    """Return the least number of code points that a text must have for `ops` to apply."""
    return sum(abs(op) for op in ops if not isinstance(op, str))


def growth(ops: Ops) -> int:
    """Return the number of code points that `ops` adds to a text; negative: removes."""
    change = 0
    for op in ops:
        if isinstance(op, str):
            change += len(op)
        elif op < 0:
            change += op
    return change


def inserted_text(ops: Ops) -> str:
    """Return all that `ops` inserts, in order."""
    return "".join(op for op in ops if isinstance(op, str))


def is_noop(ops: Ops) -> bool:
    """Return whether `ops` neither inserts nor deletes anything."""
    return not any(isinstance(op, str) or op < 0 for op in ops)


def check(ops: Ops, length: int) -> None:
    """Raise `DeltaOutOfRange` unless `ops` fits a text of `length` code points."""
    needed = base_length(ops)
    if needed > length:
        raise DeltaOutOfRange(f"the edit reaches to {needed}, the text ends at {length}")


def apply(text: str, ops: Ops) -> str:
    """Return `text` after `ops`.

    Raises `DeltaOutOfRange` when `ops` reaches past the end of `text`.
    """
    if len(ops) == 2:
        # The most frequent change: one insert.
        at, new = ops
        if type(new) is str and type(at) is int and 0 < at <= len(text):
            return text[:at] + new + text[at:]
    parts: list[str] = []
    at = 0
    for op in ops:
        if isinstance(op, str):
            parts.append(op)
        elif op > 0:
            parts.append(text[at : at + op])
            at += op
        else:
            at -= op
    if at > len(text):
        raise DeltaOutOfRange(f"the edit reaches to {at}, the text ends at {len(text)}")
    parts.append(text[at:])
    return "".join(parts)


def invert(ops: Ops, text_before: str) -> Delta:
    """Return the canonical delta that undoes `ops`: from the text after it to `text_before`.

    Raises `DeltaOutOfRange` when `ops` reaches past the end of `text_before`.
    """
    check(ops, len(text_before))
    out: list[int | str] = []
    at = 0
    for op in ops:
        if isinstance(op, str):
            out.append(-len(op))
        elif op > 0:
            out.append(op)
            at += op
        else:
            out.append(text_before[at : at - op])
            at -= op
    return canonical(out)


def transform_position(pos: int, logged: Ops, *, before: bool) -> int:
    """Return the position after `logged` of a caret that was at `pos`.

    A caret inside a deleted range moves to the place of that range.

    :param before: whether text inserted exactly at `pos` leaves the caret before it; otherwise it
        is pushed behind, as the own insert of a rebased edit would be.
    """
    at = 0  # the place in the text before `logged`
    moved = pos
    for op in logged:
        if isinstance(op, str):
            if at < pos or not before:
                moved += len(op)
        elif op > 0:
            at += op
        else:
            moved -= min(-op, pos - at)
            at -= op
        # Nothing after `pos` matters; an insert exactly at `pos` matters unless `before`.
        if at > pos or (at == pos and before):
            break
    return moved


def event_type(delta: Delta) -> EventType:
    """Return the type under which a canonical delta is logged; `update` when it is empty."""
    if len(delta) == 2:
        before, change = delta
        if isinstance(before, str) or before < 0:
            return "text_edit"
    elif len(delta) == 1:
        (change,) = delta
    else:
        return "text_edit" if delta else "update"
    return "text_insert" if isinstance(change, str) else "text_delete"


def event_shape(delta: Delta) -> EventShape:
    """Return the type and the fields with which a canonical delta is logged and shown."""
    if not delta:
        return ("update",)
    if len(delta) == 1:
        pos, change = 0, delta[0]
    elif len(delta) == 2 and isinstance(delta[0], int) and delta[0] > 0:
        pos, change = delta[0], delta[1]
    else:
        return ("text_edit", delta)
    if isinstance(change, str):
        return ("text_insert", pos, change)
    return ("text_delete", pos, -change)


def to_wire(ops: Ops) -> list[dict[str, int | str]]:
    """Return `ops` as the list of objects that peers read."""
    return [
        {"insert": op} if isinstance(op, str) else {"retain": op} if op > 0 else {"delete": -op}
        for op in ops
    ]


def from_wire(wire: object) -> Delta:
    """Return the ops a peer sent, in its order and split; unknown keys are ignored.

    :param wire: what a JSON or MessagePack decoder gave: a list of maps, each with exactly one of
        `retain` or `delete` (an integer, 1..`MAX_COUNT`) and `insert` (`valid_text`, not empty).

    Raises `DeltaError`, with the place of the fault, for anything else.
    """
    if not isinstance(wire, list):
        raise DeltaError("ops must be a list")
    return tuple(_op_from_wire(index, item) for index, item in enumerate(wire))


def valid_text(text: str) -> bool:
    """Return whether `text` can be stored and sent: no NUL and no lone surrogate."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _op_from_wire(index: int, item: object) -> int | str:
    if not isinstance(item, Mapping):
        raise DeltaError(f"ops[{index}] must be an object")
    kinds = [kind for kind in ("retain", "insert", "delete") if kind in item]
    if len(kinds) != 1:
        raise DeltaError(f"ops[{index}] must have exactly one of retain, insert, delete")
    kind = kinds[0]
    value = item[kind]
    if kind == "insert":
        if not isinstance(value, str) or not value:
            raise DeltaError(f"ops[{index}].insert must be a text that is not empty")
        if not valid_text(value):
            raise DeltaError(f"ops[{index}].insert must not hold NUL or half a surrogate pair")
        return value
    # bool is an int to Python, but not to a peer.
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_COUNT:
        raise DeltaError(f"ops[{index}].{kind} must be an integer from 1 to {MAX_COUNT}")
    return -value if kind == "delete" else value
