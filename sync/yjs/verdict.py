"""What the gate says of an update: ready, waiting or malformed."""

from typing import NamedTuple

from msgspec import Struct

from sync.yjs.keystroke import TypingDelete, TypingInsert
from sync.yjs.place import UNKNOWN, Place, Placed


class Range(NamedTuple):
    """Clocks `start` to `end`, exclusive, of `client`; in UTF-16 units."""

    client: int
    start: int
    end: int


class Ready(Struct, frozen=True):
    """The update may be merged now. With nothing authored and nothing deleted it has no effect."""

    authored: tuple[Range, ...]
    """What is new, at most one range per client; `start` is what the log has of that client."""
    deletes: tuple[Range, ...]
    """As sent: all, part or none of it may be deleted already."""
    inserted_units: int
    """UTF-16 units of new string content, also where it is deleted again or hidden in a map."""
    plain: bool
    """Every new struct is a string, a deletion or its remains, and no map entry."""
    pairs: tuple[tuple[int, int], ...]
    """(client, clock) of the first half of each new surrogate pair."""
    roots: tuple[str, ...]
    """The roots that new structs name, in order. Structs with an origin name none."""
    text_roots: tuple[str, ...]
    """Those of `roots` that new strings name, outside of map entries."""
    types: tuple[tuple[int, int], ...]
    """(client, clock) of each new shared type."""
    remains: tuple[Range, ...]
    """What is new and deleted already, told without its content: it may have been a shared type."""
    hint: TypingInsert | TypingDelete | None
    """For a fast path; None for whatever is not that simple."""
    cuts: tuple[tuple[int, int], ...] = ()
    """(client, clock) of the first half of each surrogate pair of the log that it inserts into.

    Only in an update that the log has, or that was repaired: the pair is deleted by then.
    """
    halves: tuple[tuple[int, int], ...] = ()
    """(client, clock) of each U+FFFD at the end of a new string.

    For its author it may be half of a pair, and be one string with what the author types next:
    cutting that string behind it costs the next character.
    """
    has_entries: bool = False
    """Whether a new struct is a map entry, or stands in one."""
    places: tuple[Placed, ...] = ()
    """New units that stand elsewhere than in the document's main place."""
    main: Place = UNKNOWN
    """The main place of a document that begins with this."""

    @property
    def has_deletes(self) -> bool:
        return bool(self.deletes)


class Waiting(Struct, frozen=True):
    """The update may be merged once every (client, clock) of `missing` is reached.

    Reached means that the state vector's clock for the client is at least `clock`. Then it must be
    inspected again: what came meanwhile may have made it malformed. Never empty; clients ascending.
    """

    missing: tuple[tuple[int, int], ...]


class Malformed(Struct, frozen=True):
    """The update is refused for good."""

    reason: str
    """Fit for a peer."""


Verdict = Ready | Waiting | Malformed
