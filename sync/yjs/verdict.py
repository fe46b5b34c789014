"""The verdicts of the gate on an update: ready, waiting or malformed."""

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
    """The new units, at most one range per client; `start` is the client's clock in the log."""
    deletes: tuple[Range, ...]
    """The deleted ranges as sent; all, some or none of them may be deleted already."""
    inserted_units: int
    """UTF-16 units of new strings, including deleted ones and those in maps."""
    plain: bool
    """True if every new struct is a string or deleted content, and none is a map entry."""
    pairs: tuple[tuple[int, int], ...]
    """(client, clock) of the first half of each new surrogate pair."""
    roots: tuple[str, ...]
    """The roots that new structs name, in order. Structs with an origin name none."""
    text_roots: tuple[str, ...]
    """Those of `roots` that new strings name, outside of map entries."""
    types: tuple[tuple[int, int], ...]
    """(client, clock) of each new shared type."""
    remains: tuple[Range, ...]
    """New units that came as deleted, without content; they may have been shared types."""
    hint: TypingInsert | TypingDelete | None
    """The update as a keystroke or backspace, for fast paths; None if it is neither."""
    cuts: tuple[tuple[int, int], ...] = ()
    """(client, clock) of the first half of each known surrogate pair inside which it inserts.

    Empty unless the update is in the log or was repaired; then the pairs are deleted already.
    """
    halves: tuple[tuple[int, int], ...] = ()
    """(client, clock) of each U+FFFD at the end of a new string.

    In the author's document it may be half of a pair, in one string with the author's next
    characters. Splitting that string after it would lose the next character.
    """
    has_entries: bool = False
    """True if a new struct is a map entry, or is in one."""
    places: tuple[Placed, ...] = ()
    """The places of new units that are not in the document's main place."""
    structs: int = 3
    """An upper bound of the structs that the document has more of after the merge."""
    repeats: bool = False
    """True if it has units that the log has already."""
    main: Place = UNKNOWN
    """The main place of a document that begins with this update."""

    @property
    def has_deletes(self) -> bool:
        return bool(self.deletes)


class Waiting(Struct, frozen=True):
    """The update may be merged once the log has reached every (client, clock) of `missing`.

    A clock is reached when the state vector has at least `clock` for the client. The update must
    then be inspected again, since other updates may have made it malformed. `missing` is never
    empty; its clients ascend.
    """

    missing: tuple[tuple[int, int], ...]


class Malformed(Struct, frozen=True):
    """The update is refused for good."""

    reason: str
    """The reason, as text that is fit for a peer."""


Verdict = Ready | Waiting | Malformed
