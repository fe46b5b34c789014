"""Frames of a room: a long state is what all its receivers share."""

from sync.shells.rooms.sink import (
    LONG_BYTES,
    SERIES,
    TAIL,
    Parcel,
    binary_frame,
    singles,
    whole,
)
from sync.wire.message import AwarenessOut, Joined, RoleChanged, Several, SingleMessage, encode


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


def test_several_messages_are_frames_of_one_write_which_others_share() -> None:
    kept: dict[int, object] = {}
    role, awareness = RoleChanged("notes", "viewer"), AwarenessOut("notes", b"\x00")
    parcel = Parcel(Several("notes", (role, awareness), kept), "notes")
    frame, size = parcel.frame("msgpack")
    texts = [encode(each, "msgpack") for each in (role, awareness)]
    assert [each["bytes"] for each in singles(frame)] == texts
    assert size == sum(map(len, texts))
    other, _ = Parcel(Several("notes", (awareness, role), kept), "notes").frame("msgpack")
    assert other[SERIES][1] is frame[SERIES][0], "encoded once"


def test_several_messages_are_encoded_as_far_as_a_protocol_has_messages_for_them() -> None:
    def encode_message(message: SingleMessage) -> bytes | None:
        return message.update if isinstance(message, AwarenessOut) else None

    role, awareness = RoleChanged("notes", "viewer"), AwarenessOut("notes", b"\x00")
    encoded = Parcel(Several("notes", (role, awareness))).encoded("yjs", encode_message)
    assert encoded == (binary_frame(b"\x00"), 1)
    assert Parcel(Several("notes", (role, role))).encoded("yjs", encode_message) is None
