"""The documents that a reader may read, as conditions on `documents` for its lists.

    few ──▶ gather their keys, by the indexes of what lets the reader in
    many ─▶ walk the documents newest first, and look at each whether the reader may

Either way each document that is listed is one that `sync.permission.effective_role` gives the
reader a role in: a property test holds them equal.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    or_,
    select,
    union_all,
)

from storage.many import encode_texts, is_one_of, text_rows
from storage.table import documents, grants, link_uses, links
from sync.names import is_document_name
from sync.permission import EVERYONE, SIGNED_IN, Reader, is_claim_pattern, user_subject

MAX_GATHERED: Final = 1_000
"""More documents than these are not gathered, but met on the way."""

_reader_id = bindparam("reader_id", type_=Text)
_now_ms = bindparam("reader_now_ms", type_=BigInteger)
_is_live = and_(
    links.c.revoked_at_ms.is_(None),
    or_(links.c.expires_at_ms.is_(None), links.c.expires_at_ms > _now_ms),
)


def _begins(prefix: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a document's name begins with a prefix: a range of its index.

    Names are ASCII, and compared byte by byte; none of their characters comes after DEL.
    """
    return and_(documents.c.name >= prefix, documents.c.name < prefix + "\x7f")


def _may_read(dialect: str) -> ColumnElement[bool]:
    # Each a scalar: EXISTS below OR makes PostgreSQL read a whole table into a hash.
    granted = (
        select(grants.c.document_key)
        .where(
            grants.c.document_key == documents.c.key,
            is_one_of(grants.c.subject, "subjects", dialect),
        )
        .limit(1)
    )
    linked = (
        select(link_uses.c.document_key)
        .join(links, links.c.id == link_uses.c.link_id)
        .where(
            link_uses.c.user_id == _reader_id,
            link_uses.c.document_key == documents.c.key,
            _is_live,
        )
        .limit(1)
    )
    prefix = text_rows("prefixes", dialect).c.value
    claimed = select(prefix).where(_begins(prefix)).limit(1)
    return or_(
        documents.c.owner_id == _reader_id,
        granted.correlate(documents).scalar_subquery().is_not(None),
        linked.correlate(documents).scalar_subquery().is_not(None),
        is_one_of(documents.c.name, "names", dialect),
        claimed.correlate(documents).scalar_subquery().is_not(None),
    )


def _gather(dialect: str) -> Select[tuple[int]]:
    prefixes = text_rows("prefixes", dialect)
    found = union_all(
        select(documents.c.key).where(documents.c.owner_id == _reader_id),
        select(grants.c.document_key).where(is_one_of(grants.c.subject, "subjects", dialect)),
        select(link_uses.c.document_key)
        .join(links, links.c.id == link_uses.c.link_id)
        .where(link_uses.c.user_id == _reader_id, _is_live),
        select(documents.c.key).where(is_one_of(documents.c.name, "names", dialect)),
        select(documents.c.key).join_from(prefixes, documents, _begins(prefixes.c.value)),
    ).subquery("found")
    return select(found.c.key).limit(bindparam("most"))


_may_read_on = {dialect: _may_read(dialect) for dialect in ("sqlite", "postgresql")}
_gather_on = {dialect: _gather(dialect) for dialect in ("sqlite", "postgresql")}


def may_read(connection: Connection) -> ColumnElement[bool]:
    """The condition that the reader of `reader_values` may read a document."""
    return _may_read_on[connection.dialect.name]


def gather(connection: Connection, values: dict[str, Any]) -> list[int] | None:
    """Return the keys of the documents that a reader may read; None if they are too many."""
    values = values | {"most": MAX_GATHERED + 1}
    rows = connection.execute(_gather_on[connection.dialect.name], values).all()
    return None if len(rows) > MAX_GATHERED else list({row.key for row in rows})


def reader_values(connection: Connection, reader: Reader, now_ms: int) -> dict[str, Any]:
    """The parameters of `may_read` and `gather` for a reader."""
    subjects: list[str] = []
    user_id: str | None = None
    if not reader.is_scoped:
        subjects.append(EVERYONE)
        if not reader.is_unproven:
            user_id = reader.user_id
            subjects.append(user_subject(user_id))
            if reader.is_signed_in:
                subjects.append(SIGNED_IN)
    claims = () if reader.is_unproven and not reader.is_scoped else reader.claims
    # Others match no name; and what a name cannot be, a database need not be asked.
    patterns = [claim.pattern for claim in claims if is_claim_pattern(claim.pattern)]
    return {
        "reader_id": user_id,
        "reader_now_ms": now_ms,
        "subjects": encode_texts(connection, subjects),
        "names": encode_texts(connection, list(filter(is_document_name, patterns))),
        "prefixes": encode_texts(connection, [p[:-1] for p in patterns if p.endswith("*")]),
    }
