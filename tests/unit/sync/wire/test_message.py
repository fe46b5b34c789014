"""sync.wire.message: the messages of quire.v1 in both encodings, and what is none."""

import base64
import json
from typing import Any

import msgspec
import pytest

from sync.error import ErrorCode
from sync.wire.message import (
    Ack,
    Auth,
    AwarenessIn,
    Check,
    ClientMessage,
    CursorMove,
    Encoding,
    ErrorMessage,
    JoinMessage,
    LeaveMessage,
    Ping,
    Rejected,
    TextDelete,
    TextEdit,
    TextInsert,
    Update,
    Updates,
    decode_client,
    decode_server,
    encode,
)

CLIENT_MESSAGES: list[ClientMessage] = [
    Auth(token="t"),
    Auth(name="Guest 1"),
    JoinMessage("notes"),
    JoinMessage("notes", "yjs", 4, "e1", "utf-16"),
    LeaveMessage("notes"),
    TextInsert("notes", "a:1", 3, 0, "é😀"),
    TextInsert("notes", "a:1", None, 0, "x"),
    TextDelete("notes", "a:1", 3, 2**53 - 1, 1),
    TextEdit("notes", "a:1", 3, [{"retain": 1}, {"insert": "x"}]),
    Update("notes", "a:1", b"\0\xff"),
    CursorMove("notes", 3, 1, 2),
    CursorMove("notes", None, None, None),
    AwarenessIn("notes", b"\0"),
    Check("notes", 3, "0" * 64),
    Ping(),
    Ping(7),
    Ping("n"),
]


def frame(value: object, encoding: Encoding) -> bytes:
    return msgspec.json.encode(value) if encoding == "json" else msgspec.msgpack.encode(value)


def rejected(data: bytes | str, encoding: Encoding = "json") -> Rejected:
    answer = decode_client(data, encoding)
    assert isinstance(answer, Rejected), answer
    return answer


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
@pytest.mark.parametrize("message", CLIENT_MESSAGES, ids=repr)
def test_client_message_survives_both_encodings(message: ClientMessage, encoding: Encoding) -> None:
    assert decode_client(encode(message, encoding), encoding) == message


def test_bytes_are_base64_in_json_and_names_are_those_of_the_protocol() -> None:
    spelled = json.loads(encode(Updates("notes", 1, 4, b"\0\xff"), "json"))
    assert spelled == {
        "type": "updates",
        "doc": "notes",
        "from": 1,
        "to": 4,
        "update": base64.b64encode(b"\0\xff").decode(),
    }


def test_ack_says_changed_only_when_it_is_not() -> None:
    assert "changed" not in json.loads(encode(Ack("notes", "a", 1), "json"))
    assert json.loads(encode(Ack("notes", "a", 1, False, []), "json")) == {
        "type": "ack",
        "doc": "notes",
        "id": "a",
        "version": 1,
        "changed": False,
        "ops": [],
    }


def test_error_without_document_names_none() -> None:
    message = ErrorMessage(ErrorCode.AUTH_REQUIRED, "First auth.", False)
    assert json.loads(encode(message, "json")) == {
        "type": "error",
        "code": "auth_required",
        "message": "First auth.",
        "retryable": False,
    }
    assert decode_server(encode(message, "msgpack"), "msgpack") == message


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"a":1}x', "nope", b"[" * 5_000])
def test_what_is_not_json_is_invalid_json(data: bytes | str) -> None:
    assert rejected(data).why.code == ErrorCode.INVALID_JSON


@pytest.mark.parametrize("value", [[], 1, "x", None, {}, {"type": 3}, {"doc": "a"}])
@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_what_is_no_message_is_invalid_message(value: object, encoding: Encoding) -> None:
    assert rejected(frame(value, encoding), encoding).why.code == ErrorCode.INVALID_MESSAGE


def test_text_frame_in_msgpack_is_invalid_message() -> None:
    assert rejected("{}", "msgpack").why.code == ErrorCode.INVALID_MESSAGE


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_unknown_type_says_so_and_keeps_what_it_named(encoding: Encoding) -> None:
    answer = rejected(frame({"type": "nope", "doc": "notes", "id": "a"}, encoding), encoding)
    assert (answer.why.code, answer.doc, answer.id) == (ErrorCode.UNKNOWN_TYPE, "notes", "a")


INSERT: dict[str, Any] = {
    "type": "text_insert",
    "doc": "notes",
    "id": "a",
    "base": 0,
    "pos": 0,
    "text": "x",
}


@pytest.mark.parametrize(
    "change",
    [
        {"doc": "../etc"},
        {"doc": ""},
        {"doc": "a" * 129},
        {"doc": "a\n"},
        {"doc": 4},
        {"id": ""},
        {"id": "a b"},
        {"id": "a" * 65},
        {"base": -1},
        {"base": 2**53},
        {"base": 1.5},
        {"base": "1"},
        {"base": True},
        {"pos": None},
        {"pos": -1},
        {"text": ""},
        {"text": 3},
    ],
    ids=repr,
)
def test_field_that_is_mistyped_or_out_of_range_is_invalid_message(change: dict[str, Any]) -> None:
    answer = rejected(frame({**INSERT, **change}, "json"))
    assert answer.why.code == ErrorCode.INVALID_MESSAGE


@pytest.mark.parametrize("field", ["doc", "id", "base", "pos", "text"])
def test_field_that_is_missing_is_invalid_message(field: str) -> None:
    message = {key: value for key, value in INSERT.items() if key != field}
    assert rejected(frame(message, "json")).why.code == ErrorCode.INVALID_MESSAGE


def test_unknown_fields_are_ignored() -> None:
    assert isinstance(decode_client(frame({**INSERT, "more": 1}, "json"), "json"), TextInsert)


@pytest.mark.parametrize("update", ["", "AA", "A===", "!!!!"])
def test_bytes_that_are_not_base64_with_padding_are_invalid_message(update: str) -> None:
    message = {"type": "update", "doc": "notes", "id": "a", "update": update}
    answer = decode_client(frame(message, "json"), "json")
    if update:
        assert isinstance(answer, Rejected)
        assert answer.why.code == ErrorCode.INVALID_MESSAGE
    else:
        assert answer == Update("notes", "a", b""), "the gate refuses it"


def test_lone_surrogate_is_refused() -> None:
    data = b'{"type":"text_insert","doc":"n","id":"a","base":0,"pos":0,"text":"\\ud800"}'
    assert rejected(data).why.code in (ErrorCode.INVALID_JSON, ErrorCode.INVALID_MESSAGE)
