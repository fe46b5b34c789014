"""The shelf of whoever asks: lists of documents, what was opened, pins, and tags.

Pins, tags and what was opened are a user's own: nobody else sees them, and they change nothing for
anybody else.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.identity.principal import Principal
from app.service.backend import Backend
from app.service.grant import Grant
from storage.fullness import FullError
from storage.shelf.mark_rows import MAX_PINNED, MAX_TAGGED, MAX_TAGS_OF_DOCUMENT
from storage.shelf.shelf_record import Listed, ListQuery, Place, Show, Sort
from sync.error import ErrorCode, QuireError
from sync.names import Role
from sync.permission import Action
from sync.shells.clock import now_ms

MAX_TAG_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list of documents."""

    entries: list[tuple[Listed, Role]]
    """Documents, with the role of whoever asked."""
    next: Place | None
    """The `before` of the next page; None: this page is the last."""


async def list_documents(
    backend: Backend,
    principal: Principal,
    *,
    show: Show = "all",
    sort: Sort = "updated",
    query: str | None = None,
    tag: str | None = None,
    before: Place | None = None,
    limit: int,
) -> ListPage:
    """Return a page of the documents that a principal may read.

    Raises:
        StoreError: the store does not answer.
    """
    asked = ListQuery(
        reader=principal.reader,
        now_ms=now_ms(),
        limit=limit + 1,
        show=show,
        # Of the trash, nobody knows when it was last opened.
        sort="updated" if show == "trash" and sort == "opened" else sort,
        query=query,
        tag=None if tag is None else clean_tag(tag),
        before=before,
    )
    found = await backend.shelf.page(asked)
    page = found[:limit]
    roles = await backend.authority.roles(principal, [each.document for each in page])
    return ListPage(
        [(each, role) for each, role in zip(page, roles, strict=True) if role is not None],
        page[-1].place if len(found) > limit else None,
    )


async def note_opened(backend: Backend, grant: Grant) -> None:
    """Note that whoever asks has opened a document now.

    Raises:
        QuireError: `auth_required`, `forbidden`: nobody whose documents could be remembered.
        StoreError: the store does not answer.
    """
    user_id = _keeper(grant)
    await backend.shelf.note_opened(user_id, grant.document.key, now_ms())


async def set_pin(backend: Backend, grant: Grant, *, is_pinned: bool) -> None:
    """Pin a document for whoever asks, or take the pin away.

    Raises:
        QuireError: `auth_required`, `forbidden`; `rate_limited`: there are too many pins.
        StoreError: the store does not answer.
    """
    user_id = _keeper(grant)
    try:
        at_ms = now_ms() if is_pinned else None
        await backend.shelf.set_pin(user_id, grant.document.key, at_ms)
    except FullError:
        message = f"At most {MAX_PINNED} documents can be pinned."
        raise QuireError(ErrorCode.RATE_LIMITED, message) from None


async def set_tags(backend: Backend, grant: Grant, tags: Sequence[str]) -> tuple[str, ...]:
    """Give a document these tags of whoever asks, in place of those it had; return them.

    Raises:
        QuireError: `auth_required`, `forbidden`; `invalid_message`: there are too many, or one is
            too long; `rate_limited`: the user has too many.
        StoreError: the store does not answer.
    """
    user_id = _keeper(grant)
    cleaned = tuple(sorted({tag for tag in map(clean_tag, tags) if tag}))
    if len(cleaned) > MAX_TAGS_OF_DOCUMENT:
        message = f"A document has at most {MAX_TAGS_OF_DOCUMENT} tags."
        raise QuireError(ErrorCode.INVALID_MESSAGE, message)
    if any(len(tag) > MAX_TAG_CHARS for tag in cleaned):
        message = f"A tag has at most {MAX_TAG_CHARS} characters."
        raise QuireError(ErrorCode.INVALID_MESSAGE, message)
    try:
        await backend.shelf.set_tags(user_id, grant.document.key, cleaned)
    except FullError:
        message = f"At most {MAX_TAGGED:,} tags can be given."
        raise QuireError(ErrorCode.RATE_LIMITED, message) from None
    return cleaned


async def list_tags(backend: Backend, principal: Principal) -> list[tuple[str, int]]:
    """Return the tags of whoever asks, each with the number of its documents.

    Raises `StoreError`.
    """
    reader = principal.reader
    if reader.is_scoped or reader.is_unproven:
        return []
    return await backend.shelf.tags(reader.user_id)


def clean_tag(tag: str) -> str:
    """Return a tag as it is stored: without what is invisible, and with single spaces."""
    normal = unicodedata.normalize("NFC", tag)
    visible = "".join(" " if each.isspace() else each for each in normal)
    kept = (each for each in visible if each == " " or unicodedata.category(each)[0] != "C")
    return " ".join("".join(kept).split())


def _keeper(grant: Grant) -> str:
    """Return the user who keeps documents; a visitor or a program has no shelf."""
    grant.require(Action.READ)
    reader = grant.principal.reader
    if reader.is_unproven:
        raise QuireError(ErrorCode.AUTH_REQUIRED, "Sign in to keep documents.")
    if reader.is_scoped:
        raise QuireError(ErrorCode.FORBIDDEN, "An API token keeps no documents.")
    return reader.user_id
