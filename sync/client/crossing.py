"""Concurrent edits of one text: each moved over the other.

The server moves an unacknowledged edit over the deltas that were logged before it, by `transform`,
with the logged text first. The author's client shows the edit already, so it has to move the logged
deltas over the edit. That is the other half, and both sides arrive at the same text.
"""

from sync.text.delta import REST, Delta, Ops
from sync.text.rebase import transform


def cross(mine: Ops, logged: Ops) -> tuple[Delta, Delta]:
    """Return `mine` on the text after `logged`, and `logged` on the text after `mine`.

    Applying `logged` and then the first result gives the same text as `mine` and then the second.
    Where both insert at one place, the logged text comes first. Neither result is canonical.
    """
    return transform(mine, logged), fold(logged, mine)


def fold(logged: Ops, mine: Ops) -> Delta:
    """Return `logged` in the form that applies after `mine`.

    Text inserted by `mine` is retained, and its deletions are removed from `logged`. Logged text
    goes before an insert of `mine` at the same place.
    """
    out: list[int | str] = []
    run = 0  # the retain (> 0) or delete (< 0) that is being collected
    left = 0  # the rest of the current retain or delete of `mine`
    source = iter(mine)
    for op in logged:
        if isinstance(op, str):
            # An insert of `mine` at this place is not passed yet: it comes after the logged text.
            if run:
                out.append(run)
                run = 0
            out.append(op)
            continue
        todo = abs(op)
        sign = 1 if op > 0 else -1
        while todo:
            if not left:
                own = next(source, REST)
                if not isinstance(own, str):
                    left = own
                    continue
                taken, way = len(own), 1
            else:
                taken, way = min(todo, abs(left)), sign if left > 0 else 0
                todo -= taken
                left -= taken if left > 0 else -taken
            if run * way < 0:
                out.append(run)
                run = 0
            run += taken * way
    if run:
        out.append(run)
    return tuple(out)
