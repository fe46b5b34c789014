"""Documents that are brought in with their history: written unseen, shown all at once.

Until the last transaction the document is as one that was purged: it has a name that nobody knows,
nothing opens or lists it, and its head is 0. What a process that ended has left of one is removed
as the rest of a purged document is.
"""

from collections.abc import Sequence
from functools import partial
from secrets import token_hex
from typing import Final

from msgspec.structs import asdict
from sqlalchemy import BigInteger, Connection, bindparam, insert, select, update

from storage import catalogue, change_feed, checkpoint, event_query, image_references
from storage.access import grants
from storage.engine import Database
from storage.retention import merged_rows
from storage.row import event_rows
from storage.storable import require_storable
from storage.table import authors, documents, named_versions
from storage.versions.named_version import NamedVersion
from storage.writer import find_or_add
from sync.document.merged_event import MergedEvent
from sync.port import Checkpoint, DocumentRecord, EventRecord, NewDocument

_EPOCH_PREFIX: Final = "importing-"
_NAME_PREFIX: Final = "importing."

_key = bindparam("of_document", type_=BigInteger)
_begun = (documents.c.epoch.startswith(_EPOCH_PREFIX), documents.c.purged_at_ms.is_not(None))
# A head above 0 is what the removal of purged documents looks for.
_give_up = update(documents).where(documents.c.key == _key, *_begun).values(version=1, epoch="")
_left = select(documents.c.key).where(
    *_begun, documents.c.version == 0, documents.c.updated_at_ms < bindparam("before_ms")
)
_beat = update(documents).where(documents.c.key == _key, *_begun)


class SqlImports:
    """The documents that are being brought in. Every method may raise `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, at_ms: int) -> int:
        """Begin one; returns its key."""
        async with self._database.write() as transaction:
            return await transaction.run(partial(_begin, at_ms=at_ms))

    async def add(
        self,
        key: int,
        events: Sequence[EventRecord],
        saved: Checkpoint | None,
        at_ms: int,
    ) -> bool:
        """Add the next events, few enough for one transaction; False: it was given up."""
        async with self._database.write() as transaction:
            work = partial(_add, key=key, events=events, saved=saved, at_ms=at_ms)
            return await transaction.run(work)

    async def add_merged(self, key: int, merged: Sequence[MergedEvent], at_ms: int) -> bool:
        """Add the first events, which are merged, and the text after each; False: it was given up.

        Few enough for one transaction.
        """
        async with self._database.write() as transaction:
            return await transaction.run(partial(_add_merged, key=key, merged=merged, at_ms=at_ms))

    async def finish(
        self,
        key: int,
        new: NewDocument,
        head: int,
        bindings: Sequence[tuple[int, str]],
        named: Sequence[NamedVersion],
    ) -> DocumentRecord | None:
        """Show it, whole, as a new document; None: its name is taken, or it was given up."""
        require_storable(new.name, new.title, new.text_root, new.owner_id)
        for each in named:
            require_storable(each.name, each.note, each.created_by, each.created_by_name)
        async with self._database.write() as transaction:
            work = partial(_finish, key=key, new=new, head=head, bindings=bindings, named=named)
            return await transaction.run(work)

    async def give_up(self, key: int) -> None:
        """Have what was written removed, soon."""
        async with self._database.write() as transaction:
            await transaction.run(partial(_give_up_one, key=key))

    async def give_up_left(self, before_ms: int) -> int:
        """Give up those to which nothing was added since a time; returns how many."""
        left = await self._database.read(partial(_find_left, before_ms=before_ms))
        for key in left:
            await self.give_up(key)
        return len(left)


def _begin(connection: Connection, at_ms: int) -> int:
    token = token_hex(16)
    added = connection.execute(
        insert(documents),
        {
            "name": _NAME_PREFIX + token,
            "title": "",
            "text_root": "",
            "epoch": _EPOCH_PREFIX + token,
            "version": 0,
            "crdt_client_id": 0,
            "owner_id": "",
            "created_at_ms": at_ms,
            "updated_at_ms": at_ms,
            "deleted_at_ms": at_ms,
            "purged_at_ms": at_ms,
        },
    ).inserted_primary_key
    assert added is not None, "the database counts the keys up"
    return int(added[0])


def _add(
    connection: Connection,
    key: int,
    events: Sequence[EventRecord],
    saved: Checkpoint | None,
    at_ms: int,
) -> bool:
    beat = _beat.values(updated_at_ms=at_ms)
    if connection.execute(beat, {"of_document": key}).rowcount != 1:
        return False
    known: dict[tuple[str, str, str], int] = {}
    writers: list[int] = []
    for event in events:
        name = (event.session, event.actor_id, event.actor_name)
        if name not in known:
            known[name] = find_or_add(connection, (key, "", *name))
        writers.append(known[name])
    if events:
        rows = event_rows([key] * len(events), writers, events)
        event_query.insert_many(connection, rows)
        image_references.mark(connection, rows)
    if saved is not None:
        checkpoint.save(connection, key, saved)
    return True


def _add_merged(
    connection: Connection, key: int, merged: Sequence[MergedEvent], at_ms: int
) -> bool:
    beat = _beat.values(updated_at_ms=at_ms)
    if connection.execute(beat, {"of_document": key}).rowcount != 1:
        return False
    merged_rows.insert_many(connection, key, merged)
    return True


def _finish(
    connection: Connection,
    key: int,
    new: NewDocument,
    head: int,
    bindings: Sequence[tuple[int, str]],
    named: Sequence[NamedVersion],
) -> DocumentRecord | None:
    if catalogue.find(connection, new.name) is not None:
        return None
    shown = _beat.values(
        name=new.name,
        title=new.title,
        text_root=new.text_root,
        epoch=new.epoch,
        version=head,
        crdt_client_id=new.crdt_client_id,
        owner_id=new.owner_id,
        created_at_ms=new.at_ms,
        updated_at_ms=new.at_ms,
        deleted_at_ms=None,
        purged_at_ms=None,
        compacted_version=merged_rows.top(connection, key),
    )
    if connection.execute(shown, {"of_document": key}).rowcount != 1:
        return None
    catalogue.forget_heads(connection)
    if bindings:
        rows = [{"document_key": key, "client_id": c, "user_id": user} for c, user in bindings]
        connection.execute(insert(authors), rows)
    if named:
        connection.execute(
            insert(named_versions), [{**asdict(each), "document_key": key} for each in named]
        )
    grants.add(connection, key, new.grants)
    change_feed.record(connection, [(key, "created", 0, 0)])
    if head:
        change_feed.record(connection, [(key, "edited", 0, head)])
    return catalogue.find(connection, new.name)


def _give_up_one(connection: Connection, key: int) -> None:
    connection.execute(_give_up, {"of_document": key})
    catalogue.forget_heads(connection)


def _find_left(connection: Connection, before_ms: int) -> list[int]:
    return list(connection.scalars(_left, {"before_ms": before_ms}))
