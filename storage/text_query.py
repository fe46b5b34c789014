"""The text at any version in SQL: from a checkpoint, by merged events, segments, and rows."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from storage import authored_query, checkpoint
from storage.compaction import segment_query
from storage.retention import merged_rows
from sync.port import StoreError
from sync.text.delta import Delta, DeltaError, apply
from sync.text.replay import replay

_MOST_EVENTS: Final = 1 << 30
_PART_BYTES: Final = 4 << 20
"""Of deltas that are in memory at a time."""


def text_at(connection: Connection, key: int, version: int) -> str:
    """Return the text at a version up to the head, from one snapshot.

    Raises:
        HistoryThinnedError: the version is gone.
        StoreError: the log does not lead there.
    """
    saved = checkpoint.at_or_before(connection, key, version)
    text, at = (saved.text, saved.version) if saved else ("", 0)
    if at < version:
        for event in merged_rows.read(connection, key, at, version, _MOST_EVENTS):
            text = _replayed(text, (event.ops,), at)
            at = event.version
    for segment in segment_query.read_segments(connection, key, at, version):
        if segment.first > at + 1:
            break  # a gap, which the rows do not fill either
        with segment_query.telling(key, segment.first, segment.last):
            # Of a part of it, a run is many events: a word that was typed is one insertion.
            is_whole = segment.first == at + 1 and segment.last <= version
            deltas = [segment.net()] if is_whole else segment.run_ops(at, version)
        text = _replayed(text, deltas, at)
        at = min(segment.last, version)
    while at < version:
        part = authored_query.read(connection, key, at, version, _PART_BYTES)
        text = _replayed(text, part.ops, at)
        at = part.upto
    return text


def _replayed(text: str, deltas: Sequence[Delta], after: int) -> str:
    try:
        # One large delta is quicker applied at once, many small ones are not.
        return apply(text, deltas[0]) if len(deltas) == 1 else replay(text, deltas)
    except DeltaError as error:
        raise StoreError(f"the ops after version {after} do not fit") from error
