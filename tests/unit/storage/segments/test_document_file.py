"""The file of a document: whole, or refused with the place of the fault."""

import pytest
from msgspec.structs import replace

from storage.segments.document_file import (
    MAGIC,
    MERGED_FORMAT,
    DocumentFileError,
    DocumentFileWriter,
    FileHead,
    FileVersion,
    read_document_file,
)

HEAD = FileHead("notes", "Notes", "content", 5, 1, 2, 3, [(7, "user"), (9, "")])
VERSIONS = [FileVersion("first", 2, "note", "user", "Ann", 4, 5)]
SEGMENTS = [b"one segment", b"", b"another" * 40]


def written(head: FileHead = HEAD, events: int = 5) -> bytes:
    writer = DocumentFileWriter()
    parts = [writer.begin(head), *map(writer.segment, SEGMENTS), writer.end(VERSIONS, events)]
    return b"".join(parts)


WHOLE = written()


def test_file_comes_back() -> None:
    found = read_document_file(WHOLE)
    assert (found.head, found.versions) == (HEAD, VERSIONS)
    assert [data for _, data in found.segments] == SEGMENTS
    for at, data in found.segments:
        assert WHOLE[at + 9 : at + 9 + len(data)] == data


def test_every_flipped_bit_is_told() -> None:
    for index in range(len(WHOLE)):
        for bit in range(8):
            damaged = bytearray(WHOLE)
            damaged[index] ^= 1 << bit
            with pytest.raises(DocumentFileError):
                read_document_file(bytes(damaged))


def test_every_truncation_is_told() -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(DocumentFileError) as told:
            read_document_file(WHOLE[:length])
        assert told.value.at <= length


def test_surplus_byte_is_told() -> None:
    with pytest.raises(DocumentFileError, match=f"At byte {len(WHOLE)}"):
        read_document_file(WHOLE + b"\0")


@pytest.mark.parametrize(
    "foreign", [b"", b"PK\3\4" * 9, b"# A text\n", MAGIC[:-1] + b"X" + WHOLE[8:]]
)
def test_foreign_file_is_told(foreign: bytes) -> None:
    with pytest.raises(DocumentFileError, match="no document of Quire"):
        read_document_file(foreign)


def test_file_of_a_newer_format_is_told() -> None:
    with pytest.raises(DocumentFileError, match="format is unknown"):
        read_document_file(MAGIC + bytes([MERGED_FORMAT + 1]) + WHOLE[9:])


def test_merged_events_come_before_the_segments() -> None:
    writer = DocumentFileWriter()
    start = writer.begin(HEAD, has_merged=True)
    assert start[8] == MERGED_FORMAT
    data = start + writer.merged(b"first") + writer.merged(b"second") + writer.segment(b"third")
    file = read_document_file(data + writer.end([], HEAD.version))
    assert [body for _, body in file.merged] == [b"first", b"second"]
    assert [body for _, body in file.segments] == [b"third"]
    writer = DocumentFileWriter()
    late = writer.begin(HEAD, has_merged=True) + writer.segment(b"x") + writer.merged(b"late")
    with pytest.raises(DocumentFileError, match="another part"):
        read_document_file(late)


def test_damaged_segment_is_told_with_its_place() -> None:
    at = WHOLE.index(b"another")
    damaged = WHOLE[:at] + b"X" + WHOLE[at + 1 :]
    with pytest.raises(DocumentFileError, match=f"At byte {at - 9}: a part is damaged"):
        read_document_file(damaged)


def test_part_that_is_left_out_or_moved_is_told() -> None:
    found = read_document_file(WHOLE)
    (first, _), (second, _), (third, _) = found.segments
    without = WHOLE[:first] + WHOLE[second:]
    swapped = WHOLE[:first] + WHOLE[second:third] + WHOLE[first:second] + WHOLE[third:]
    for other in (without, swapped, WHOLE[:9] + WHOLE[first:]):
        with pytest.raises(DocumentFileError):
            read_document_file(other)


def test_count_that_differs_from_the_head_is_told() -> None:
    with pytest.raises(DocumentFileError, match="not all"):
        read_document_file(written(events=4))
    with pytest.raises(DocumentFileError, match="not all"):
        read_document_file(written(replace(HEAD, version=6)))
