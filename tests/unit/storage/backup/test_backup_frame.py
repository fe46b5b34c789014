"""The file of a backup is read whole, or refused with the place.

Seen to be caught: a checksum that does not cover the one before; one without kind and length; bytes
behind the end that are not looked for.
"""

from io import BytesIO
from itertools import pairwise

import pytest

from storage.backup.backup_frame import (
    BLOB,
    END,
    HEADER,
    ROWS,
    BackupDamagedError,
    FrameWriter,
    read_frames,
)

CONTENTS = [(HEADER, b"head"), (ROWS, b"row " * 50), (ROWS, b""), (BLOB, b"\0\xff"), (END, b"end")]


def written() -> tuple[bytes, list[int]]:
    """A backup, and where its frames begin."""
    file = BytesIO()
    frames = FrameWriter(file)
    places = []
    for kind, content in CONTENTS:
        places.append(file.tell())
        frames.write(kind, content)
    return file.getvalue(), [*places, file.tell()]


def read(data: bytes) -> list[tuple[bytes, bytes]]:
    return [(frame.kind, frame.content) for frame in read_frames(BytesIO(data))]


def test_frames_come_back() -> None:
    data, places = written()
    assert read(data) == CONTENTS
    assert [frame.place for frame in read_frames(BytesIO(data))] == places[:-1]


def test_every_flipped_byte_is_found() -> None:
    data, _ = written()
    for place in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[place] ^= 1 << bit
            with pytest.raises(BackupDamagedError):
                read(bytes(flipped))


def test_every_cut_is_found_with_its_place() -> None:
    data, places = written()
    for size in range(len(data)):
        with pytest.raises(BackupDamagedError) as raised:
            read(data[:size])
        if size >= places[0]:
            last = max(place for place in places if place <= size)
            assert f"ends at byte {last:,}" in str(raised.value)


def test_frame_that_is_missing_doubled_or_moved_is_found() -> None:
    data, places = written()
    head, *parts = (
        data[: places[0]],
        *(data[a:b] for a, b in pairwise(places)),
    )
    for number in range(len(parts)):
        without = parts[:number] + parts[number + 1 :]
        doubled = parts[: number + 1] + parts[number:]
        for changed in (without, doubled):
            with pytest.raises(BackupDamagedError):
                read(b"".join((head, *changed)))
    moved = [parts[0], parts[2], parts[1], *parts[3:]]
    with pytest.raises(BackupDamagedError, match="damaged in rows"):
        read(b"".join((head, *moved)))


def test_what_is_no_backup_is_said_to_be_none() -> None:
    for data in (b"", b"SQLite format 3\0"):
        with pytest.raises(BackupDamagedError, match="does not begin as a backup"):
            read(data)
    with pytest.raises(BackupDamagedError, match="follows its end"):
        read(written()[0] + b"x")
