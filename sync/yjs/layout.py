"""The layout of a Yjs v1 update: its structs with their bytes, so that it can be rewritten.

`sync.yjs.update` parses an update to judge it, and refuses content that the log cannot hold. This
module reads an update that was refused, or of which only a part can be merged, and encodes an
update of the structs that are kept. It knows all content kinds that Yjs writes. Its output is
parsed and judged again.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sync.yjs.block import skip_place
from sync.yjs.bounded_json import MAX_DEPTH
from sync.yjs.content import (
    ANY,
    DELETED,
    DOCUMENT,
    EMBED,
    FORMAT,
    GC,
    JSON,
    SKIP,
    STRING,
    TYPE,
    XML_ELEMENT,
    XML_HOOK,
    UpdateLimits,
    read_content,
    read_data,
    skip_values,
)
from sync.yjs.varint import (
    MAX_CLOCK,
    MAX_SAFE_INTEGER,
    MalformedError,
    read_varint,
    write_data,
    write_varint,
)
from sync.yjs.verdict import Range

_KEYED: Final = 0x20
_HAS_ORIGIN: Final = 0x80
_HAS_RIGHT: Final = 0x40


class Piece(NamedTuple):
    """One struct: clocks `start` to `end`, exclusive, and the bytes that hold it."""

    start: int
    end: int
    kind: int
    is_keyed: bool
    is_supported: bool
    """True if the log can hold content of this kind."""
    head: bytes
    """The bytes of the struct before its content."""
    content: bytes
    text: str | None
    """The characters of a string; None for other content."""

    def encode(self) -> bytes:
        return self.head + self.content

    def with_text(self, text: str) -> "Piece":
        """Return the same struct with another string of the same number of units."""
        content = bytearray()
        write_data(content, text.encode())
        return self._replace(content=bytes(content), text=text)

    def without_content(self) -> "Piece":
        """Return the same struct with deleted content: its place and its units are kept."""
        content = bytearray()
        write_varint(content, self.end - self.start)
        head = bytes((self.head[0] & 0xE0 | DELETED,)) + self.head[1:]
        return self._replace(
            kind=DELETED, is_supported=True, head=head, content=bytes(content), text=None
        )

    def rest(self, client: int, clock: int) -> "Piece":
        """Return the part of this struct from a clock on, between its first part and its right.

        Args:
            client: the client of the struct.
            clock: of a unit after the first, and not inside a surrogate pair. The struct is one
                that the log can hold.
        """
        gone = clock - self.start
        if self.kind == GC:
            return self._replace(start=clock, head=b"\0", content=_number(self.end - clock))
        info, at = self.head[0], 1
        if info & _HAS_ORIGIN:
            for _ in range(2):
                _, at = read_varint(self.head, at)
        right = self.head[at:] if info & _HAS_RIGHT else b""
        head = bytes((info | _HAS_ORIGIN,)) + _number(client) + _number(clock - 1) + right
        piece = self._replace(start=clock, head=head)
        if self.text is not None:
            return piece.with_text(self.text.encode("utf-16-le")[2 * gone :].decode("utf-16-le"))
        content = _number(self.end - clock)
        if self.kind == ANY:
            _, begin = read_varint(self.content, 0)
            content += self.content[skip_values(self.content, begin, gone, MAX_DEPTH) :]
        return piece._replace(content=content)


class Section(NamedTuple):
    """The structs of one client. A gap between them is a struct of kind `SKIP`."""

    client: int
    pieces: Sequence[Piece]

    @property
    def start(self) -> int:
        return self.pieces[0].start


class Layout(NamedTuple):
    """The parts of an update: the structs of each client, and the delete set."""

    sections: list[Section]
    delete_set: bytes
    """The encoded delete set, not parsed."""


def read_layout(data: bytes, limits: UpdateLimits) -> Layout:
    """Return the layout of an update.

    Raises:
        MalformedError: the bytes are no update, or exceed a bound.
    """
    if len(data) > limits.max_update_bytes:
        raise MalformedError(f"an update of more than {limits.max_update_bytes} bytes")
    try:
        return _read_layout(data, limits)
    except IndexError:
        raise MalformedError("the update ends too early") from None
    except UnicodeDecodeError:
        raise MalformedError("a string is not valid UTF-8") from None


def _read_layout(data: bytes, limits: UpdateLimits) -> Layout:
    sections: list[Section] = []
    room = limits.max_structs
    clients, at = read_varint(data, 0)
    for _ in range(clients):
        count, at = read_varint(data, at)
        room -= count
        if not count or room < 0 or len(sections) >= limits.max_clients:
            raise MalformedError("an update of too many structs or clients")
        client, at = read_varint(data, at)
        clock, at = read_varint(data, at)
        if client > MAX_SAFE_INTEGER:
            raise MalformedError("a client id is out of range")
        pieces: list[Piece] = []
        for _ in range(count):
            piece, at = _read_piece(data, at, clock, limits)
            pieces.append(piece)
            clock = piece.end
        sections.append(Section(client, pieces))
    return Layout(sections, data[at:])


def _read_piece(data: bytes, at: int, clock: int, limits: UpdateLimits) -> tuple[Piece, int]:
    info, begin = data[at], at
    at += 1
    kind = info & 31
    if kind not in (GC, SKIP):
        at = skip_place(data, at, info)
    head_end = at
    text: str | None = None
    is_supported = True
    if kind == STRING:
        raw, at = read_data(data, at)
        text = raw.decode()
        units = len(raw) if len(text) == len(raw) else len(text.encode("utf-16-le")) // 2
    elif kind <= DELETED or kind == SKIP:
        units, at = read_varint(data, at)
    elif kind in (JSON, DOCUMENT) or (kind == TYPE and data[at] == XML_HOOK):
        units, at = _skip_unsupported(data, at, kind, limits)
        is_supported = False
    else:
        begin_content = at
        try:
            units, at = read_content(data, at, kind, limits)
        except MalformedError:
            units, at = _skip_unfit(data, begin_content, kind)
            is_supported = False
    if not units or clock + units > MAX_CLOCK:
        raise MalformedError("a struct without length, or a clock out of range")
    keyed = info & _KEYED != 0
    head, content = data[begin:head_end], data[head_end:at]
    piece = Piece(clock, clock + units, kind, keyed, is_supported, head, content, text)
    return piece, at


def _skip_unsupported(data: bytes, at: int, kind: int, limits: UpdateLimits) -> tuple[int, int]:
    """Return the number of units of unsupported content, and the index after it."""
    if kind == JSON:
        count, at = read_varint(data, at)
        for _ in range(count):
            _, at = read_data(data, at)
        return count, at
    if kind == TYPE:
        at += 1
    _, at = read_data(data, at)
    return 1, skip_values(data, at, 1, limits.max_depth) if kind == DOCUMENT else at


def _skip_unfit(data: bytes, at: int, kind: int) -> tuple[int, int]:
    """Return the number of units of content whose JSON or name is unfit, and the index after it.

    An example is JSON with half a surrogate pair: JavaScript writes it as an escape, and serde
    refuses it.
    """
    if kind == TYPE and data[at] == XML_ELEMENT:
        at += 1
    elif kind not in (EMBED, FORMAT):
        raise MalformedError("a content that cannot be read")
    for _ in range(2 if kind == FORMAT else 1):
        _, at = read_data(data, at)
    return 1, at


def encode_update(sections: Iterable[Section], delete_set: bytes) -> bytes:
    """Return a Yjs v1 update of these structs and an encoded delete set."""
    kept = [section for section in sections if section.pieces]
    out = bytearray()
    write_varint(out, len(kept))
    for section in kept:
        write_varint(out, len(section.pieces))
        write_varint(out, section.client)
        write_varint(out, section.start)
        for piece in section.pieces:
            out += piece.encode()
    return bytes(out) + delete_set


def _number(value: int) -> bytes:
    out = bytearray()
    write_varint(out, value)
    return bytes(out)


def encode_deletes(deletes: Iterable[Range]) -> bytes:
    """Return an encoded delete set. The ranges may overlap and be in any order."""
    by_client: dict[int, list[Range]] = {}
    for at in sorted(deletes):
        ranges = by_client.setdefault(at.client, [])
        if ranges and at.start <= ranges[-1].end:
            ranges[-1] = ranges[-1]._replace(end=max(ranges[-1].end, at.end))
        else:
            ranges.append(at)
    out = bytearray()
    write_varint(out, len(by_client))
    for client in sorted(by_client, reverse=True):
        write_varint(out, client)
        write_varint(out, len(by_client[client]))
        for at in by_client[client]:
            write_varint(out, at.start)
            write_varint(out, at.end - at.start)
    return bytes(out)


def deletion(deletes: Iterable[Range]) -> bytes:
    """Return the Yjs v1 update that deletes these ranges and does nothing else."""
    return encode_update((), encode_deletes(deletes))


def string_piece(
    start: int, text: str, origin: tuple[int, int] | None, right: tuple[int, int] | None
) -> Piece:
    """Return a new string between two units, (client, clock) each; at least one is given."""
    assert origin or right, "a string beside nothing needs a parent"
    head = bytearray((STRING | (0x80 if origin else 0) | (0x40 if right else 0),))
    for place in (origin, right):
        for number in place or ():
            write_varint(head, number)
    units = len(text.encode("utf-16-le")) // 2
    return Piece(start, start + units, STRING, False, True, bytes(head), b"", None).with_text(text)
