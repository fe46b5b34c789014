"""Rebasing: moving a delta over others that were logged before it."""

from collections.abc import Sequence

from sync.text.composition import chain_all
from sync.text.delta import REST, Delta, Ops, base_length, canonical, growth

_CHAIN_FROM_SPANS = 64
"""The number of spans from which `rebase` composes the logged deltas first, for speed."""


def transform(mine: Ops, logged: Ops) -> Delta:
    """Return `mine` in the form that applies after `logged`; both were made on the same text.

    Text inserted by `logged` is retained, and its deletions are removed from `mine`. Where both
    insert at one place, the logged text comes first. Text that `logged` inserted inside a range
    deleted by `mine` is kept. An insert of `mine` inside a range deleted by `logged` goes to the
    place of that range. The spans of the result keep the order of `mine` and are not canonical.
    """
    out: list[int | str] = []
    run = 0  # the retain (> 0) or delete (< 0) that is being collected
    left = 0  # the rest of the current retain or delete of `logged`
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

    `mine` was made on the text to which the first of `logged` was applied. The cost is a few
    comparisons for each logged delta that does not touch `mine`, and a `transform` for each that
    does.
    """
    start, core = _anchored(mine)
    if len(core) >= _CHAIN_FROM_SPANS and len(logged) > 1:
        return canonical(transform(mine, chain_all(logged)))
    end, closed = _extent(start, core)
    for delta in logged:
        if not delta:
            continue
        # `mine` touches the range `start..end`. Most logged deltas do not touch it and at most
        # shift it; only the others need a `transform`.
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
