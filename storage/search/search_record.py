"""Records of search: what is indexed, and what is found."""

from msgspec import Struct

from sync.port import DocumentRecord
from sync.text.wanted import Term


class SearchText(Struct, frozen=True):
    """A document as search has read it."""

    key: int
    name: str
    version: int
    title: str
    """As it is shown."""
    text: str


class IndexedWords(Struct, frozen=True):
    """The folded words of a document."""

    key: int
    title: list[str]
    """Of the title, and of the name."""
    body: list[str]


class Rank(Struct, frozen=True):
    """The place of a document among those found: titles first, then by the last change."""

    is_title: bool
    updated_at_ms: int
    key: int


class SearchHit(Struct, frozen=True):
    """A document that was found, and its text as it was indexed."""

    document: DocumentRecord
    rank: Rank
    text: str


class SearchQuery(Struct, frozen=True):
    """A search: all its terms are to be found."""

    terms: tuple[Term, ...]
    """At least one."""
    limit: int
    after: Rank | None = None
    """The last one seen."""
