"""The contracts of the store and the bus, between the core, its shells and the outside.

Everything that crosses from SQL into a room, or back, is one of the frozen records below. The
`EventLog` protocol, in parts by who asks, is implemented by `storage.log`, the `Bus` protocol by
`memory_bus` and `redis_bus` in `sync.shells.bus`; `tests/contract/` holds each to its contract.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from msgspec import Struct

from sync.names import MAX_INTEGER, Role
from sync.permission import Reader
from sync.text.authored import AuthoredDeltas
from sync.text.delta import Delta, EventType, event_type


class StoreError(Exception):
    """The store has failed: nothing was committed, or that is unknown."""


class HistoryError(StoreError):
    """Old events of one document are not there; its text and its newer events are."""

    def __init__(self, message: str, upto: int) -> None:
        super().__init__(message)
        self.upto = upto
        """The last version that cannot be read."""


class EventRecord(Struct, frozen=True):
    """One accepted change to one document, as it stands in the log."""

    version: int
    """1, 2, 3 … within the document, without a gap."""
    id: str
    """Chosen by the client, unique per document."""
    ops: Delta
    """Canonical delta against the text at `version - 1`, in code points; `()` for `update`."""
    update: bytes
    """The same change as a Yjs v1 update: the bytes as they were accepted, without known units."""
    actor_id: str
    actor_name: str
    session: str
    at_ms: int
    """Server time of acceptance, UTC, milliseconds since the epoch."""
    digest: bytes
    """16 bytes: hash of the submission as first sent, to tell "same content" on a resend."""

    @property
    def type(self) -> EventType:
        """Its kind, by the canonical form of `ops`; few ask, so it is not kept."""
        return event_type(self.ops)

    @property
    def first(self) -> int:
        """The first version that it stands for: its own, unless it is a `MergedEvent`."""
        return self.version


class DocumentRecord(Struct, frozen=True):
    """One row of `documents`: the head of a log and its metadata."""

    key: int
    name: str
    title: str
    """The title that a user has set; empty: `derived_title` is shown."""
    text_root: str
    """Name of the Yjs root that holds the document's text; empty: not decided yet."""
    epoch: str
    version: int
    """The head: the version of the last event, 0 for the empty document."""
    crdt_client_id: int
    """The one CRDT client id under which the server writes for text-event clients."""
    owner_id: str
    created_at_ms: int
    updated_at_ms: int
    deleted_at_ms: int | None = None
    derived_title: str = ""
    """The title derived from the text, a moment behind it. Empty: none."""
    title_version: int = 0
    """The version that `derived_title` was last changed for."""
    purged_at_ms: int | None = None
    """The time at which its content was removed for good; the name alone is left, and taken."""
    is_template: bool = False
    compacted_version: int = 0
    """The events up to it are in segments: see `storage.compaction`."""
    read_only_at_ms: int | None = None  # an operator made it so; None: it is not

    @property
    def shown_title(self) -> str:
        """The title that a user has set, else the derived one; empty: neither."""
        return self.title or self.derived_title


class DerivedTitle(Struct, frozen=True):
    """The title derived from a document's text at one version."""

    key: int
    version: int
    title: str


class NewDocument(Struct, frozen=True):
    """The fields of a new document; the store adds the key, and version 0."""

    name: str
    title: str
    text_root: str
    epoch: str
    crdt_client_id: int
    owner_id: str
    at_ms: int
    grants: tuple[tuple[str, Role], ...] = ()
    """The roles that subjects have in it from its first moment on: see `sync.permission`."""


class Checkpoint(Struct, frozen=True):
    """The full state of a document at one version."""

    version: int
    text: str
    state: bytes | None
    """A Yjs v1 update that holds everything at `version`; None when only the text was kept."""
    pairs: bytes = b""
    """The places of surrogate pairs, as `sync.yjs.known` encodes them; kept with `state`."""


SERVER_USER: Final = ""
"""Stands for the server among the owners of CRDT client ids; no user has this id."""


class AuthorBinding(Struct, frozen=True):
    """A CRDT client id that belongs to one user in one document, from its first write on."""

    key: int
    client_id: int
    user_id: str


class Opened(Struct, frozen=True):
    """All that a room needs to open a document, read in one transaction."""

    document: DocumentRecord
    checkpoint: Checkpoint | None
    """The newest checkpoint that has a state and can be read; None: the tail is the whole log."""
    tail: list[EventRecord]
    """The events after it, up to `document.version`."""
    authors: dict[int, str]


class Followed(Struct, frozen=True):
    """The head and the next events, read at one moment, for a room that follows the log."""

    document: DocumentRecord
    events: list[EventRecord]
    """From the version asked for, consecutive; not up to `document.version` if those are many."""
    authors: dict[int, str]


class SittingAuthor(Struct, frozen=True):
    """The part of one user in a sitting, through one door."""

    actor_id: str
    actor_name: str
    origin: str
    """See `sync.event_origin`."""
    events: int
    last: int
    """The version of the last of them."""


class Sitting(Struct, frozen=True):
    """A sitting: consecutive events without a long pause. A restore and a take-back are alone."""

    first: int
    last: int
    """The versions of its first and last event."""
    from_ms: int
    to_ms: int
    """The earliest and the latest time of its events."""
    restored: int | None
    """The version that it brought back."""
    authors: tuple[SittingAuthor, ...]
    """Those with the most events first."""


SITTING_CUT: Final = 20_000
"""A sitting ends after each multiple of this version: what is never paused is read in parts."""


class AppendTransaction(Protocol):
    """One write transaction over any number of documents. Nothing is durable before it ends."""

    async def lock_heads(self, keys: Sequence[int]) -> dict[int, DocumentRecord]:
        """Lock and read the heads, in key order (so that two appenders never deadlock)."""
        ...

    async def read(self, key: int, after: int, upto: int, limit: int) -> list[EventRecord]: ...

    async def authors(self, key: int) -> dict[int, str]: ...

    async def find_ids(
        self, wanted: Sequence[tuple[int, str]]
    ) -> dict[tuple[int, str], EventRecord]:
        """Return the events that already carry these (document key, event id), in one query."""
        ...

    async def insert(
        self,
        events: Sequence[tuple[int, EventRecord]],
        *,
        authors: Sequence[AuthorBinding] = (),
        checkpoints: Sequence[tuple[int, Checkpoint]] = (),
        text_roots: Sequence[tuple[int, str]] = (),
        updated_at_ms: int,
    ) -> None:
        """Append events, bind authors, save checkpoints and text roots, and move the heads."""
        ...


class Catalogue(Protocol):
    """The documents. Reads see only what is committed; every failure is a `StoreError`."""

    async def find(self, name: str) -> DocumentRecord | None:
        """Return the document of that name, deleted or not."""
        ...

    async def create(self, new: NewDocument) -> tuple[DocumentRecord, bool]:
        """Create a document; if the name is taken, even by a deleted one, return that and False."""
        ...

    async def update_document(
        self,
        name: str,
        *,
        title: str | None = None,
        text_root: str | None = None,
        deleted_at_ms: int | None = None,
        updated_at_ms: int,
    ) -> DocumentRecord | None:
        """Change the given fields; return the document as it is then, None if there is none.

        Another `text_root` is taken only while no event can have changed the text: it is undecided,
        or there is no event. Otherwise nothing is changed, and the answer has the old one.
        """
        ...

    async def set_derived_titles(self, titles: Sequence[DerivedTitle]) -> None:
        """Save titles, but none over one of a later version. Nothing counts as updated by that."""
        ...

    async def list_documents(
        self,
        *,
        query: str | None,
        before: tuple[int, int] | None,
        limit: int,
        reader: Reader | None = None,
        now_ms: int = MAX_INTEGER,
    ) -> list[DocumentRecord]:
        """Return documents that are not deleted, newest first.

        Args:
            query: looked for in names and shown titles.
            before: (updated_at_ms, key) of the last one seen.
            reader: only documents that it may read are returned; None: all.
            now_ms: share links end at it; left out, only those count that never end.
        """
        ...

    async def heads(self, keys: Sequence[int]) -> dict[int, DocumentRecord]:
        """Return the documents of these keys, as committed; keys of no document are left out."""
        ...


class LogReading(Protocol):
    """The events of each document, and its checkpoints. Every failure is a `StoreError`."""

    async def open(self, name: str, *, before: int | None = None) -> Opened | None:
        """Return all that a room needs to open a document, from one snapshot.

        Checkpoints from `before` on are not used. At 0 none is: the tail is the whole log.
        """
        ...

    async def follow(self, key: int, after: int, limit: int) -> Followed | None:
        """Return the head, the events after `after`, at most `limit`, and the authors."""
        ...

    async def read(self, key: int, after: int, upto: int, limit: int) -> list[EventRecord]:
        """Return events with `after < version <= upto`, ascending, at most `limit`."""
        ...

    async def history(
        self,
        key: int,
        *,
        after: int | None,
        before: int | None,
        limit: int,
        actor: str | None,
        descending: bool,
    ) -> list[EventRecord]:
        """Return events with `after < version < before`, by one actor id or all."""
        ...

    async def sittings(self, key: int, after: int, upto: int, pause_ms: int) -> list[Sitting]:
        """Return the sittings of the events with `after < version <= upto`, newest first.

        A sitting ends before a pause longer than `pause_ms`, before and after a restore and a
        take-back, and after each multiple of `SITTING_CUT`. One that lies on a bound is cut there.
        """
        ...

    async def authored(self, key: int, after: int, upto: int, max_bytes: int) -> AuthoredDeltas:
        """Return the events with `after < version <= upto` in columns; fewer, if they are large."""

    async def event(self, key: int, version: int) -> EventRecord | None: ...

    async def find_id(self, key: int, event_id: str) -> EventRecord | None: ...

    async def checkpoint_at_or_before(self, key: int, version: int) -> Checkpoint | None:
        """Return the newest checkpoint at or before a version; its state may be None."""

    async def text_at(self, key: int, version: int) -> str:
        """Return the text at a version up to the head."""


class LogWriting(LogReading, Protocol):
    """The log as the appender uses it. Every failure is a `StoreError`."""

    def append(self) -> AbstractAsyncContextManager[AppendTransaction]:
        """A write transaction: commits on normal exit, rolls back on any exception."""
        ...

    async def save_checkpoint(self, key: int, checkpoint: Checkpoint) -> None:
        """Save a checkpoint. The newest two keep their state; older ones may be thinned out."""


class Secrets(Protocol):
    """Random keys that all processes of an installation share."""

    async def relay_key(self) -> bytes:
        """Return the key of `sync.wire.relay`: 32 random bytes, the same for all processes."""

    async def nonce_secret(self) -> bytes:
        """Return the secret of `sync.yjs.nonce`: 32 random bytes, the same for all processes."""


class EventLog(Catalogue, LogWriting, Secrets, Protocol):
    """The whole SQL store, for the code that opens and closes it.

    Other code asks for the part that it needs. The feed over all documents has a contract of its
    own, `sync.changes.ChangeFeed`.
    """

    async def ping(self) -> None:
        """Raise `StoreError` unless the store answers."""

    async def probe_write(self) -> None:
        """Commit a small change that nobody reads; raise `StoreError` if that cannot be done."""

    committed_appends: int
    """The number of `append` transactions that have committed."""
    failed_appends: int
    """The number of `append` transactions that the store has failed."""

    async def aclose(self) -> None: ...


MAX_BUS_PAYLOAD_BYTES: Final = 256 << 10
"""The largest message on a bus; a larger one is neither sent nor received, only counted."""


class BusListener(Protocol):
    """The receiver of a bus's messages, called on the event loop, never from within a `Bus` method.

    An exception is logged and ends nothing.
    """

    def received(self, document: str, payload: bytes) -> None:
        """Take a message on a document's channel, 0 to `MAX_BUS_PAYLOAD_BYTES` bytes.

        It may be anything, from anybody (also from this process), twice, late. Only for documents
        that are subscribed at this moment; perhaps before `subscribed` was called.
        """

    def subscribed(self, document: str) -> None:
        """Note that messages about a document arrive from now on; earlier ones may be lost.

        Called after each `subscribe` that changed something, and when a lost bus is found again.
        """


@dataclass(slots=True)
class BusCounters:
    """The counters of a bus since it was made."""

    published: int = 0
    """Messages that were sent."""
    dropped: int = 0
    """Messages that were not sent, or perhaps not: no connection, or a full queue."""
    received: int = 0
    """Messages given to the listener."""
    oversized: int = 0
    """Messages larger than `MAX_BUS_PAYLOAD_BYTES`, to be sent or to be received."""
    reconnects: int = 0
    """Reconnections."""


class Bus(Protocol):
    """Carries messages about documents between processes; may lose, double and delay them.

    What one bus publishes about one document arrives in that order, at the publisher too if it has
    subscribed. Documents are given by their valid names.
    """

    @property
    def is_up(self) -> bool:
        """True if messages get through, as far as is known."""
        ...

    @property
    def counters(self) -> BusCounters: ...

    def publish(self, document: str, payload: bytes) -> None:
        """Send a message to all subscribers, soon; never waits, never raises.

        What cannot be sent (not connected, too much waits, too large) is dropped and counted.
        """
        ...

    def subscribe(self, document: str) -> None:
        """Subscribe to a document, soon; again is nothing."""
        ...

    def unsubscribe(self, document: str) -> None:
        """Unsubscribe from a document, at once; again is nothing."""
        ...

    def listening(self, listener: BusListener) -> AbstractAsyncContextManager[None]:
        """Run the bus, once; what was subscribed before counts.

        On exit it sends what waits, for a few seconds at most, and is then down for good.
        """
        ...
