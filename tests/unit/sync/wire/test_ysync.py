"""The frames of y-websocket and Hocuspocus: what is in one, and what is none."""

import pytest

from sync.wire import hocuspocus, ysync
from sync.wire.hocuspocus import Addressed, CloseDocument, Ping, StatelessIn, Token
from sync.wire.ysync import (
    AwarenessQuery,
    AwarenessUpdate,
    Ignored,
    SyncKind,
    SyncRequest,
    SyncUpdate,
)
from sync.yjs.varint import MalformedError


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ("00000100", SyncRequest(b"\0")),
        ("0001020000", SyncUpdate(b"\0\0", is_past=True)),
        ("000203010203", SyncUpdate(b"\1\2\3")),
        ("0106010100027b7d", AwarenessUpdate(b"\1\1\0\2{}")),
        ("03", AwarenessQuery()),
        ("0200036f6e65", Ignored()),
        ("04", Ignored()),
        ("66ffffff", Ignored()),
        ("7d", Ignored()),
    ],
)
def test_y_websocket_frames(frame: str, message: ysync.YjsMessage) -> None:
    assert ysync.decode_frame(bytes.fromhex(frame)) == message


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("", "ends too early"),
        ("80", "ends too early"),
        ("00", "ends too early"),
        ("0003", "unknown sync type"),
        ("000305", "unknown sync type"),
        ("0000", "ends too early"),
        ("000002aa", "ends too early"),
        ("00000100ff", "bytes follow"),
        ("0002ffffffffffffffffff01", "8 bytes"),
        ("0002ffffffffffff0f", "ends too early"),
        ("0105", "ends too early"),
        ("010100ff", "bytes follow"),
        ("0300", "bytes follow"),
        ("ffffffffffffffffff", "8 bytes"),
    ],
)
def test_y_websocket_frames_that_are_none(frame: str, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        ysync.decode_frame(bytes.fromhex(frame))


@pytest.mark.parametrize("size", [0, 127, 128, 70_000])
def test_update_may_follow_what_is_before_it(size: int) -> None:
    update = bytes(size)
    head = ysync.encode_before_update(SyncKind.STEP2, size)
    assert head + update == ysync.encode_sync(SyncKind.STEP2, update)


def test_y_websocket_frames_read_back_as_they_were_written() -> None:
    big = bytes(range(256)) * 3
    assert ysync.decode_frame(ysync.encode_sync(SyncKind.STEP1, big)) == SyncRequest(big)
    assert ysync.decode_frame(ysync.encode_sync(SyncKind.STEP2, big)) == SyncUpdate(
        big, is_past=True
    )
    assert ysync.decode_frame(ysync.encode_sync(SyncKind.UPDATE, b"")) == SyncUpdate(b"")
    assert ysync.decode_frame(ysync.encode_awareness_message(big)) == AwarenessUpdate(big)
    assert ysync.decode_frame(ysync.KEEP_ALIVE) == AwarenessUpdate(b"\0")
    assert ysync.encode_permission_denied("no").hex() == "0200026e6f"


@pytest.mark.parametrize(
    ("frame", "addressed"),
    [
        ("09", Addressed("", Ping())),
        ("0a", Addressed("", Ignored())),
        ("03646f6300000100", Addressed("doc", SyncRequest(b"\0"))),
        ("03646f630001020000", Addressed("doc", SyncUpdate(b"\0\0", is_past=True))),
        ("03646f63010100", Addressed("doc", AwarenessUpdate(b"\0"))),
        ("03646f63020003746f6b", Addressed("doc", Token("tok"))),
        ("03646f63020003746f6b05342e382e30", Addressed("doc", Token("tok", "4.8.0"))),
        ("03646f6303", Addressed("doc", AwarenessQuery())),
        ("03646f6305026869", Addressed("doc", StatelessIn("hi"))),
        ("03646f6307", Addressed("doc", CloseDocument())),
        ("03646f63070178", Addressed("doc", CloseDocument())),
        ("05646f63006107", Addressed("doc\0a", CloseDocument())),
    ],
)
def test_hocuspocus_frames(frame: str, addressed: Addressed) -> None:
    assert hocuspocus.decode_frame(bytes.fromhex(frame)) == addressed


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("", "ends too early"),
        ("03646f", "ends too early"),
        ("03646f63", "ends too early"),
        ("03ffffff00000100", "UTF-8"),
        ("ff7f" + "61" * 20, "more than 512 bytes"),
        ("03646f6304", "do not send"),
        ("03646f6306026869", "do not send"),
        ("03646f630801", "do not send"),
        ("03646f637f", "do not send"),
        ("03646f6302", "ends too early"),
        ("03646f630201", "do not send"),
        ("03646f630200000000", "bytes follow"),
        ("03646f630200ff7f", "ends too early"),
        ("03646f630200ffff7f", "more than 16384 bytes"),
        ("03646f6305ffffff7f", "more than 65536 bytes"),
        ("03646f6300030100", "unknown sync type"),
        ("0900", "ends too early"),
    ],
)
def test_hocuspocus_frames_that_are_none(frame: str, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        hocuspocus.decode_frame(bytes.fromhex(frame))


def test_hocuspocus_address_names_a_document_and_perhaps_a_session() -> None:
    assert hocuspocus.document_name("doc") == "doc"
    assert hocuspocus.document_name("doc\0m9iexl6yrd") == "doc"
    assert hocuspocus.encode_address("doc\0a").hex() == "05646f630061"
