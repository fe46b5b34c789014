"""Frames of a room: a long state is what all its receivers share."""

from sync.shells.rooms.sink import LONG_BYTES, TAIL, Parcel, binary_frame, whole
from sync.wire.message import Joined, encode


def joined(size: int) -> Joined:
    return Joined("notes", "epoch", 7, "editor", recovered=False, members=[], state=b"s" * size)


def test_long_state_is_the_tail_of_its_frame_and_not_copied() -> None:
    message = joined(LONG_BYTES)
    frame, size = Parcel(message).frame("msgpack")
    assert frame[TAIL] is message.state
    assert whole(frame) == binary_frame(encode(message, "msgpack"))
    assert size == len(whole(frame)["bytes"])


def test_short_state_is_part_of_the_frame() -> None:
    message = joined(LONG_BYTES - 1)
    frame, size = Parcel(message).frame("msgpack")
    assert TAIL not in frame
    assert whole(frame) is frame
    assert (frame["bytes"], size) == (encode(message, "msgpack"), len(frame["bytes"]))


def test_json_has_no_tail() -> None:
    message = joined(LONG_BYTES)
    frame, _ = Parcel(message).frame("json")
    assert frame == {"type": "websocket.send", "text": encode(message, "json").decode()}
