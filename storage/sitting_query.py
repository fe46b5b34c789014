"""Sittings in SQL: the events of a document, grouped where they are, so that few rows come out."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    case,
    func,
    or_,
    select,
)

from storage.sitting_grouping import EventHead
from storage.table import events, writers
from sync.event_origin import (
    ALONE,
    REPAIR_SESSION,
    REQUEST_PREFIX,
    RESTORE_PREFIX,
    TAKE_BACK_PREFIX,
    restored_version,
)
from sync.port import SITTING_CUT, Sitting, SittingAuthor


def _begins_with(prefix: str) -> ColumnElement[bool]:
    return func.substr(writers.c.session, 1, len(prefix)) == prefix


_origin = case(
    (writers.c.session == REPAIR_SESSION, "repair"),
    (_begins_with(REQUEST_PREFIX), "request"),
    (_begins_with(RESTORE_PREFIX), "restore"),
    (_begins_with(TAKE_BACK_PREFIX), "take-back"),
    else_="live",
)
# Whether an event begins a sitting depends on it and the one before it alone. So it stays the same
# whatever is read with it, and whatever is written later.
_event = (
    select(
        events.c.version,
        events.c.at_ms,
        writers.c.actor_id,
        writers.c.actor_name,
        writers.c.session,
        _origin.label("origin"),
        (events.c.at_ms - func.lag(events.c.at_ms).over(order_by=events.c.version)).label("pause"),
        func.lag(_origin).over(order_by=events.c.version).label("origin_before"),
    )
    .select_from(events.join(writers, writers.c.key == events.c.writer))
    .where(
        events.c.document_key == bindparam("of_document", type_=events.c.document_key.type),
        events.c.version > bindparam("after"),
        events.c.version <= bindparam("upto"),
    )
    .cte("event")
)
_begins = or_(
    _event.c.pause > bindparam("pause_ms", type_=BigInteger),
    _event.c.origin.in_(ALONE),
    _event.c.origin_before.in_(ALONE),
    _event.c.version % SITTING_CUT == 1,
)
_numbered = select(
    _event,
    func.sum(case((_begins, 1), else_=0)).over(order_by=_event.c.version).label("sitting"),
).cte("numbered")
_authors = (
    select(
        _numbered.c.sitting,
        func.min(_numbered.c.version),
        func.max(_numbered.c.version).label("last"),
        func.min(_numbered.c.at_ms),
        func.max(_numbered.c.at_ms),
        func.max(_numbered.c.session),
        func.count().label("events"),
        _numbered.c.actor_id,
        _numbered.c.actor_name,
        _numbered.c.origin,
    )
    .group_by(_numbered.c.sitting, _numbered.c.actor_id, _numbered.c.actor_name, _numbered.c.origin)
    .order_by(_numbered.c.sitting.desc(), func.count().desc(), func.min(_numbered.c.version))
)

_heads = (
    select(
        events.c.version,
        events.c.at_ms,
        writers.c.actor_id,
        writers.c.actor_name,
        writers.c.session,
    )
    .select_from(events.join(writers, writers.c.key == events.c.writer))
    .where(
        events.c.document_key == bindparam("of_document", type_=events.c.document_key.type),
        events.c.version > bindparam("after"),
        events.c.version <= bindparam("upto"),
    )
    .order_by(events.c.version)
)


def heads(connection: Connection, key: int, after: int, upto: int) -> list[EventHead]:
    """Return what sittings depend on, of the events with `after < version <= upto`."""
    rows = connection.execute(_heads, {"of_document": key, "after": after, "upto": upto})
    return [EventHead(*row) for row in rows]


def read(connection: Connection, key: int, after: int, upto: int, pause_ms: int) -> list[Sitting]:
    """Return the sittings of the events with `after < version <= upto`, newest first."""
    rows = connection.execute(
        _authors, {"of_document": key, "after": after, "upto": upto, "pause_ms": pause_ms}
    )
    return [_sitting(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]


def _sitting(rows: Sequence[Sequence[Any]]) -> Sitting:
    """Return a sitting from its authors' rows; there is at least one."""
    _, firsts, lasts, froms, tos, sessions, *_ = zip(*rows, strict=True)
    return Sitting(
        min(firsts),
        max(lasts),
        min(froms),
        max(tos),
        restored_version(sessions[0]),
        tuple(
            SittingAuthor(actor_id, name, origin, events=count, last=last)
            for _, _, last, _, _, _, count, actor_id, name, origin in rows
        ),
    )
