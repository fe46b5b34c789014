"""How far an event reaches: whether it changed the characters of the text and nothing else."""

from sync.port import EventRecord
from sync.yjs.content import DELETED, STRING
from sync.yjs.update import parse_update
from sync.yjs.varint import MalformedError


def changes_characters_only(record: EventRecord) -> bool:
    """Whether all that an event inserted and deleted are characters of the text.

    Decided by counting: if the text gained and lost as many units as the update brings and takes,
    nothing of it went elsewhere. That holds for a text without embeds and nested types, where the
    logged ops are exactly what happened. False may also mean that it cannot be told so simply: the
    event repeats what was there, or deletes characters that take two units.
    """
    try:
        update = parse_update(record.update)
    except MalformedError:
        return False
    inserted = 0
    for struct in update.structs:
        if struct.kind > DELETED and (struct.keyed or struct.kind != STRING):
            return False
        if struct.kind == STRING:
            inserted += struct.end - struct.start
    deleted = sum(end - start for _, start, end in update.deletes)
    gained = sum(len(op.encode("utf-16-le")) // 2 for op in record.ops if isinstance(op, str))
    lost = -sum(op for op in record.ops if not isinstance(op, str) and op < 0)
    return inserted == gained and deleted == lost
