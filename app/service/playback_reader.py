"""The playback of a document: its events in columns, for a page that shows its whole life."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any, Final

from app.identity.display_name import color_of
from app.service.backend import Backend
from app.service.version_reader import require_version
from sync.event_origin import Origin, origin_of
from sync.port import DocumentRecord
from sync.text.authored import AuthoredDeltas
from sync.text.delta import Delta

MAX_PLAYBACK_EVENTS: Final = 20_000
MAX_PLAYBACK_BYTES: Final = 8 << 20
"""A page of large events ends before its limit, so that it costs bounded memory."""

Span = list[int]
"""Code points kept since the span before, then deleted, then inserted."""


async def read_playback(
    backend: Backend, document: DocumentRecord, after: int, limit: int
) -> dict[str, Any]:
    """Return a page of events after a version, as `encode_playback` makes it, the head, and the
    merged events of the page: the first and last version of each.

    Args:
        limit: 1 to `MAX_PLAYBACK_EVENTS`.

    Raises:
        ServiceError: `unknown_version`: `after` is beyond the head.
        StoreError: the store does not answer.
    """
    require_version(document, after)
    upto = min(document.version, after + limit)
    found = await backend.log.authored(document.key, after, upto, MAX_PLAYBACK_BYTES)
    ids = sorted({writer.actor_id for writer in found.writers})
    known = await backend.identity.colors(ids)
    colors = {user_id: known.get(user_id) or color_of(user_id) for user_id in ids}
    about = {"head": document.version, "merged": await _merged(backend, document, found)}
    return about | await asyncio.to_thread(encode_playback, found, colors)


async def _merged(
    backend: Backend, document: DocumentRecord, found: AuthoredDeltas
) -> list[tuple[int, int]]:
    if found.after >= document.compacted_version:
        return []
    # Read after the events: what is merged in between is told, too.
    merged = await backend.retention.rows.merged(document.key, found.after)
    return [(first, last) for first, last in merged if first < last <= found.upto]


def encode_playback(found: AuthoredDeltas, colors: dict[str, str]) -> dict[str, Any]:
    """Return events in columns of JSON.

    `writers` are the users, once for each door, and `writer` has runs of them. `at` is the time of
    the first event, then the differences. `ops` has a span (or a list of none or several) for
    each event, and `text` all that they insert.
    """
    people, of_writer = _people(found)
    runs = groupby(of_writer[index] for index in found.writer)
    texts: list[str] = []
    return {
        "from": found.after,
        "to": found.upto,
        "writers": [
            {"actor": {"id": actor_id, "name": name}, "color": colors[actor_id], "origin": origin}
            for actor_id, name, origin in people
        ],
        "writer": [[index, sum(1 for _ in run)] for index, run in runs],
        "at": _differences(found.at_ms),
        "ops": [_spans(delta, texts) for delta in found.ops],
        "text": "".join(texts),
    }


def _people(found: AuthoredDeltas) -> tuple[list[tuple[str, str, Origin]], list[int]]:
    """Return the users, once for each door, and the index of each writer's there."""
    index: dict[tuple[str, str, Origin], int] = {}
    of_writer = [
        index.setdefault((each.actor_id, each.actor_name, origin_of(each.session)), len(index))
        for each in found.writers
    ]
    return list(index), of_writer


def _differences(times: Sequence[int]) -> list[int]:
    return [*times[:1], *(now - before for before, now in pairwise(times))]


def _spans(delta: Delta, texts: list[str]) -> Span | list[Span]:
    """Return the spans of a canonical delta; what they insert is added to `texts`."""
    # The most frequent ones: typing, and a key that deletes.
    if len(delta) == 2:
        retain, change = delta
        if type(retain) is int and retain > 0:
            if type(change) is str:
                texts.append(change)
                return [retain, 0, len(change)]
            return [retain, -change, 0]  # type: ignore[operator]
    spans = list(_all_spans(delta, texts))
    return spans[0] if len(spans) == 1 else spans


def _all_spans(delta: Delta, texts: list[str]) -> Iterable[Span]:
    span: Span = [0, 0, 0]
    for op in delta:
        if isinstance(op, str):
            texts.append(op)
            span[2] = len(op)
        elif op < 0:
            span[1] = -op
        else:
            if span[1] or span[2]:
                yield span
            span = [op, 0, 0]
    if span[1] or span[2]:
        yield span
