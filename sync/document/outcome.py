"""What becomes of a submission, and what a batch asks of the log before it is merged."""

from msgspec import Struct

from sync.error import Refusal
from sync.port import AuthorBinding, EventRecord


class Accepted(Struct, frozen=True):
    """It becomes this event, once committed."""

    record: EventRecord
    bindings: tuple[AuthorBinding, ...] = ()


class Known(Struct, frozen=True):
    """An event of that id and content is there already."""

    record: EventRecord


class Unchanged(Struct, frozen=True):
    """It changes nothing: acknowledged with the head, not logged."""

    version: int


class Parked(Struct, frozen=True):
    """It builds on what the log does not have yet; part of it may be an event already."""

    missing: tuple[tuple[int, int], ...]


class Refused(Struct, frozen=True):
    """It cannot be done."""

    why: Refusal


Outcome = Accepted | Known | Unchanged | Parked | Refused


class Questions(Struct):
    """What a batch needs to know of the log before it is merged."""

    ids: list[str] = []
    """Which of these the log has."""
    after: int | None = None
    """The events after this version, up to the window's first; None: none."""
    texts: list[int] = []
    """The texts at these versions."""


class Lookup(Struct):
    """The answers."""

    known: dict[str, EventRecord] = {}
    """Events that already carry one of the batch's ids."""
    history: list[EventRecord] = []
    """Events older than the window, consecutive up to its first, for rebasing."""
    texts: dict[int, str] = {}
    """The text at versions that a utf-16 position refers to."""
    narrow: int = -1
    """Up to this version no character took two UTF-16 units: positions need no text."""
