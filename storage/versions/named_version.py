"""Records of named versions, as they cross between SQL and the use cases."""

from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

VersionKind: TypeAlias = Literal["all", "named", "automatic"]
"""`named`: by people; `automatic`: made at the end of each session of writing."""


class NamedVersion(Struct, frozen=True):
    """A name of a version. Its fields are the columns of `named_versions`, in their order."""

    document_key: int
    name: str
    """Unique in its document."""
    version: int
    note: str
    is_automatic: bool
    created_by: str
    """A user's id; empty: the server, for one that is automatic."""
    created_by_name: str
    created_at_ms: int
    at_ms: int
    """The time of the version: UTC, milliseconds since the epoch."""


class VersionPlace(NamedTuple):
    """A place in the list of named versions: that of the last one of a page."""

    version: int
    name: str


class VersionQuery(Struct, frozen=True):
    """A page of the named versions of a document."""

    document_key: int
    kind: VersionKind
    before: VersionPlace | None
    limit: int
    ended_before_ms: int
    """Automatic ones of a later time are left out: their session of writing may go on."""


class SessionEnds(Struct, frozen=True):
    """The ends of sessions of writing that a document is to have as automatic versions."""

    document_key: int
    upto: int
    """The head at which they were found."""
    moved_from: int | None
    """The end that the first one of `ends` takes the place of, as its session went on."""
    ends: tuple[tuple[int, int], ...]
    """Version and its time, ascending."""
