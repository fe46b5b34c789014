"""The references to images that events make, marked in the transaction that appends the events.

An image that any event has ever mentioned is kept as long as its document; nobody has to look for
the mention afterwards. A mention is an address whole: `/files/` and the digest. Those that are made
bit by bit are looked for in the image's own document alone, see `app.image.image_reference`.
"""

import re
from collections.abc import Sequence
from itertools import repeat
from operator import contains, itemgetter
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from storage.many import encode_texts, is_one_of
from storage.table import images

_PLACE: Final = "/files/"
_PLACE_BYTES: Final = _PLACE.encode()
_mentioned = re.compile(r"/files/([0-9a-f]{64})").findall
_mentioned_in_bytes = re.compile(rb"/files/([0-9a-f]{64})").findall
_ops, _update = itemgetter(8), itemgetter(9)
_this = (
    images.c.document_key == bindparam("of_document"),
    images.c.digest == bindparam("of"),
)
_mark = update(images).where(*_this).values(is_referenced=True)


def mark(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Mark the images that events mention, in whichever documents they are.

    Args:
        rows: all columns of `events`, in their order.
    """
    # For nearly all batches this is all, and in C.
    if not (
        any(map(contains, map(_ops, rows), repeat(_PLACE)))
        or any(map(contains, map(_update, rows), repeat(_PLACE_BYTES)))
    ):
        return
    digests = mentioned(rows)
    if digests:
        mark_digests(connection, digests)


def mentioned(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Return the digests that events mention, each once, in a fixed order."""
    found: set[str] = set()
    for row in rows:
        found.update(_mentioned(_ops(row)))
        # Of a rich text only the update says what was written.
        found.update(map(bytes.decode, _mentioned_in_bytes(_update(row))))
    return sorted(found)


def mark_digests(connection: Connection, digests: Sequence[str]) -> None:
    """Mark the images of some digests, in whichever documents they are."""
    is_wanted = is_one_of(images.c.digest, "digests", connection.dialect.name)
    # In a fixed order: others who mark the same ones wait, and none for each other.
    unmarked = (
        select(images.c.document_key, images.c.digest)
        .where(is_wanted, ~images.c.is_referenced)
        .order_by(images.c.document_key, images.c.digest)
        .with_for_update()
    )
    found = connection.execute(unmarked, {"digests": encode_texts(connection, digests)})
    marked = [{"of_document": key, "of": digest} for key, digest in found]
    if marked:
        connection.execute(_mark, marked)
