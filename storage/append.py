"""One write transaction over any number of documents: the store's side of the appender."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Connection

from storage import (
    author_query,
    catalogue,
    change_feed,
    checkpoint,
    event_query,
    image_references,
    whole_log,
)
from storage.engine import Transaction
from storage.row import event_rows
from storage.writer import KnownWriters, WriterName, find_or_add
from sync.port import (
    AuthorBinding,
    Checkpoint,
    DocumentRecord,
    EventRecord,
    HistoryError,
    StoreError,
)

_event: Callable[[tuple[int, EventRecord]], EventRecord] = itemgetter(1)
_update: Callable[[EventRecord], bytes] = attrgetter("update")

_BRIEF_BYTES = 256 << 10
"""Updates that are written in a few milliseconds; the appender bounds their number."""


class SqlAppendTransaction:
    """A `sync.port.AppendTransaction`."""

    def __init__(
        self, transaction: Transaction, known: KnownWriters, *, is_cleaner: bool = False
    ) -> None:
        """Begin nothing yet.

        Args:
            is_cleaner: whether it also removes changes that no consumer will read.
        """
        self._is_cleaner = is_cleaner
        self._transaction = transaction
        self._heads: dict[int, DocumentRecord] = {}
        self._moved: dict[int, int] = {}
        self._known = known
        self._new_writers: dict[WriterName, int] = {}

    async def lock_heads(self, keys: Sequence[int]) -> dict[int, DocumentRecord]:
        """Lock and read the heads, in key order; keys of no document are left out."""
        heads = await self._transaction.run(partial(catalogue.lock_heads, keys=keys), is_brief=True)
        self._heads.update(heads)
        return heads

    async def read(self, key: int, after: int, upto: int, limit: int) -> list[EventRecord]:
        """Return events with `after < version <= upto`, ascending, at most `limit`.

        Raises `HistoryError`; the transaction may go on.
        """

        def work(connection: Connection) -> list[EventRecord] | HistoryError:
            try:
                return whole_log.read(connection, key, after, upto, limit)
            except HistoryError as error:
                return error

        found = await self._transaction.run(work)
        if isinstance(found, HistoryError):
            raise found
        return found

    async def authors(self, key: int) -> dict[int, str]:
        return await self._transaction.run(partial(author_query.of_document, key=key))

    async def find_ids(
        self, wanted: Sequence[tuple[int, str]]
    ) -> dict[tuple[int, str], EventRecord]:
        """The events that already carry these (document key, event id), in one query."""
        if not wanted:
            return {}
        rows_alone = {key for key, head in self._heads.items() if not head.compacted_version}
        return await self._transaction.run(
            partial(whole_log.find_many, wanted=wanted, rows_alone=rows_alone), is_brief=True
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

        def write(connection: Connection) -> None:
            if events:
                rows, starts, moved = self._rows(connection, events)
                event_query.insert_many(connection, rows)
                image_references.mark(connection, rows)
                catalogue.move_heads(connection, moved, updated_at_ms)
                spans = zip(starts, repeat("edited"), starts.values(), moved.values())
                change_feed.record(connection, list(spans))
                self._moved.update(moved)
                if self._is_cleaner:
                    change_feed.drop_unread(connection)
            if text_roots:
                catalogue.set_text_roots(connection, text_roots)
            if authors:
                _bind_authors(connection, authors)

        def save(connection: Connection) -> None:
            for key, saved in checkpoints:
                checkpoint.save(connection, key, saved)

        size = sum(map(len, map(_update, map(_event, events))))
        await self._transaction.run(write, is_brief=size <= _BRIEF_BYTES)
        if checkpoints:
            await self._transaction.run(save)

    def committed(self) -> None:
        """Remember the writers that the transaction has added or found."""
        if self._new_writers:
            self._known.learn(self._new_writers)

    def _rows(
        self, connection: Connection, events: Sequence[tuple[int, EventRecord]]
    ) -> tuple[list[tuple[Any, ...]], dict[int, int], dict[int, int]]:
        """The rows of `events`, and the heads of their documents, before and after.

        One pass: of all that an append does for each event, this is the most.
        """
        heads, find, before = self._heads.get, self._known.get, self._moved
        starts: dict[int, int] = {}
        moved: dict[int, int] = {}
        writers: list[int] = []
        current, epoch, version = -1, "", 0
        for key, event in events:
            if key != current:
                head = heads(key)
                if head is None:
                    raise ValueError(f"the head of document {key} is not locked")
                current, epoch = key, head.epoch
                version = moved.get(key) or before.get(key) or head.version
                starts.setdefault(key, version)
            version += 1
            if event.version != version:
                raise ValueError(f"version {event.version} of document {key} before {version}")
            moved[key] = version
            name = (key, epoch, event.session, event.actor_id, event.actor_name)
            writer = find(name)
            if writer is None:
                writer = self._writer(connection, name)
            writers.append(writer)
        keys, added = zip(*events, strict=True)
        return event_rows(keys, writers, added), starts, moved

    def _writer(self, connection: Connection, name: WriterName) -> int:
        found = self._new_writers.get(name)
        if found is None:
            found = self._new_writers[name] = find_or_add(connection, name)
        return found


def _bind_authors(connection: Connection, bindings: Sequence[AuthorBinding]) -> None:
    wanted = {(binding.key, binding.client_id): binding.user_id for binding in bindings}
    for key, client_id, user_id in author_query.among(connection, list(wanted)):
        if wanted.pop((key, client_id)) != user_id:
            raise StoreError(f"CRDT client id {client_id} of document {key} is another user's")
    if wanted:
        author_query.add(connection, [(*pair, user) for pair, user in wanted.items()])
