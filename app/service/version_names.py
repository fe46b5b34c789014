"""Named versions of a document: named, listed, renamed and removed."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from app.identity.display_name import visible_line
from app.service.authority import unknown_document
from app.service.automatic_versions import SESSION_PAUSE_MS
from app.service.backend import Backend
from app.service.grant import Grant
from app.service.service_error import ServiceCode, ServiceError
from app.service.version_reader import require_version
from storage.fullness import FullError
from storage.versions.named_version import (
    NamedVersion,
    VersionKind,
    VersionPlace,
    VersionQuery,
)
from storage.versions.version_rows import MAX_NAMED
from sync.error import ErrorCode, QuireError
from sync.permission import Action, may
from sync.port import DocumentRecord, StoreError
from sync.shells.clock import now_ms
from sync.text.newline import normalize_text

MAX_NAME_CHARS: Final = 120
MAX_NOTE_CHARS: Final = 2_000
MAX_RAW_NAME_CHARS: Final = 1_024
"""Longer names are refused unread: nothing that is cut away makes a name of such a text."""


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Named versions, the newest version first."""

    versions: list[NamedVersion]
    next: VersionPlace | None
    """The `before` of the next page; None: this page is the last."""


async def list_named(
    backend: Backend,
    document: DocumentRecord,
    *,
    kind: VersionKind = "all",
    before: VersionPlace | None = None,
    limit: int,
) -> VersionPage:
    """Return a page of the named versions of a document.

    Automatic ones of a session of writing that may go on are not among them.

    Raises:
        StoreError: the store does not answer.
    """
    found = await backend.versions.page(
        VersionQuery(document.key, kind, before, limit + 1, now_ms() - SESSION_PAUSE_MS)
    )
    shown = found[:limit]
    following = VersionPlace(shown[-1].version, shown[-1].name) if len(found) > limit else None
    return VersionPage(shown, following)


async def find_named(backend: Backend, grant: Grant, name: str) -> NamedVersion:
    """Return the version of a name.

    Raises:
        ServiceError: `unknown_name`.
        StoreError: the store does not answer.
    """
    cleaned = visible_line(name[:MAX_RAW_NAME_CHARS])
    found = await backend.versions.find(grant.document.key, cleaned) if cleaned else None
    if found is None:
        raise _unknown_name()
    return found


async def name_version(
    backend: Backend, grant: Grant, version: int | None, name: str, note: str = ""
) -> NamedVersion:
    """Give a version a name; returns only after the commit.

    Args:
        version: None: the head.

    Raises:
        ServiceError: `unknown_version`; `name_taken`: another version, or this one, has the name;
            `too_many`.
        QuireError: `forbidden`; `invalid_message`: the name or the note is no good.
        StoreError: the store does not answer.
    """
    grant.require(Action.WRITE)
    document = grant.document
    version = document.version if version is None else version
    require_version(document, version)
    named = NamedVersion(
        document.key,
        clean_version_name(name),
        version,
        clean_note(note),
        is_automatic=False,
        created_by=grant.user.id,
        created_by_name=grant.user.name,
        created_at_ms=now_ms(),
        at_ms=await _time_of(backend, document, version),
    )
    try:
        is_new = await backend.versions.add(named)
    except FullError:
        raise _too_many() from None
    if is_new is None:
        raise unknown_document(grant.principal)
    if not is_new:
        raise _name_taken(named.name)
    return named


async def change_named(
    backend: Backend, grant: Grant, name: str, *, new_name: str | None, note: str | None
) -> NamedVersion:
    """Give a named version another name, or another note; returns only after the commit.

    An automatic one becomes that of whoever does it.

    Args:
        new_name: None: it stays as it is.
        note: None: it stays as it is.

    Raises:
        ServiceError: `unknown_name`; `name_taken`; `too_many`.
        QuireError: `forbidden`: it is somebody else's; `invalid_message`.
        StoreError: the store does not answer.
    """
    grant.require(Action.WRITE)
    found = await find_named(backend, grant, name)
    if not found.is_automatic:
        _require_own(grant, found)
    changed = replace(
        found,
        name=found.name if new_name is None else clean_version_name(new_name),
        note=found.note if note is None else clean_note(note),
        is_automatic=False,
        created_by=grant.user.id if found.is_automatic else found.created_by,
        created_by_name=grant.user.name if found.is_automatic else found.created_by_name,
    )
    try:
        is_changed = await backend.versions.change(found, changed)
    except FullError:
        raise _too_many() from None
    if is_changed is None:
        raise _unknown_name()
    if not is_changed:
        raise _name_taken(changed.name)
    return changed


async def remove_named(backend: Backend, grant: Grant, name: str) -> NamedVersion:
    """Remove a name; the version stays. Returns what it was, after the commit.

    Raises:
        ServiceError: `unknown_name`.
        QuireError: `forbidden`: it is somebody else's, or automatic.
        StoreError: the store does not answer.
    """
    grant.require(Action.WRITE)
    found = await find_named(backend, grant, name)
    _require_own(grant, found)
    if not await backend.versions.remove(found):
        raise _unknown_name()
    return found


def clean_version_name(name: str) -> str:
    """Return a name as it is stored: in NFC, on one line, without what is invisible.

    A name is a part of addresses, which proxies and browsers take apart at slashes and at dots
    alone; so it has no such.

    Raises:
        QuireError: `invalid_message`.
    """
    cleaned = visible_line(name) if len(name) <= MAX_RAW_NAME_CHARS else ""
    if not 1 <= len(cleaned) <= MAX_NAME_CHARS:
        message = f"A version's name has 1 to {MAX_NAME_CHARS} visible characters."
        raise QuireError(ErrorCode.INVALID_MESSAGE, message)
    if "/" in cleaned or "\\" in cleaned or cleaned in (".", ".."):
        message = "A version's name has no / and no \\, and is not . or .. alone."
        raise QuireError(ErrorCode.INVALID_MESSAGE, message)
    return cleaned


def clean_note(note: str) -> str:
    """Return a note as it is stored: in NFC, without control characters but line ends and tabs.

    Raises:
        QuireError: `invalid_message`: it is too long.
    """
    normal = unicodedata.normalize("NFC", normalize_text(note))
    kept = "".join(
        char for char in normal if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs")
    ).strip()
    if len(kept) > MAX_NOTE_CHARS:
        message = f"A note has at most {MAX_NOTE_CHARS:,} characters."
        raise QuireError(ErrorCode.INVALID_MESSAGE, message)
    return kept


def _require_own(grant: Grant, named: NamedVersion) -> None:
    is_own = not named.is_automatic and named.created_by == grant.user.id
    if not is_own and not may(grant.role, Action.MANAGE):
        message = "Only its owner and whoever gave it may change or remove the name of a version."
        raise QuireError(ErrorCode.FORBIDDEN, message)


async def _time_of(backend: Backend, document: DocumentRecord, version: int) -> int:
    if version == 0:
        return document.created_at_ms
    event = await backend.log.event(document.key, version)
    if event is None:
        raise StoreError(f"the log has no version {version} of {document.name!r}")
    return event.at_ms


def _unknown_name() -> ServiceError:
    return ServiceError(ServiceCode.UNKNOWN_NAME, "No version of this document has that name.")


def _name_taken(name: str) -> ServiceError:
    return ServiceError(ServiceCode.NAME_TAKEN, f"A version of this document is named {name!r}.")


def _too_many() -> ServiceError:
    message = f"A document has at most {MAX_NAMED:,} named versions."
    return ServiceError(ServiceCode.TOO_MANY, message)
