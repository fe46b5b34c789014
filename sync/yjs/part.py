"""Parts of an update: without its gaps, some clients' new structs, or what the log has already."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from heapq import heappop, heappush

from sync.yjs.content import SKIP, UpdateLimits
from sync.yjs.gate import DEFAULT_LIMITS
from sync.yjs.layout import Piece, Section, encode_deletes, encode_update, read_layout
from sync.yjs.update import Update
from sync.yjs.varint import MalformedError
from sync.yjs.verdict import Range


def reachable(
    update: Update, clocks: Mapping[int, int], without: AbstractSet[int]
) -> dict[int, int]:
    """Find the structs of an update that can be merged without those of some clients.

    Args:
        clocks: the state vector of the log.
        without: the clients whose new structs are left out.

    Returns:
        For each client of the update the clock up to which none of its structs depends on one that
        is left out.
    """
    needs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for client, start, on, clock, _ in update.dependencies:
        if on != client:
            needs.setdefault((client, start), []).append((on, clock))
    queues: dict[int, list[tuple[int, int]]] = {}
    reached: dict[int, int] = {}
    for client, start, _ in update.spans:
        reached[client] = clocks.get(client, 0)
        if client not in without and start <= reached[client]:
            queues[client] = []
    for struct in update.structs:
        if struct.client in queues:
            queues[struct.client].append((struct.start, struct.end))
    asleep: dict[int, list[tuple[int, int]]] = {}
    position = dict.fromkeys(queues, 0)
    awake = list(queues)
    while awake:
        client = awake.pop()
        queue = queues[client]
        while position[client] < len(queue):
            start, end = queue[position[client]]
            lacking = next(
                (
                    (on, clock)
                    for on, clock in needs.get((client, start), ())
                    if clock >= reached.get(on, clocks.get(on, 0))
                ),
                None,
            )
            if lacking is not None and end > clocks.get(client, 0):
                on, clock = lacking
                heappush(asleep.setdefault(on, []), (clock, client))
                break
            reached[client] = max(reached[client], end)
            position[client] += 1
        waiters = asleep.get(client)
        while waiters and waiters[0][0] < reached[client]:
            awake.append(heappop(waiters)[1])
    return reached


def take_part(
    update: bytes,
    deletes: Iterable[Range],
    reached: Mapping[int, int],
    clocks: Mapping[int, int],
    limits: UpdateLimits = DEFAULT_LIMITS.update,
) -> bytes:
    """Return an update of the structs up to some clocks, with the deletions that apply to them.

    Args:
        update: a Yjs v1 update that was parsed before, so that parsing it cannot fail.
        deletes: the ranges that it deletes.
        reached: for each of its clients the clock up to which its structs are kept; the end of one.
        clocks: the state vector of the log.
    """
    sections = [
        Section(client, [piece for piece in pieces if piece.end <= reached.get(client, 0)])
        for client, pieces in read_layout(update, limits).sections
    ]
    return encode_update(sections, encode_deletes(present(deletes, {**clocks, **reached})))


def take_new(
    update: bytes, clocks: Mapping[int, int], limits: UpdateLimits = DEFAULT_LIMITS.update
) -> bytes:
    """Return an update without the units that the log has already.

    A peer may send other content for such units. It changes no replica that has them, but merging
    of updates keeps the one content or the other, so that each unit must be in one event alone.

    Args:
        update: a Yjs v1 update that the gate calls ready.
        clocks: the state vector of the log.
    """
    sections, deletes = read_layout(update, limits)
    new: list[Section] = []
    for client, pieces in sections:
        have = clocks.get(client, 0)
        kept = [
            piece if piece.start >= have else piece.rest(client, have)
            for piece in pieces
            if piece.end > have
        ]
        new.append(Section(client, kept))
    return encode_update(new, deletes)


def close_gaps(
    update: bytes, clocks: Mapping[int, int], limits: UpdateLimits = DEFAULT_LIMITS.update
) -> tuple[bytes, dict[int, int]] | None:
    """Return the part of an update that stands before its gaps, or after those the log has filled.

    Yjs writes a gap where it has later structs of a client and lacks earlier ones: into what it
    merges of single updates, and into the state of a document that waits for structs.

    Args:
        update: any bytes.
        clocks: the state vector of the log.

    Returns:
        The part, with all deletions, and the clocks that the rest waits for, by client.
        None if there is no gap, or one that nothing follows, or the bytes are no update.
    """
    try:
        sections, deletes = read_layout(update, limits)
    except MalformedError:
        return None
    if not any(piece.kind == SKIP for each in sections for piece in each.pieces):
        return None
    if any(each.pieces and each.pieces[-1].kind == SKIP for each in sections):
        return None
    kept: list[Section] = []
    missing: dict[int, int] = {}
    for client, pieces in sections:
        have = clocks.get(client, 0)
        run: list[Piece] = []
        for piece in pieces:
            if piece.kind == SKIP:
                continue
            if run and piece.start > run[-1].end:
                if piece.start > have:
                    missing[client] = piece.start
                    break
                run = []
            run.append(piece)
        kept.append(Section(client, run))
    return encode_update(kept, deletes), missing


def present(deletes: Iterable[Range], clocks: Mapping[int, int]) -> list[Range]:
    """Return the parts of deleted ranges that are below these clocks, and so exist already."""
    return [
        Range(client, start, min(end, clocks.get(client, 0)))
        for client, start, end in deletes
        if start < clocks.get(client, 0)
    ]
