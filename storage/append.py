"""One write transaction over any number of documents: the store's side of the appender."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, insert, select, tuple_

from storage import catalogue, checkpoint, event_query
from storage.engine import Transaction
from storage.table import authors
from sync.port import AuthorBinding, Checkpoint, DocumentRecord, EventRecord, StoreError

_BRIEF_BYTES = 256 << 10
"""Updates that are written in a few milliseconds; the appender bounds their number."""


class SqlAppendTransaction:
    """A `sync.port.AppendTransaction`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._heads: dict[int, int] = {}

    async def lock_heads(self, keys: Sequence[int]) -> dict[int, DocumentRecord]:
        """Lock and read the heads, in key order; keys of no document are left out."""
        heads = await self._transaction.run(partial(catalogue.lock_heads, keys=keys), is_brief=True)
        self._heads.update((key, head.version) for key, head in heads.items())
        return heads

    async def read(self, key: int, after: int, upto: int, limit: int) -> list[EventRecord]:
        return await self._transaction.run(
            partial(event_query.read, key=key, after=after, upto=upto, limit=limit)
        )

    async def authors(self, key: int) -> dict[int, str]:
        return await self._transaction.run(partial(event_query.authors_of, key=key))

    async def find_ids(
        self, wanted: Sequence[tuple[int, str]]
    ) -> dict[tuple[int, str], EventRecord]:
        """The events that already carry these (document key, event id), in one query."""
        if not wanted:
            return {}
        return await self._transaction.run(
            partial(event_query.find_many, wanted=wanted), is_brief=True
        )

    async def insert(
        self,
        events: Sequence[tuple[int, EventRecord]],
        *,
        authors: Sequence[AuthorBinding] = (),
        checkpoints: Sequence[tuple[int, Checkpoint]] = (),
        text_roots: Sequence[tuple[int, str]] = (),
        updated_at_ms: int,
    ) -> None:
        """Append events, bind authors, save checkpoints and text roots, and move the heads.

        The events of a document are to continue its locked head without a gap; anything else is
        a mistake of the caller (`ValueError`). Raises `StoreError` if an id is taken, or a CRDT
        client id belongs to another user. A binding that exists already is no error.
        """
        moved = self._continue_heads(events)

        def write(connection: Connection) -> None:
            if events:
                event_query.insert_many(connection, events)
                catalogue.move_heads(connection, moved, updated_at_ms)
            if text_roots:
                catalogue.set_text_roots(connection, text_roots)
            if authors:
                _bind_authors(connection, authors)

        def save(connection: Connection) -> None:
            for key, saved in checkpoints:
                checkpoint.save(connection, key, saved)

        size = sum(len(each.update) for _, each in events)
        await self._transaction.run(write, is_brief=size <= _BRIEF_BYTES)
        if checkpoints:
            await self._transaction.run(save)
        self._heads.update(moved)

    def _continue_heads(self, events: Sequence[tuple[int, EventRecord]]) -> dict[int, int]:
        moved: dict[int, int] = {}
        for key, added in events:
            head = moved.get(key, self._heads.get(key))
            if head is None:
                raise ValueError(f"the head of document {key} is not locked")
            if added.version != head + 1:
                raise ValueError(f"version {added.version} of document {key} after {head}")
            moved[key] = added.version
        return moved


def _bind_authors(connection: Connection, bindings: Sequence[AuthorBinding]) -> None:
    wanted = {(binding.key, binding.client_id): binding.user_id for binding in bindings}
    # On SQLite this scans, but only the few rows of `authors`, and only when somebody is new.
    taken = connection.execute(
        select(authors.c.document_key, authors.c.client_id, authors.c.user_id).where(
            authors.c.document_key.in_({key for key, _ in wanted}),
            tuple_(authors.c.document_key, authors.c.client_id).in_(list(wanted)),
        )
    )
    for key, client_id, user_id in taken:
        if wanted.pop((key, client_id)) != user_id:
            raise StoreError(f"CRDT client id {client_id} of document {key} is another user's")
    if wanted:
        connection.execute(
            insert(authors),
            [
                {"document_key": key, "client_id": client_id, "user_id": user_id}
                for (key, client_id), user_id in wanted.items()
            ],
        )
