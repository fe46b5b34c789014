"""Records of shelves: how a user keeps documents, and which list of them is asked for."""

from typing import Literal, TypeAlias

from msgspec import Struct

from sync.permission import Reader
from sync.port import DocumentRecord

Show: TypeAlias = Literal["all", "mine", "shared", "pinned", "templates", "trash"]
Sort: TypeAlias = Literal["updated", "created", "opened", "title"]
Place: TypeAlias = tuple[int | str, int]
"""The place of a document in a list: what the list is sorted by, and its key."""


class Marks(Struct, frozen=True):
    """The marks of one user on one document."""

    opened_at_ms: int | None = None
    pinned_at_ms: int | None = None
    tags: tuple[str, ...] = ()
    """In order."""


class ListQuery(Struct, frozen=True, kw_only=True):
    """A page of a list of documents."""

    reader: Reader
    """Only documents that it may read are listed; `trash`: those that it owns."""
    now_ms: int
    limit: int
    show: Show = "all"
    sort: Sort = "updated"
    """Times: the latest first; `opened`: only what the reader has opened."""
    query: str | None = None
    """Looked for in names and shown titles."""
    tag: str | None = None
    """One of the reader's tags."""
    before: Place | None = None
    """The place of the last one seen."""


class Listed(Struct, frozen=True):
    """A document in a list."""

    document: DocumentRecord
    marks: Marks
    place: Place
