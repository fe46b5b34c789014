"""The log of changes to who may do what, which every process follows to cut off or let in.

Each change gets the next position under the lock of the one row of `access_head`, which its
transaction holds until it has committed. So positions are in commit order and have no gap: who has
read up to one has missed nothing before it. The lock is the last that a transaction takes.
"""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import asdict, replace
from sqlalchemy import BigInteger, Connection, bindparam, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.access.access_record import AccessChange
from storage.table import access_changes, access_head

_HEAD: Final = 1


def _add_to_head(new: sqlite.Insert | postgresql.Insert) -> Any:
    moved = {"position": access_head.c.position + new.excluded.position}
    added = new.on_conflict_do_update(index_elements=["key"], set_=moved)
    return added.returning(access_head.c.position)


_add = {
    "sqlite": _add_to_head(sqlite.insert(access_head)),
    "postgresql": _add_to_head(postgresql.insert(access_head)),
}
_insert = insert(access_changes)
_after = (
    select(*access_changes.c)
    .where(access_changes.c.position > bindparam("after", type_=BigInteger))
    .order_by(access_changes.c.position)
    .limit(bindparam("most"))
)
_head = select(access_head.c.position).where(access_head.c.key == _HEAD)
_oldest = (
    select(access_changes.c.position, access_changes.c.at_ms)
    .order_by(access_changes.c.position)
    .limit(bindparam("most"))
    .subquery("oldest")
)
_last = select(func.max(access_changes.c.position))
# The last one stays, however old it is: who has slept through it would else find nothing, as if
# nothing had been changed.
_last_old = select(func.max(_oldest.c.position)).where(
    _oldest.c.at_ms < bindparam("before_ms"), _oldest.c.position < _last.scalar_subquery()
)
# Up to one position, so that what is left has no gap.
_prune = delete(access_changes).where(access_changes.c.position <= _last_old.scalar_subquery())


def note(connection: Connection, changes: Sequence[AccessChange]) -> None:
    """Add changes, whose positions are given here; for the end of a transaction."""
    if not changes:
        return
    added = {"key": _HEAD, "position": len(changes)}
    last = connection.execute(_add[connection.dialect.name], added).scalar_one()
    first = last - len(changes) + 1
    rows = [asdict(replace(each, position=first + n)) for n, each in enumerate(changes)]
    connection.execute(_insert, rows)


def head(connection: Connection) -> int:
    return connection.execute(_head).scalar_one_or_none() or 0


def read(connection: Connection, after: int, limit: int) -> list[AccessChange]:
    rows = connection.execute(_after, {"after": after, "most": limit})
    return [AccessChange(*row) for row in rows]


def prune(connection: Connection, before_ms: int, limit: int) -> int:
    return connection.execute(_prune, {"before_ms": before_ms, "most": limit}).rowcount
