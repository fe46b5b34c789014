"""Composition: one delta with the effect of several, applied one after the other.

`compose` gives the canonical delta with the same effect on the text. `chain` also keeps the place
of every insert among deleted code points, so a concurrent edit may be rebased over its result.
"""

from collections.abc import Sequence

from sync.text.delta import REST, Delta, Ops, canonical


def compose(first: Ops, second: Ops) -> Delta:
    """Return the canonical delta with the effect of `first` and, on its result, `second`.

    For texts only. Do not rebase over a composition: `canonical` moves inserts to the front of
    deleted ranges, and a concurrent insert there would then be ordered differently.
    """
    return canonical(chain(first, second))


def chain_all(deltas: Sequence[Ops]) -> Ops:
    """Return `chain` of all `deltas`; composed in pairs, so the cost is n log n, not n squared."""
    row: list[Ops] = list(deltas)
    while len(row) > 1:
        odd = row[-1:] if len(row) % 2 else []
        row = [chain(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)] + odd
    return row[0] if row else ()


def chain(first: Ops, second: Ops) -> list[int | str]:
    """Compose without losing places: `transform` over the result equals both, one by one.

    An insert of `second` where `first` deleted goes before the deleted range, since that is where
    a concurrent insert inside the range ends up behind it.
    """
    out: list[int | str] = []
    source = iter(first)
    text, left = "", 0  # the rest of the current insert or retain of `first`
    for op in second:
        if isinstance(op, str):
            out.append(op)
            continue
        todo = abs(op)
        while todo:
            if not left:
                theirs = next(source, REST)
                if isinstance(theirs, str):
                    text, left = theirs, len(theirs)
                elif theirs < 0:
                    out.append(theirs)
                    continue
                else:
                    text, left = "", theirs
            taken = min(todo, left)
            if not text:
                out.append(taken if op > 0 else -taken)
            elif op > 0:
                at = len(text) - left
                out.append(text[at : at + taken])
            left -= taken
            todo -= taken
    if left:
        out.append(text[len(text) - left :] if text else left)
    out.extend(source)
    return _merged(out)


def _merged(ops: Ops) -> list[int | str]:
    """Merge neighbours of one kind, drop a trailing retain; nothing changes its place."""
    out: list[int | str] = []
    texts: list[str] = []
    run = 0
    for op in ops:
        if isinstance(op, str):
            if run:
                out.append(run)
                run = 0
            texts.append(op)
            continue
        if texts:
            out.append(texts[0] if len(texts) == 1 else "".join(texts))
            texts.clear()
        if run and (run < 0) != (op < 0):
            out.append(run)
            run = 0
        run += op
    if run < 0:
        out.append(run)
    if texts:
        out.append("".join(texts))
    return out
