"""The audit trail of a process: takes records in from everywhere, and has one task write them.

Nobody waits for it. Records are written in batches, at most one each half second, so that it does
not take the one writer of SQLite from those who edit.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final, Protocol, Self

import msgspec

from app.audit.audit_note import audit_record
from app.audit.audit_queue import AuditQueue
from app.identity.principal import Principal
from storage.audit_rows import AuditRecord
from sync.names import is_document_name
from sync.port import DocumentRecord, StoreError
from sync.shells.supervisor import Need, Supervisor
from sync.user import User

_log = logging.getLogger(__name__)

INTERVAL_S: Final = 0.5
"""The time in which records gather before they are written, and between two tries."""
_PAUSE_S: Final = 0.02
"""The time between two batches, so that whoever edits gets in between."""
CLOSE_WITHIN_S: Final = 3.0
"""The longest time that a stopping process waits for a store that does not answer."""
_MAX_KNOWN_KEYS: Final = 10_000


class AuditRows(Protocol):
    """The rows of the audit trail; `storage.audit_rows` supplies them."""

    async def append(self, records: Sequence[AuditRecord]) -> None:
        """Add records; returns after the commit. Raises `StoreError`."""
        ...

    async def page(
        self,
        document_key: int | None,
        *,
        before: int | None = None,
        limit: int,
        kind: str | None = None,
    ) -> list[AuditRecord]:
        """Return records, newest first, of one document or of all. Raises `StoreError`."""
        ...


FindDocument = Callable[[str], Awaitable[DocumentRecord | None]]


class AuditTrail:
    """The audit trail; `async with` writes what is noted, and at its end all that is left.

    Args:
        find: finds a document by its name, deleted or not.
    """

    def __init__(
        self,
        rows: AuditRows,
        find: FindDocument,
        *,
        queue: AuditQueue | None = None,
        interval_s: float = INTERVAL_S,
        close_within_s: float = CLOSE_WITHIN_S,
    ) -> None:
        self._rows = rows
        self._find = find
        self._queue = AuditQueue() if queue is None else queue
        self._interval_s = interval_s
        self._close_within_s = close_within_s
        self._noted = asyncio.Event()
        self._closing = asyncio.Event()
        self._is_failing = False
        self._is_dropping = False
        self._told_dropped = 0
        """The number of dropped records that the log has told of."""
        self._keys: dict[str, int] = {}
        """The keys of documents by name; they never change, since a name is never used again."""
        self._writing: asyncio.Task[None] | None = None
        self._supervisor = Supervisor()

    @property
    def waiting(self) -> int:
        """The number of records that are not written yet."""
        return len(self._queue)

    @property
    def dropped(self) -> int:
        """The number of records that were dropped since the start."""
        return self._queue.dropped

    def note(
        self,
        kind: str,
        who: Principal | User | None,
        address: str,
        document: str | DocumentRecord | None = None,
        **detail: object,
    ) -> None:
        """Note an act, or a refused attempt. It neither waits nor raises.

        Args:
            kind: such as `document.joined`; see docs/security.md for all.
            who: None, or a visitor: nobody is known.
            address: the peer's, without its port.
            document: the one it is about; a name may be of no document.
            detail: a few short values: no text of a document, no secrets.
        """
        try:
            self._queue.note(audit_record(kind, who, address, document, **detail), time.monotonic())
            self._noted.set()
            if self._queue.dropped > self._told_dropped and not self._is_dropping:
                self._is_dropping = True
                _log.warning("audit records are dropped: the store takes none, and too many wait")
        except Exception:  # noqa: BLE001 - whatever it is, what is noted has to go on
            _log.exception("an audit record of kind %r cannot be noted", kind)

    async def page(
        self, document_key: int | None, *, before: int | None, limit: int, kind: str | None
    ) -> list[AuditRecord]:
        """Return written records, newest first.

        Args:
            document_key: only of that document; None: all.
            before: the key of the last one seen.
            kind: only of that kind.

        Raises:
            StoreError: the store does not answer.
        """
        return await self._rows.page(document_key, before=before, limit=limit, kind=kind)

    async def __aenter__(self) -> Self:
        self._writing = self._supervisor.run("audit trail", self._write, Need.USEFUL)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._writing is not None, "it was entered"
        self._closing.set()
        self._noted.set()
        # Not cancelled while there is time: a batch whose commit is under way would be of unknown
        # fate.
        await asyncio.wait({self._writing}, timeout=self._close_within_s)
        self._writing.cancel()
        await asyncio.gather(self._writing, return_exceptions=True)
        left = len(self._queue)
        if left:
            _log.warning("%d audit records are lost: the store does not take them", left)

    async def _write(self) -> None:
        """Write what is noted, until closing and all is written."""
        # If this begins anew after a failure: the batch that was taken then is taken again.
        self._queue.failed()
        while not self._closing.is_set():
            if self._queue.is_idle:
                await self._noted.wait()
            self._noted.clear()
            await self._pause()
            await self._write_all()
        self._queue.close()
        while not self._queue.is_idle:
            if not await self._write_all():
                await asyncio.sleep(self._interval_s)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._interval_s):
                await self._closing.wait()
        except TimeoutError:
            return

    async def _write_all(self) -> bool:
        """Write batches until there is none; False if the store has failed."""
        while batch := self._queue.take(time.monotonic()):
            try:
                await self._rows.append([await self._with_key(record) for record in batch])
            except StoreError as error:
                self._queue.failed()
                self._tell_failure(error)
                return False
            except asyncio.CancelledError:
                self._queue.failed()
                raise
            except Exception:  # noqa: BLE001 - a batch that cannot be written must not stay for ever
                _log.exception("audit records cannot be written; %d are dropped", len(batch))
                self._queue.give_up()
                return False
            self._queue.wrote()
            self._tell_success()
            await asyncio.sleep(_PAUSE_S)
        return True

    def _tell_success(self) -> None:
        if self._is_failing:
            self._is_failing = False
            _log.warning("the audit trail is written again")
        dropped = self._queue.dropped - self._told_dropped
        if dropped:
            self._told_dropped += dropped
            self._is_dropping = False
            _log.warning("%d audit records were dropped meanwhile", dropped)

    def _tell_failure(self, error: StoreError) -> None:
        if not self._is_failing:
            _log.warning("the audit trail is not written; what comes waits: %s", error)
        self._is_failing = True

    async def _with_key(self, record: AuditRecord) -> AuditRecord:
        """Return a record with the key of its document, if there is such a document."""
        name = record.document
        if name is None or record.document_key is not None or not is_document_name(name):
            return record
        key = self._keys.get(name)
        if key is None:
            found = await self._find(name)
            if found is None:
                return record
            key = found.key
            if len(self._keys) >= _MAX_KNOWN_KEYS:
                self._keys.clear()
            self._keys[name] = key
        return msgspec.structs.replace(record, document_key=key)
