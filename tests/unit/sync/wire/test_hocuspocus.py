"""`sync.wire.hocuspocus`: the frames of the dialect, byte by byte."""

import pytest

from sync.wire.hocuspocus import (
    MAX_ADDRESS_BYTES,
    MAX_STATELESS_BYTES,
    MAX_TOKEN_BYTES,
    PONG_FRAME,
    Addressed,
    CloseDocument,
    HocuspocusMessage,
    Ping,
    StatelessIn,
    Token,
    decode_frame,
    document_name,
    encode_address,
    encode_authenticated,
    encode_close,
    encode_permission_denied,
    encode_stateless,
    encode_sync_status,
    read_frame,
)
from sync.wire.ysync import AwarenessQuery, AwarenessUpdate, Ignored, SyncRequest, SyncUpdate
from sync.yjs.varint import MalformedError, write_text

NOTES = b"\5notes"


def text(value: str) -> bytes:
    out = bytearray()
    write_text(out, value)
    return bytes(out)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\0\0\1\7", SyncRequest(b"\7")),
        (b"\0\1\2\0\0", SyncUpdate(b"\0\0", is_past=True)),
        (b"\0\2\3abc", SyncUpdate(b"abc")),
        (b"\0\2\x80\1" + b"x" * 128, SyncUpdate(b"x" * 128)),
        (b"\1\1\0", AwarenessUpdate(b"\0")),
        (b"\2\0" + text("key"), Token("key")),
        (b"\2\0" + text("key") + text("4.1.0"), Token("key", "4.1.0")),
        (b"\3", AwarenessQuery()),
        (b"\5" + text("hi"), StatelessIn("hi")),
        (b"\7", CloseDocument()),
        (b"\7" + text("unmounted"), CloseDocument()),
    ],
)
def test_frame_has_an_address_and_a_message(body: bytes, message: HocuspocusMessage) -> None:
    assert decode_frame(NOTES + body) == read_frame(NOTES + body) == Addressed("notes", message)


def test_ping_and_pong_are_one_byte_and_for_no_document() -> None:
    assert decode_frame(b"\x09") == Addressed("", Ping())
    assert decode_frame(PONG_FRAME) == Addressed("", Ignored())


def test_address_may_be_long_and_carry_a_session_id() -> None:
    address = "n" * 200 + "\0session"
    decoded = decode_frame(encode_address(address) + b"\0\2\1u")
    assert decoded == Addressed(address, SyncUpdate(b"u"))
    assert document_name(decoded.address) == "n" * 200
    assert document_name("notes") == "notes"


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\5",
        NOTES,
        b"\5not",
        b"\2\xff\xfe\0\2\1u",  # the address is not UTF-8, in the short way
        b"\2\xff\xfe\3",
        text("n" * (MAX_ADDRESS_BYTES + 1)) + b"\3",
        NOTES + b"\0\3\0",
        NOTES + b"\0\2\3ab",
        NOTES + b"\0\2\3abcd",
        NOTES + b"\2\1" + text("denied"),
        NOTES + b"\2\0" + text("t" * (MAX_TOKEN_BYTES + 1)),
        NOTES + b"\2\0" + text("key") + text("4.0.0") + b"\0",
        NOTES + b"\3\0",
        NOTES + b"\4",
        NOTES + b"\5" + text("s" * (MAX_STATELESS_BYTES + 1)),
        NOTES + b"\5" + text("hi") + b"\0",
        NOTES + b"\6",
        NOTES + b"\x08\1",
        NOTES + b"\x0b",
    ],
)
def test_frame_that_no_provider_sends_is_malformed(frame: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_frame(frame)


def test_answers_are_the_bytes_that_providers_read() -> None:
    assert encode_address("notes") == NOTES
    assert encode_authenticated(may_write=True) == b"\2\2\x0aread-write"
    assert encode_authenticated(may_write=False) == b"\2\2\x08readonly"
    assert encode_permission_denied("no") == b"\2\1\2no"
    assert encode_stateless("hi") == b"\5\2hi"
    assert encode_close("bye") == b"\7\3bye"
    assert encode_sync_status(applied=True) == b"\x08\1"
    assert encode_sync_status(applied=False) == b"\x08\0"
