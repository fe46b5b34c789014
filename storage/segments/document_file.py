"""The file of a whole document with its history: `notes.quire`.

    magic "QUIREDOC" | format (1 byte) | frames

A frame is a kind (1 byte), the length of its body (4 bytes), a CRC of both and the body (4 bytes),
and the body. There is one head (JSON), then the events that were merged, if there are any, and the
segments of all others, in order, then the named versions (JSON), and last the end (JSON): how much
came before it, and a hash of every byte of that. With merged events it is of format 2.
A file that is cut off, changed, or of another kind is told with the place of the fault.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final
from zlib import crc32

import msgspec

MAGIC: Final = b"QUIREDOC"
FORMAT: Final = 1
MERGED_FORMAT: Final = 2
"""The format of a file with merged events."""
_HEAD, _MERGED, _SEGMENT, _VERSIONS, _END = b"H", b"M", b"S", b"V", b"E"
_ORDER: Final = {
    b"": _HEAD,
    _HEAD: _MERGED + _SEGMENT + _VERSIONS,
    _MERGED: _MERGED + _SEGMENT + _VERSIONS,
    _SEGMENT: _SEGMENT + _VERSIONS,
}
"""The kinds that may follow each; after the named versions comes the end."""
_FRAME_BYTES: Final = 9
_MAX_FRAME_BYTES: Final = 64 << 20


class DocumentFileError(Exception):
    """A file that is no whole document: the text says why, and at which byte."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(f"At byte {at}: {reason}.")
        self.at = at


class FileHead(msgspec.Struct, frozen=True):
    """The metadata of the document."""

    name: str
    title: str
    text_root: str
    version: int
    """The head: the number of its events."""
    created_at_ms: int
    updated_at_ms: int
    exported_at_ms: int
    authors: list[tuple[int, str]]
    """CRDT client ids, and the users that they belong to; an empty one: the server."""


class FileVersion(msgspec.Struct, frozen=True):
    """A named version."""

    name: str
    version: int
    note: str
    created_by: str
    created_by_name: str
    created_at_ms: int
    at_ms: int


class _End(msgspec.Struct, frozen=True):
    events: int
    segments: int
    digest: str


class DocumentFile(msgspec.Struct, frozen=True):
    """A file that is whole: every byte of it was checked. Its segments are not yet decoded."""

    head: FileHead
    merged: list[tuple[int, bytes]]
    """Merged events, each with its place in the file."""
    segments: list[tuple[int, bytes]]
    """Each with its place in the file."""
    versions: list[FileVersion]


_decode_head = msgspec.json.Decoder(FileHead).decode
_decode_versions = msgspec.json.Decoder(list[FileVersion]).decode
_decode_end = msgspec.json.Decoder(_End).decode


class DocumentFileWriter:
    """The parts of a file, in order: `begin`, each `segment`, `end`. Joined they are the file."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=32)
        self._segments = 0

    def begin(self, head: FileHead, *, has_merged: bool = False) -> bytes:
        start = MAGIC + bytes([MERGED_FORMAT if has_merged else FORMAT])
        self._hash.update(start)
        return start + self._frame(_HEAD, msgspec.json.encode(head))

    def merged(self, data: bytes) -> bytes:
        return self._frame(_MERGED, data)

    def segment(self, data: bytes) -> bytes:
        self._segments += 1
        return self._frame(_SEGMENT, data)

    def end(self, versions: Sequence[FileVersion], events: int) -> bytes:
        """Return the named versions and the end, after so many events."""
        named = self._frame(_VERSIONS, msgspec.json.encode(versions))
        end = _End(events, self._segments, self._hash.hexdigest())
        return named + self._frame(_END, msgspec.json.encode(end))

    def _frame(self, kind: bytes, body: bytes) -> bytes:
        size = len(body).to_bytes(4, "big")
        frame = kind + size + _crc(kind + size, body) + body
        self._hash.update(frame)
        return frame


def read_document_file(data: bytes) -> DocumentFile:
    """Return the parts of a file; every byte of it is checked.

    Raises:
        DocumentFileError: it is not whole.
    """
    if data[: len(MAGIC)] != MAGIC:
        raise DocumentFileError(0, "this is no document of Quire")
    if data[len(MAGIC) : len(MAGIC) + 1] not in (bytes([FORMAT]), bytes([MERGED_FORMAT])):
        raise DocumentFileError(len(MAGIC), "the format is unknown; a newer Quire may have made it")
    head: FileHead | None = None
    merged: list[tuple[int, bytes]] = []
    segments: list[tuple[int, bytes]] = []
    versions: list[FileVersion] = []
    for at, kind, body in _frames(data):
        if kind in (_MERGED, _SEGMENT):
            (merged if kind == _MERGED else segments).append((at, body))
            continue
        try:
            if kind == _HEAD:
                head = _decode_head(body)
            elif kind == _VERSIONS:
                versions = _decode_versions(body)
            else:
                _check_end(data, at, _decode_end(body), len(segments), head)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DocumentFileError(at, f"a part cannot be read: {error}") from error
    assert head is not None, "the order of the frames was checked"
    return DocumentFile(head, merged, segments, versions)


def _frames(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield place, kind and body of each frame; the last one is the end, and nothing follows."""
    at, before = len(MAGIC) + 1, b""
    while before != _END:
        start = at + _FRAME_BYTES
        if start > len(data):
            raise DocumentFileError(len(data), "the file is cut off")
        kind, size = data[at : at + 1], int.from_bytes(data[at + 1 : at + 5], "big")
        if kind not in _ORDER.get(before, _END) or not kind:
            raise DocumentFileError(at, "another part was to come here")
        if size > _MAX_FRAME_BYTES:
            raise DocumentFileError(at, "a part is too large")
        if start + size > len(data):
            raise DocumentFileError(len(data), "the file is cut off")
        body = data[start : start + size]
        if _crc(data[at : at + 5], body) != data[at + 5 : start]:
            raise DocumentFileError(at, "a part is damaged")
        yield at, kind, body
        at, before = start + size, kind
    if at != len(data):
        raise DocumentFileError(at, "something follows the end")


def _check_end(data: bytes, at: int, end: _End, segments: int, head: FileHead | None) -> None:
    if blake2b(data[:at], digest_size=32).hexdigest() != end.digest:
        raise DocumentFileError(at, "the file is not the one that was written")
    if end.segments != segments or head is None or end.events != head.version:
        raise DocumentFileError(at, "the file has not all that was written")


def _crc(head: bytes, body: bytes) -> bytes:
    return crc32(body, crc32(head)).to_bytes(4, "big")
