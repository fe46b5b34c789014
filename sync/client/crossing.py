"""Concurrent edits of one text: each moved over the other.

The server decides how an unacknowledged edit reads on what was logged before it: `transform`,
logged text first. Its author has made the edit already, and must fold what was logged into a text
that shows it; that is the other half, so that both arrive at the same text.
"""

from sync.text.delta import REST, Delta, Ops
from sync.text.rebase import transform


def cross(mine: Ops, logged: Ops) -> tuple[Delta, Delta]:
    """Return `mine` on the text after `logged`, and `logged` on the text after `mine`.

    Applying `logged`, then the first, gives the text that `mine`, then the second, gives. Where
    both insert at one place, the logged text comes first. Neither is canonical.
    """
    return transform(mine, logged), fold(logged, mine)


def fold(logged: Ops, mine: Ops) -> Delta:
    """Return `logged` as it must read on the text that `mine` has already changed.

    What `mine` inserted is retained, what it deleted is gone from `logged`; logged text goes in
    front of an insert of `mine` at the same place.
    """
    out: list[int | str] = []
    run = 0  # the retain (> 0) or delete (< 0) that is being collected
    left = 0  # what is left of the retain or delete of `mine` at this place
    source = iter(mine)
    for op in logged:
        if isinstance(op, str):
            # What of `mine` is inserted right here has not been passed yet: it comes behind.
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
