"""Repair of updates that the gate refuses although their structure is sound.

A client whose struct is refused can never write again, because all its later structs depend on
that one. So a struct that cannot be stored is replaced by one that can, with the same ids and
clocks. The author's document is corrected by deletions and insertions, which everybody merges:

- NUL in a string becomes a space that is deleted in the same update.
- U+FFFD in a string may be half of a surrogate pair in the author's document. It is deleted, and
  the server inserts a U+FFFD of its own in the same place. The character after it is replaced as
  well: where Yjs splits a string behind a high surrogate, it reads the next unit as the low one.
- A deletion of half a surrogate pair deletes the whole pair.
- An insertion inside a pair makes Yjs and yrs disagree: Yjs turns the halves into two U+FFFD, yrs
  does not split the pair. So an event before the update deletes the pair, and with the update the
  server inserts the character again.
- Content that the log cannot hold (sub-documents, XML hooks, JSON of Yjs 12, half a pair in JSON,
  NUL in the name of an element or a mark) is replaced by deleted content.
- So are values that were written one over the other under a key of a map. Yjs joins them to one
  struct where it keeps deleted content: for an `UndoManager`, or without garbage collection.

See `docs/decisions/0014-a-refused-struct-is-repaired.md`.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct

from sync.yjs.content import STRING
from sync.yjs.gate import DEFAULT_LIMITS, GateLimits, judge
from sync.yjs.known import NO_CLOCKS, KnownState
from sync.yjs.layout import (
    Piece,
    Section,
    encode_deletes,
    encode_update,
    read_layout,
    string_piece,
)
from sync.yjs.place import LongEntriesError
from sync.yjs.update import Update, parse_update
from sync.yjs.varint import MalformedError
from sync.yjs.verdict import Malformed, Range, Ready, Waiting

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
REPLACEMENT_BYTES: Final = REPLACEMENT.encode()
MAX_RUNS: Final = 1_024
"""The most places at which one string is repaired.

With more, the server deletes the whole string and inserts it anew: each place splits the string,
and the cost in yrs grows with the square of the number of parts.
"""
MAX_CUTS: Final = 64
"""The most pairs that one update may cut; each costs a search in the document's state."""

_Unit = tuple[int, int]
"""A unit: (client, clock)."""
_NULS: Final = re.compile("\0+")
_HALVES: Final = re.compile(f"{REPLACEMENT}+[^\0]?", re.DOTALL)
"""A run of U+FFFD, which may be halves of pairs, and the character after it."""
_AFTER_HALF: Final = re.compile(f"\\A{REPLACEMENT}*[^\0]|{REPLACEMENT}+[^\0]?", re.DOTALL)
"""The same, and the first character of the string."""


class Insertion(Struct, frozen=True):
    """A string that the server puts between two units of the update or the document."""

    text: str
    origin: _Unit | None
    right: _Unit | None


class Repaired(Struct, frozen=True):
    """A repaired update, to be judged and merged instead of the update that was sent."""

    sections: list[Section]
    deletes: list[Range]
    verdict: Ready | Waiting
    """The gate's verdict on the repaired update, without the server's insertions."""
    insertions: list[Insertion]
    cuts: list[_Unit]
    """The first halves of the pairs that an event before must delete; none was cut before."""

    @property
    def update(self) -> bytes:
        """The repaired update, without the server's insertions."""
        return encode_update(self.sections, encode_deletes(self.deletes))

    def revived(self) -> list[_Unit]:
        """Return the pairs of `cuts` that the server must insert again.

        They are those that the update does not delete itself.
        """
        clocks: dict[int, list[int]] = {}
        for client, clock in sorted(self.cuts):
            clocks.setdefault(client, []).append(clock)
        gone: set[_Unit] = set()
        for client, start, end in self.deletes if self.cuts else ():
            cut = clocks.get(client)
            if cut is not None:
                first, last = bisect_left(cut, start), bisect_left(cut, end)
                gone.update((client, clock) for clock in cut[first:last])
        return [at for at in self.cuts if at not in gone]

    def finish(self, server: int, clock: int, characters: Mapping[_Unit, str]) -> bytes:
        """Return the update to be merged and logged, with the server's insertions.

        Args:
            server: the server's CRDT client id.
            clock: the clock of that client in the log.
            characters: the character of each pair in `revived` that was not deleted.
        """
        insertions = [
            *(Insertion(text, at, (at[0], at[1] + 1)) for at, text in characters.items()),
            *self.insertions,
        ]
        pieces: list[Piece] = []
        for insertion in insertions:
            pieces.append(string_piece(clock, insertion.text, insertion.origin, insertion.right))
            clock = pieces[-1].end
        return encode_update(
            [*self.sections, Section(server, pieces)], encode_deletes(self.deletes)
        )


def repair(
    update: bytes, known: KnownState, limits: GateLimits = DEFAULT_LIMITS
) -> Repaired | Malformed:
    """Return a repaired update; `Malformed` if it cannot be repaired."""
    try:
        layout = read_layout(update, limits.update)
        deletes: list[Range] = []
        sections = [
            _without_unfit(section, known.clocks.get(section.client, 0), deletes)
            for section in layout.sections
            if section.pieces[-1].end > known.clocks.get(section.client, 0)
        ]
        parsed = parse_update(encode_update(sections, layout.delete_set), limits.update)
        texts = {
            (section.client, piece.start): piece.text
            for section in layout.sections
            for piece in section.pieces
            if piece.kind == STRING and not piece.is_keyed and piece.text is not None
        }
        try:
            return _repair([*sections], texts, [*deletes], parsed, known, limits)
        except LongEntriesError as long:
            sections = [_without_long(each, set(long.structs), deletes) for each in sections]
            parsed = parse_update(encode_update(sections, layout.delete_set), limits.update)
            return _repair(sections, texts, deletes, parsed, known, limits)
    except MalformedError as error:
        return Malformed(str(error))


def _without_unfit(section: Section, have: int, deletes: list[Range]) -> Section:
    """Replace content that the log cannot hold; add its units to `deletes`.

    Args:
        have: the clock up to which the log has units already, which stay as they are.
    """
    pieces = list(section.pieces)
    for index, piece in enumerate(pieces):
        if piece.end <= have and not piece.is_supported:
            pieces[index] = piece.without_content()
            continue
        if not piece.is_supported:
            pieces[index] = piece.without_content()
            deletes.append(Range(section.client, piece.start, piece.end))
        elif piece.text is not None and "\0" in piece.text:
            if _is_torn(piece):
                deletes.append(Range(section.client, piece.start, piece.end))
                pieces[index] = piece.with_text(piece.text.replace("\0", " "))
                continue
            for start, end, _ in _runs(_NULS, piece.text, piece.start):
                deletes.append(Range(section.client, start, end))
            pieces[index] = piece.with_text(piece.text.replace("\0", " "))
    return Section(section.client, pieces)


def _without_long(section: Section, long: AbstractSet[_Unit], deletes: list[Range]) -> Section:
    """Replace map entries of several values; add their units to `deletes`.

    An editor has deleted all of them: the value that is shown is an entry of its own.
    """
    pieces = list(section.pieces)
    for index, piece in enumerate(pieces):
        if (section.client, piece.start) in long:
            pieces[index] = piece.without_content()
            deletes.append(Range(section.client, piece.start, piece.end))
    return Section(section.client, pieces)


def _repair(
    sections: list[Section],
    texts: Mapping[_Unit, str],
    deletes: list[Range],
    parsed: Update,
    known: KnownState,
    limits: GateLimits,
) -> Repaired:
    """Repair surrogate pairs and halves of pairs, for which the document must be known.

    Args:
        texts: the strings as they were sent, by their first unit.
    """
    pairs = known.marks.pairs
    clocks = known.clocks
    fresh: dict[int, set[int]] = {}
    damaged: dict[int, set[int]] = {}
    for client, clock in parsed.pairs:
        have = clocks.get(client, 0)
        if clock >= have:
            fresh.setdefault(client, set()).add(clock)
        elif clock == have - 1:
            # The log has U+FFFD here where the author has half a pair.
            damaged.setdefault(client, set()).add(clock)
    cuts: dict[_Unit, None] = {}
    for client, start, on, _, border in parsed.dependencies:
        if start < clocks.get(client, 0):
            continue
        if border in fresh.get(on, NO_CLOCKS):
            damaged.setdefault(on, set()).add(border)
        elif border in pairs.get(on, NO_CLOCKS):
            cuts[on, border] = None
    new_cuts = [at for at in cuts if at[1] not in known.marks.cuts.get(at[0], NO_CLOCKS)]
    if len(new_cuts) > MAX_CUTS:
        raise MalformedError(f"an update that cuts more than {MAX_CUTS} surrogate pairs")
    for client, start, end in parsed.deletes:
        of_client = (pairs.get(client, NO_CLOCKS), fresh.get(client, NO_CLOCKS))
        start -= any(start - 1 in each for each in of_client)
        end += any(end - 1 in each for each in of_client)
        deletes.append(Range(client, start, end))
    origins = {
        (client, start): (on, clock)
        for client, start, on, clock, border in parsed.dependencies
        if border == clock
    }
    insertions: list[Insertion] = []
    for index, section in enumerate(sections):
        client, pieces = section.client, list(section.pieces)
        have, spoilt = clocks.get(client, 0), damaged.get(client, NO_CLOCKS)
        for nth, piece in enumerate(pieces):
            text = texts.get((client, piece.start))
            if text is None:
                continue
            if spoilt:
                text = _without_pairs(text, piece.start, spoilt)
                pieces[nth] = piece.with_text(text.replace("\0", " "))
            origin = origins.get((client, piece.start))
            if _is_torn(piece._replace(text=texts[client, piece.start])):
                shown = _from_unit(text, max(have - piece.start, 0)).replace("\0", "")
                start = max(piece.start, have)
                if shown:
                    left, right = _beside(client, start, piece.end, piece, origin)
                    insertions.append(Insertion(shown, left, right))
                deletes.append(Range(client, start, piece.end))
                continue
            half = origin == (client, piece.start - 1) and origin[1] in known.marks.halves.get(
                client, NO_CLOCKS
            )
            for start, end, shown in _runs(_AFTER_HALF if half else _HALVES, text, piece.start):
                if start < have:
                    start, shown = have, shown[have - start :]
                if start >= end:
                    continue
                left, right = _beside(client, start, end, piece, origin)
                insertions.append(Insertion(shown, left, right))
                deletes.append(Range(client, start, end))
        sections[index] = Section(client, pieces)
    update = encode_update(sections, encode_deletes(deletes))
    verdict = judge(parse_update(update, limits.update), known, limits, cutting=True)
    return Repaired(sections, deletes, verdict, insertions, new_cuts)


def _is_torn(piece: Piece) -> bool:
    """Return True if a string outside of maps needs repairs at more than `MAX_RUNS` places."""
    text = piece.text
    return (
        text is not None
        and not piece.is_keyed
        and text.count("\0") + text.count(REPLACEMENT) > MAX_RUNS
    )


def _from_unit(text: str, units: int) -> str:
    """Return a text without its first UTF-16 units; half a pair becomes U+FFFD, as in Yjs."""
    if not units:
        return text
    return text.encode("utf-16-le")[2 * units :].decode("utf-16-le", "replace")


def _without_pairs(text: str, clock: int, damaged: AbstractSet[int]) -> str:
    """Return a text with two U+FFFD for each damaged pair, as Yjs shows it.

    Args:
        clock: of the first unit of the text.
    """
    chars = list(text)
    for index, char in enumerate(chars):
        if char > "\uffff":
            if clock in damaged:
                chars[index] = 2 * REPLACEMENT
            clock += 1
        clock += 1
    return "".join(chars)


def _beside(
    client: int, start: int, end: int, piece: Piece, origin: _Unit | None
) -> tuple[_Unit | None, _Unit]:
    """Return the two units between which the server inserts the replacement of a range.

    Both are in the same new string if possible, since nobody can have inserted between them.
    Otherwise the replacement goes to the left of the range.
    """
    if end < piece.end:
        return (client, end - 1), (client, end)
    if start > piece.start:
        return (client, start - 1), (client, start)
    return origin, (client, start)


def _runs(pattern: re.Pattern[str], text: str, clock: int) -> Iterator[tuple[int, int, str]]:
    """Yield the matches of a pattern: start and end clock, and the matched text.

    Args:
        clock: of the first unit of the text.
    """
    at = 0
    for match in pattern.finditer(text):
        clock += _units(text[at : match.start()])
        at = match.end()
        start, clock = clock, clock + _units(match[0])
        yield start, clock, match[0]


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
