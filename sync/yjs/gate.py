"""The gate: the check of every Yjs update from a peer before it is merged (P5, P6, P8, P9).

The gate compares an update's structure with what the log has of the document. Its verdict is one of

- `Ready`: every bound holds, and every dependency is in the log or in the update itself, in an
  order that can be integrated. The verdict lists the new structs by CRDT client.
- `Waiting`: the update depends on structs that the log does not have yet.
- `Malformed`: the update can never be accepted.

The gate is strict for three reasons. yrs can end with a wrong text for ever if an update is merged
before its dependencies. Some updates of sixteen bytes abort the process. And if an origin, a right
origin or the border of a deletion is inside a surrogate pair, Yjs and yrs show different texts for
ever under equal state vectors: Yjs splits the pair into two U+FFFD, yrs does not split it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

import msgspec

from sync.yjs.content import DELETED, STRING
from sync.yjs.keystroke import TypingDelete, TypingInsert, recognise_keystroke
from sync.yjs.known import NO_CLOCKS, NO_PAIRS, KnownState, Marks, decode_pairs
from sync.yjs.place import UNKNOWN, Placed, Places, first_root, has_key, place
from sync.yjs.update import Dependency, Update, UpdateLimits, parse_update
from sync.yjs.varint import LOWEST_CLIENT, MAX_LOWEST_CLOCK, MalformedError
from sync.yjs.verdict import Malformed, Range, Ready, Verdict, Waiting

__all__ = [
    "NO_PAIRS",
    "GateLimits",
    "KnownState",
    "Malformed",
    "Range",
    "Ready",
    "TypingDelete",
    "TypingInsert",
    "UpdateLimits",
    "Verdict",
    "Waiting",
    "decode_pairs",
    "inspect",
    "inspect_logged",
    "judge",
]


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Bounds of what a peer may send and a document may hold."""

    update: UpdateLimits = field(default_factory=UpdateLimits)
    max_clients: int = 5_000
    """Distinct CRDT clients of one document: its state vector then always fits into 64 KiB."""


DEFAULT_LIMITS: Final = GateLimits()


def inspect(update: bytes, known: KnownState, limits: GateLimits = DEFAULT_LIMITS) -> Verdict:
    """Judge `update` (Yjs v1, any bytes) against `known`; never raises for what a peer sent."""
    keystroke = recognise_keystroke(update)
    if keystroke is not None:
        ready = _judge_keystroke(keystroke, known)
        if ready is not None:
            return ready
    try:
        return judge(parse_update(update, limits.update), known, limits)
    except MalformedError as error:
        return Malformed(str(error))


def _judge_keystroke(hint: TypingInsert | TypingDelete, known: KnownState) -> Ready | None:
    """Return `Ready` if a keystroke can be merged; None: the parser has to decide."""
    clocks = known.clocks
    if isinstance(hint, TypingDelete):
        client, clock, length = hint
        end = clock + length
        pairs = known.marks.pairs.get(client, NO_CLOCKS)
        if end > clocks.get(client, 0) or clock - 1 in pairs or end - 1 in pairs:
            return None
        return Ready((), (Range(client, clock, end),), 0, True, (), (), (), (), (), hint)
    client, clock, (left, left_clock), right_origin, text = hint
    have = clocks.get(client, 0)
    # A client that the log does not know is left to the parser's path, which counts clients.
    if clock != have or not have or left_clock >= clocks.get(left, 0):
        return None
    marks = known.marks
    if marks.halves and left_clock in marks.halves.get(left, NO_CLOCKS):
        return None
    pairs_of = marks.pairs
    if pairs_of and left_clock in pairs_of.get(left, NO_CLOCKS):
        return None
    if right_origin is not None:
        right, right_clock = right_origin
        if right_origin == hint.origin or right_clock >= clocks.get(right, 0):
            return None
        if pairs_of and right_clock - 1 in pairs_of.get(right, NO_CLOCKS):
            return None
    size = len(text)
    authored = (Range(client, clock, clock + size),)
    if marks.places.ranges:
        return _place_keystroke(hint, authored, marks.places)
    return Ready(authored, (), size, True, (), (), (), (), (), hint)


def _place_keystroke(
    hint: TypingInsert, authored: tuple[Range, ...], places: Places
) -> Ready | None:
    """Return the verdict on a keystroke if its two neighbours stand in one place."""
    place = places.find(*hint.origin)
    if hint.right_origin is not None and places.find(*hint.right_origin) != place:
        return None
    size = len(hint.text)
    if size > 1 and has_key(place):
        return None  # a map entry of several units, which the parser refuses
    placed = () if place == places.main else (Placed(*authored[0], place),)
    return Ready(authored, (), size, True, (), (), (), (), (), hint, places=placed)


def inspect_logged(
    update: bytes, known: KnownState, limits: GateLimits = DEFAULT_LIMITS
) -> Verdict:
    """Judge an update that is in the log, where pairs that it cuts were deleted before."""
    verdict = inspect(update, known, limits)
    if not isinstance(verdict, Malformed):
        return verdict
    try:
        parsed = parse_update(update, limits.update)
        return judge(parsed, known, limits, cutting=True, is_logged=True)
    except MalformedError as error:
        return Malformed(str(error))


def judge(
    update: Update,
    known: KnownState,
    limits: GateLimits = DEFAULT_LIMITS,
    *,
    cutting: bool = False,
    is_logged: bool = False,
) -> Ready | Waiting:
    """Judge a parsed update.

    Args:
        cutting: allow insertions inside a surrogate pair of the log, because the pair is deleted
            before; such pairs are `Ready.cuts`.
        is_logged: allow an item whose neighbours have different parents, because it is in the log.

    Raises:
        MalformedError: the update is refused; `inspect` returns `Malformed` instead.
    """
    clocks = known.clocks
    ends: dict[int, int] = {}
    authored: list[Range] = []
    missing: dict[int, int] = {}
    new_clients = 0
    repeats = False
    for client, start, end in update.spans:
        have = clocks.get(client, 0)
        if start > have:
            missing[client] = start
        elif start < have:
            repeats = True
        if end > have:
            ends[client] = end
            authored.append(Range(client, have, end))
            if not have:
                new_clients += 1
    if new_clients and len(clocks) + new_clients > limits.max_clients:
        raise MalformedError(f"a document of more than {limits.max_clients} clients")
    if ends.get(LOWEST_CLIENT, 0) > MAX_LOWEST_CLOCK and not is_logged:
        raise MalformedError(f"a client id {LOWEST_CLIENT} that nobody draws")
    new_pairs: tuple[tuple[int, int], ...] = ()
    cuts: tuple[tuple[int, int], ...] = ()
    if known.marks.pairs or update.pairs:
        new_pairs, cuts = _check_pairs(update, known, cutting=cutting)
    if known.marks.halves and not cutting:
        _check_halves(update, known)
    inner = _find_missing(update, clocks, ends, missing)
    if missing:
        return Waiting(tuple(sorted(missing.items())))
    if inner:
        _check_order(inner, clocks, ends)
    if update.parents:
        _check_parents(update, known)
    ready = _describe(update, clocks, authored, new_pairs, cuts, repeats=repeats)
    return _place(ready, update, known, is_logged=is_logged) if authored else ready


def _place(ready: Ready, update: Update, known: KnownState, *, is_logged: bool) -> Ready:
    """Add the places of the new structs; refuse a struct whose neighbours are in two places."""
    places = known.marks.places
    main = UNKNOWN if known.clocks else first_root(update)
    if main:
        places = Places(main)
    is_simple = not (places.ranges or update.remains or update.pinched)
    if is_simple and all(at == places.main for *_, at in update.places):
        return msgspec.structs.replace(ready, main=main) if main else ready
    placed = place(update, places, known.clocks, is_logged=is_logged)
    return msgspec.structs.replace(ready, places=placed, main=main)


def _find_missing(
    update: Update, clocks: Mapping[int, int], ends: Mapping[int, int], missing: dict[int, int]
) -> list[Dependency]:
    """Return the dependencies that only the update itself provides; add absent ones to `missing`.

    Dependencies of a client on itself are left out: they always refer to earlier structs.
    """
    inner: list[Dependency] = []
    for dependency in update.dependencies:
        client, _, on, clock, _ = dependency
        if on != client and clock >= clocks.get(on, 0):
            if clock < ends.get(on, 0):
                inner.append(dependency)
            else:
                missing[on] = max(missing.get(on, 0), clock + 1)
    for client, _, end in update.deletes:
        if end > clocks.get(client, 0) and end > ends.get(client, 0):
            missing[client] = max(missing.get(client, 0), end)
    return inner


def _check_pairs(
    update: Update, known: KnownState, *, cutting: bool
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Return the new surrogate pairs and the known ones that are cut; refuse forbidden cuts."""
    clocks = known.clocks
    pairs = known.marks.pairs
    new: list[tuple[int, int]] = []
    for client, clock in update.pairs:
        have = clocks.get(client, 0)
        if clock >= have:
            new.append((client, clock))
        elif clock == have - 1:
            # The log has other content for this struct: the new part of it begins inside a pair.
            raise MalformedError("an update that begins inside a surrogate pair")
    added: dict[int, set[int]] = {}
    for client, clock in new:
        added.setdefault(client, set()).add(clock)

    def cuts(client: int, clock: int) -> bool:
        return clock in pairs.get(client, NO_CLOCKS) or clock in added.get(client, NO_CLOCKS)

    cut: dict[tuple[int, int], None] = {}
    for client, start, on, _, border in update.dependencies:
        if not cuts(on, border):
            continue
        if not cutting or border in added.get(on, NO_CLOCKS):
            raise MalformedError("an insertion inside a surrogate pair")
        if start >= clocks.get(client, 0):
            cut[on, border] = None
    for client, start, end in update.deletes:
        if cuts(client, start - 1) or cuts(client, end - 1):
            raise MalformedError("a deletion that cuts a surrogate pair")
    return tuple(new), tuple(cut)


def _check_halves(update: Update, known: KnownState) -> None:
    """Refuse a struct that continues a string ending in U+FFFD, which may be half of a pair."""
    halves = known.marks.halves
    for client, start, on, clock, border in update.dependencies:
        follows = border == clock == start - 1 and on == client
        if follows and start >= known.clocks.get(client, 0) and clock in halves.get(on, NO_CLOCKS):
            raise MalformedError("a string that goes on after half of a surrogate pair")


def _check_parents(update: Update, known: KnownState) -> None:
    """Refuse an item whose parent is no shared type: yrs would fail halfway through applying it."""
    types = {(c, clock) for c, clock in update.types if clock >= known.clocks.get(c, 0)}
    remains: dict[int, list[Range]] = {}
    for client, start, end in update.remains:
        remains.setdefault(client, []).append(Range(client, start, end))
    fresh = Marks(remains=remains)
    for parent in update.parents:
        client, clock = parent
        if clock < known.clocks.get(client, 0):
            if not known.marks.may_be_parent(client, clock):
                raise MalformedError("an item inside of what is no shared type")
        elif parent not in types and not fresh.may_be_parent(client, clock):
            raise MalformedError("an item inside of what is no shared type")


def _check_order(
    inner: Iterable[Dependency], clocks: Mapping[int, int], ends: Mapping[int, int]
) -> None:
    """Refuse an update whose structs depend on each other in a circle.

    It simulates the integration on clocks: each client advances until its next struct depends on a
    unit that another client has not reached, and goes on when that unit is reached. The cost is
    O(n log n) for n dependencies in any arrangement.
    """
    needs: dict[int, list[Dependency]] = {}
    for dependency in inner:
        needs.setdefault(dependency.client, []).append(dependency)
    reached = {client: end for client, end in ends.items() if client not in needs}
    asleep: dict[int, list[tuple[int, int]]] = {}
    position = dict.fromkeys(needs, 0)
    awake = list(needs)
    unfinished = len(needs)
    while awake:
        client = awake.pop()
        queue = needs[client]
        at = position[client]
        while at < len(queue):
            _, start, on, clock, _ = queue[at]
            if clock >= reached.get(on, clocks.get(on, 0)):
                reached[client] = max(start, clocks.get(client, 0))
                heappush(asleep.setdefault(on, []), (clock, client))
                break
            at += 1
        else:
            reached[client] = ends.get(client, 0)
            unfinished -= 1
        position[client] = at
        waiters = asleep.get(client)
        while waiters and waiters[0][0] < reached[client]:
            awake.append(heappop(waiters)[1])
    if unfinished:
        raise MalformedError("structs that wait for each other")


def _describe(
    update: Update,
    clocks: Mapping[int, int],
    authored: list[Range],
    pairs: tuple[tuple[int, int], ...],
    cuts: tuple[tuple[int, int], ...],
    *,
    repeats: bool,
) -> Ready:
    units = 0
    plain = True
    has_entries = False
    halves: list[tuple[int, int]] = []
    roots: dict[str, None] = {}
    text_roots: dict[str, None] = {}
    for client, start, end, kind, keyed, root, text in update.structs if authored else ():
        have = clocks.get(client, 0)
        if end <= have:
            continue
        if root is not None:
            roots[root] = None
        if kind == STRING:
            units += end - max(start, have)
            if text is not None and text[-1] == "\ufffd":
                halves.append((client, end - 1))
            if root is not None and not keyed:
                text_roots[root] = None
        has_entries |= keyed
        if kind > DELETED and (keyed or kind != STRING):
            plain = False
    return Ready(
        authored=tuple(authored),
        deletes=tuple(map(Range._make, update.deletes)),
        inserted_units=units,
        plain=plain,
        pairs=pairs,
        types=tuple(t for t in update.types if t[1] >= clocks.get(t[0], 0)),
        remains=tuple(
            Range(client, max(start, clocks.get(client, 0)), end)
            for client, start, end in update.remains
            if end > clocks.get(client, 0)
        ),
        roots=tuple(roots),
        text_roots=tuple(text_roots),
        hint=None if cuts else _hint(update, clocks),
        cuts=cuts,
        halves=tuple(halves),
        has_entries=has_entries,
        # Each new struct and each deleted range splits at most two structs.
        structs=3 * (len(update.structs) + len(update.deletes)),
        repeats=repeats,
    )


def _hint(update: Update, clocks: Mapping[int, int]) -> TypingInsert | TypingDelete | None:
    if not update.structs:
        if len(update.deletes) != 1:
            return None
        client, start, end = update.deletes[0]
        return TypingDelete(client, start, end - start)
    if len(update.structs) != 1 or update.deletes:
        return None
    struct = update.structs[0]
    if struct.kind != STRING or struct.keyed or struct.text is None:
        return None
    if struct.start != clocks.get(struct.client, 0):
        return None
    origin: tuple[int, int] | None = None
    right_origin: tuple[int, int] | None = None
    for _, _, on, clock, border in update.dependencies:
        if border == clock:
            origin = (on, clock)
        elif border == clock - 1:
            right_origin = (on, clock)
    if origin is None:
        return None
    return TypingInsert(struct.client, struct.start, origin, right_origin, struct.text)
