"""The outcomes of a submission, and a batch's questions to the log with their answers."""

from msgspec import Struct

from sync.error import ErrorCode, Refusal, refusal
from sync.names import Role
from sync.port import AuthorBinding, EventRecord


class Accepted(Struct, frozen=True):
    """The submission becomes this event once it is committed."""

    record: EventRecord
    bindings: tuple[AuthorBinding, ...] = ()


class Known(Struct, frozen=True):
    """The log already has an event with the submission's id and content."""

    record: EventRecord


class Unchanged(Struct, frozen=True):
    """The submission changes nothing; it is acknowledged with the head and not logged."""

    version: int


class Parked(Struct, frozen=True):
    """The submission depends on structs that the log does not have yet.

    A part of it may have become an event already.
    """

    missing: tuple[tuple[int, int], ...]


class Refused(Struct, frozen=True):
    """The submission is refused."""

    why: Refusal


Outcome = Accepted | Known | Unchanged | Parked | Refused


class Questions(Struct):
    """A batch's questions to the log, answered before it is merged."""

    ids: list[str] = []
    """Ids of submissions: does the log have events with them?"""
    after: int | None = None
    """The version after which events are needed, up to the first in the window; None: none."""
    texts: list[int] = []
    """The versions whose texts are needed."""


class Lookup(Struct):
    """The answers to a batch's questions."""

    known: dict[str, EventRecord] = {}
    """The events in the log with ids of the batch, by id."""
    history: list[EventRecord] = []
    """Events older than the window, consecutive up to its first, for rebasing."""
    texts: dict[int, str] = {}
    """The texts at versions to which UTF-16 positions refer."""
    narrow: int = -1
    """The last version for which no text is needed.

    Up to it no character had two UTF-16 units, so UTF-16 positions are code points.
    """


def may_not_write(role: Role) -> Refusal:
    """Return the refusal of an edit by somebody whose role does not allow it."""
    return refusal(ErrorCode.FORBIDDEN, f"A {role} may not write here.")
