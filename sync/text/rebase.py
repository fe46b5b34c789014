"""Rebasing: a delta moved over others that were logged before it."""

from collections.abc import Sequence

from sync.text.composition import chain_all
from sync.text.delta import REST, Delta, Ops, base_length, canonical, growth

_CHAIN_FROM_SPANS = 64
"""From this many spans on, `rebase` composes the log once instead of walking them per step."""


def transform(mine: Ops, logged: Ops) -> Delta:
    """Return `mine` as it must read on the text that `logged` has already changed.

    Both start from the same text. What `logged` inserted is retained, what it deleted is gone from
    `mine`, its text comes first where both insert at one place. Text that it inserted inside a
    range which `mine` deletes survives; an insert of `mine` whose surroundings it deleted lands
    where they were. The spans of the result keep the order of `mine` and are not canonical.
    """
    out: list[int | str] = []
    run = 0  # the retain (> 0) or delete (< 0) that is being collected
    left = 0  # what is left of the retain or delete of `logged` at this place
    source = iter(logged)
    for op in mine:
        span = 0 if isinstance(op, str) else op
        while True:
            while not left:
                theirs = next(source, REST)
                if isinstance(theirs, str):
                    if run < 0:
                        out.append(run)
                        run = 0
                    run += len(theirs)
                else:
                    left = theirs
            if not span:
                break
            if left < 0:
                taken = min(abs(span), -left)
                left += taken
            else:
                taken = min(abs(span), left)
                left -= taken
                if run and (run < 0) != (span < 0):
                    out.append(run)
                    run = 0
                run += taken if span > 0 else -taken
            span += -taken if span > 0 else taken
            if not span:
                break
        if isinstance(op, str):
            if run:
                out.append(run)
                run = 0
            out.append(op)
    if run:
        out.append(run)
    return tuple(out)


def rebase(mine: Ops, logged: Sequence[Ops]) -> Delta:
    """Return `mine` moved over all of `logged`, one after the other, in canonical form.

    `mine` means the text on which the first of `logged` was applied. Costs a few comparisons for
    each logged delta that stays clear of `mine`, a `transform` for each that touches it.
    """
    start, core = _anchored(mine)
    if len(core) >= _CHAIN_FROM_SPANS and len(logged) > 1:
        return canonical(transform(mine, chain_all(logged)))
    end, closed = _extent(start, core)
    for delta in logged:
        if not delta:
            continue
        # `start..end` is what `mine` touches. Most logged deltas lie clear of it and at most move
        # it; only the others are worth a walk over both.
        lead = delta[0]
        if not isinstance(lead, str) and (lead > end or (lead == end and closed)):
            continue
        if len(delta) == 2 and not isinstance(lead, str) and lead > 0:
            change = delta[1]
            if isinstance(change, str):
                if lead <= start:
                    start += len(change)
                    end += len(change)
                    continue
            elif change < 0 and lead - change <= start:
                start += change
                end += change
                continue
        elif base_length(delta) <= start:
            moved = growth(delta)
            start += moved
            end += moved
            continue
        start, core = _anchored(transform((start, *core) if start else core, delta))
        if not core:
            return ()
        end, closed = _extent(start, core)
    return canonical((start, *core))


def _anchored(ops: Ops) -> tuple[int, Delta]:
    """Split `ops` into its leading retain and the spans after it, without a trailing retain."""
    start, first, last = 0, 0, len(ops)
    while last and not isinstance(op := ops[last - 1], str) and op > 0:
        last -= 1
    while first < last and not isinstance(op := ops[first], str) and op > 0:
        start += op
        first += 1
    return start, tuple(ops[first:last])


def _extent(start: int, core: Delta) -> tuple[int, bool]:
    """Return where `core` ends, and whether an insert at that place would be behind all of it."""
    return start + base_length(core), not core or not isinstance(core[-1], str)
