"""A document that is brought in with its history: checked whole, written unseen, shown at once."""

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from app.identity.principal import Principal
from app.service.backend import Backend
from app.service.grant import Grant
from app.service.lifecycle import require_creation
from app.service.service_error import ServiceCode, ServiceError
from app.service.version_names import MAX_NAME_CHARS, MAX_NOTE_CHARS
from storage.retention.merged_codec import MergedDamaged, decode_merged
from storage.segments.container import SegmentDamaged
from storage.segments.document_file import (
    DocumentFile,
    DocumentFileError,
    FileVersion,
    read_document_file,
)
from storage.segments.event_segment import open_segment
from storage.versions.named_version import NamedVersion
from storage.versions.version_rows import MAX_NAMED
from sync.document.import_check import ImportCheck, ImportRefused
from sync.document.merged_event import MergedEvent
from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER, is_document_name, is_text_root
from sync.port import SERVER_USER, Checkpoint, EventRecord
from sync.shells.clock import now_ms
from sync.text.replay import replay
from sync.text.title import MAX_TITLE_CHARS

IMPORTED_PREFIX: Final = "imported:"
"""Begins the ids of authors that a file names, unless an operator brings it: nobody has proven
them here, and no user has such an id."""
_EVENTS_AT_ONCE: Final = 1_000
"""Written in one transaction: others write in between."""
_MAX_AUTHOR_CHARS: Final = 1_024
_RETRY_S: Final = 5.0


class DocumentImport:
    """Documents that are brought in, one at a time."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._busy = asyncio.Lock()

    async def add(
        self, principal: Principal, data: bytes, *, name: str | None, title: str | None
    ) -> Grant:
        """Make a document of a file; returns its grant after the commit.

        It has all versions of the file, and an epoch of its own. Whoever brings it owns it.

        Args:
            name: None: that in the file.
            title: None: that in the file.

        Raises:
            ServiceError: `unusable_file`, with the place of the fault; `name_taken`.
            QuireError: `forbidden`; `rate_limited`: another one is being brought in.
            StoreError: the store does not answer.
        """
        if self._busy.locked():
            text = "Another document is being brought in."
            raise QuireError(ErrorCode.RATE_LIMITED, text, retry_after_s=_RETRY_S)
        async with self._busy:
            require_creation(self._backend, principal, name)
            try:
                file = await asyncio.to_thread(read_document_file, data)
                chosen = await self._free_name(principal, name or file.head.name)
                keeps_ids = principal.is_operator
                head = await self._check(file)
                versions = _named_versions(file, keeps_ids=keeps_ids)
            except (DocumentFileError, ImportRefused) as error:
                raise ServiceError(ServiceCode.UNUSABLE_FILE, str(error)) from error
            if title is not None:
                file = replace(file, head=replace(file.head, title=title))
            return await self._write(principal, chosen, file, head, versions, keeps_ids=keeps_ids)

    async def _free_name(self, principal: Principal, name: str) -> str:
        if not is_document_name(name):
            raise ImportRefused("The name of the document cannot be one here.")
        require_creation(self._backend, principal, name)
        if await self._backend.log.find(name) is not None:
            raise _taken()
        return name

    async def _check(self, file: DocumentFile) -> Checkpoint:
        """Check all events of a file; returns the checkpoint of the head."""
        root = file.head.text_root
        if len(file.head.title) > MAX_TITLE_CHARS or "\0" in file.head.title:
            raise ImportRefused("Its title cannot be one.")
        if root and not is_text_root(root):
            raise ImportRefused("The name of its text root cannot be one.")
        check = ImportCheck(root, self._backend.rooms.limits)
        for at, data in file.merged:
            await asyncio.to_thread(_check_merged, check, at, data)
        for at, data in file.segments:
            await asyncio.to_thread(_check_segment, check, at, data)
        if check.version != file.head.version:
            raise ImportRefused(f"It has {check.version} events, not {file.head.version}.")
        return await asyncio.to_thread(check.finish)

    async def _write(
        self,
        principal: Principal,
        name: str,
        file: DocumentFile,
        head: Checkpoint,
        versions: Sequence[NamedVersion],
        *,
        keeps_ids: bool,
    ) -> Grant:
        backend, imports = self._backend, self._backend.imports
        key = await imports.begin(now_ms())
        record = None
        try:
            text = ""
            for at, data in file.merged:
                event = await asyncio.to_thread(_merged, at, data)
                text = await asyncio.to_thread(replay, text, [event.ops])
                kept = event if keeps_ids else _unproven_merged(event)
                await imports.add_merged(key, [kept], now_ms())
                if at == file.merged[-1][0]:
                    await imports.add(key, (), Checkpoint(event.version, text, None), now_ms())
            for at, data in file.segments:
                events = await asyncio.to_thread(_events, at, data)
                text = await asyncio.to_thread(replay, text, [event.ops for event in events])
                shown = events if keeps_ids else [_unproven(event) for event in events]
                for start in range(0, len(shown), _EVENTS_AT_ONCE):
                    part = shown[start : start + _EVENTS_AT_ONCE]
                    await imports.add(key, part, None, now_ms())
                await imports.add(key, (), Checkpoint(events[-1].version, text, None), now_ms())
            await imports.add(key, (), head, now_ms())
            bindings = [
                (client, user if keeps_ids else _unproven_id(user))
                for client, user in file.head.authors
            ]
            new = backend.rooms.new_document(
                name, principal.user, title=file.head.title, text_root=file.head.text_root
            )
            record = await imports.finish(key, new, file.head.version, bindings, versions)
        finally:
            if record is None:
                await asyncio.shield(self._give_up(key))
        if record is None:
            raise _taken()
        role = await backend.authority.role(principal, record.key, record.name)
        assert role is not None, "whoever creates a document has a role in it"
        return Grant(principal, role, record)

    async def _give_up(self, key: int) -> None:
        await self._backend.imports.give_up(key)
        await self._backend.shelf.finish_purges()


def _taken() -> ServiceError:
    return ServiceError(ServiceCode.NAME_TAKEN, "There is, or was, a document of that name.")


def _events(at: int, data: bytes) -> list[EventRecord]:
    try:
        return open_segment(data).events(0, MAX_INTEGER)
    except SegmentDamaged as error:
        raise DocumentFileError(at, str(error)) from error


def _merged(at: int, data: bytes) -> MergedEvent:
    try:
        return decode_merged(data)
    except MergedDamaged as error:
        raise DocumentFileError(at, str(error)) from error


def _check_merged(check: ImportCheck, at: int, data: bytes) -> None:
    try:
        check.add([_merged(at, data)])
    except ImportRefused as error:
        raise DocumentFileError(at, str(error)) from error


def _check_segment(check: ImportCheck, at: int, data: bytes) -> None:
    try:
        check.add(_events(at, data))
    except ImportRefused as error:
        raise DocumentFileError(at, str(error)) from error


def _unproven(event: EventRecord) -> EventRecord:
    return replace(event, actor_id=_unproven_id(event.actor_id))


def _unproven_merged(event: MergedEvent) -> MergedEvent:
    shares = tuple(
        replace(
            share,
            writer=replace(share.writer, actor_id=_unproven_id(share.writer.actor_id)),
        )
        for share in event.shares
    )
    return replace(event, actor_id=_unproven_id(event.actor_id), shares=shares)


def _unproven_id(user_id: str) -> str:
    if user_id == SERVER_USER or user_id.startswith(IMPORTED_PREFIX):
        return user_id
    return IMPORTED_PREFIX + user_id


def _named_versions(file: DocumentFile, *, keeps_ids: bool) -> list[NamedVersion]:
    """The named versions of a file.

    Raises:
        ImportRefused: they are not such as a document has.
    """
    names = {named.name for named in file.versions}
    if len(names) != len(file.versions) or len(names) > MAX_NAMED:
        raise ImportRefused("Its named versions are too many, or have one name.")
    return [_named(named, file.head.version, keeps_ids=keeps_ids) for named in file.versions]


def _named(named: FileVersion, head: int, *, keeps_ids: bool) -> NamedVersion:
    texts = (named.name, named.note, named.created_by, named.created_by_name)
    is_sound = (
        0 <= named.version <= head
        and 1 <= len(named.name) <= MAX_NAME_CHARS
        and len(named.note) <= MAX_NOTE_CHARS
        and all("\0" not in text for text in texts)
        and max(len(named.created_by), len(named.created_by_name)) <= _MAX_AUTHOR_CHARS
        and 0 <= named.created_at_ms <= MAX_INTEGER
        and 0 <= named.at_ms <= MAX_INTEGER
    )
    if not is_sound:
        raise ImportRefused("One of its named versions is not such as a document has.")
    return NamedVersion(
        document_key=0,
        name=named.name,
        version=named.version,
        note=named.note,
        is_automatic=False,
        created_by=named.created_by if keeps_ids else _unproven_id(named.created_by),
        created_by_name=named.created_by_name,
        created_at_ms=named.created_at_ms,
        at_ms=named.at_ms,
    )
