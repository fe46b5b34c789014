"""The extent of an event: only characters of the text, or other content as well."""

from sync.port import EventRecord
from sync.yjs.content import DELETED, STRING
from sync.yjs.update import parse_update
from sync.yjs.varint import MalformedError


def changes_characters_only(record: EventRecord) -> bool:
    """Return True if an event inserted and deleted only characters of the text.

    It compares counts: nothing went elsewhere if the text gained and lost as many units as the
    update inserts and deletes. That is true for a text without embeds and nested types, where the
    logged ops are complete. The result may be False although only characters changed: if the event
    repeats known structs, or deletes characters of two units.
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
