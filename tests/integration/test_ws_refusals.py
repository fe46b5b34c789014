"""What bad messages get: a clear error for the sender, and nothing at all for anybody else (P8)."""

from collections.abc import Iterator
from typing import Any

import pytest

from sync.names import Mode
from sync.wire.message import Encoding
from tests.integration.peer import connect
from tests.integration.scene import TEXT, scene
from tests.integration.server import ServerProcess

pytestmark = [pytest.mark.anyio, pytest.mark.p8]

MAX_INTEGER = 2**53 - 1
ENCODINGS: tuple[Encoding, ...] = ("json", "msgpack")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("refusals")) as process:
        yield process


NOT_JSON_MESSAGES: list[tuple[str | bytes, str]] = [
    ("", "invalid_json"),
    ("hello", "invalid_json"),
    ("{", "invalid_json"),
    ('{"type":"ping"} {"type":"ping"}', "invalid_json"),
    ('{"type":"ping",}', "invalid_json"),
    ('{"type":"ping","nonce":"\ud83d"}'.encode("utf-8", "surrogatepass"), "invalid_json"),
    (b"\xff\xfe", "invalid_json"),
    ("[" * 100_000, "invalid_json"),
    ('{"type":"join","doc":' + '{"a":' * 100_000, "invalid_json"),
    ("null", "invalid_message"),
    ("5", "invalid_message"),
    ('"ping"', "invalid_message"),
    ('[{"type":"ping"}]', "invalid_message"),
    ("{}", "invalid_message"),
    ('{"type":5}', "invalid_message"),
    ('{"type":null}', "invalid_message"),
    ('{"type":"Ping"}', "unknown_type"),
    ('{"type":""}', "unknown_type"),
    ('{"type":"joined","doc":"notes"}', "unknown_type"),
    ('{"type":"' + "x" * 10_000 + '"}', "unknown_type"),
]
NOT_MESSAGEPACK_MESSAGES: list[tuple[str | bytes, str]] = [
    (b"", "invalid_json"),
    (b"\xc1", "invalid_json"),
    (b"\x81\xa4type", "invalid_json"),
    (b"\x81\xa4type\xa4ping\x00", "invalid_json"),
    (b"\xdf\xff\xff\xff\xff", "invalid_json"),
    (b"\xc6\xff\xff\xff\xff", "invalid_json"),
    (b"\x82\xa4type\xa4ping\xa5nonce\xa3\xed\xa0\x80", "invalid_json"),
    (b"\x91" * 100_000, "invalid_json"),
    (b"\x90", "invalid_message"),
    (b"\xc0", "invalid_message"),
    (b"\x80", "invalid_message"),
    (b"\x81\x01\x02", "invalid_message"),
    (b"\x81\xa4type\x05", "invalid_message"),
    (b"\x81\xa4type\xa4nope", "unknown_type"),
    ('{"type":"ping"}', "invalid_message"),
]


@pytest.mark.parametrize(
    ("encoding", "frames"), [("json", NOT_JSON_MESSAGES), ("msgpack", NOT_MESSAGEPACK_MESSAGES)]
)
async def test_frames_that_are_no_message_are_refused(
    server: ServerProcess, encoding: Encoding, frames: list[tuple[str | bytes, str]]
) -> None:
    async with scene(server, encoding) as played:
        for frame, code in frames:
            await played.mallory.send_frame(frame)
            error = await played.mallory.receive()
            assert (error["type"], error.get("code")) == ("error", code), (frame[:60], error)
            assert len(error["message"]) < 300
        await played.assert_unnoticed()


TEXT_INSERT = {"type": "text_insert", "id": "m.1", "base": None, "pos": 0, "text": "x"}
TEXT_DELETE = {"type": "text_delete", "id": "m.1", "base": None, "pos": 0, "len": 1}
TEXT_EDIT = {"type": "text_edit", "id": "m.1", "base": None, "ops": [{"insert": "x"}]}
CURSOR = {"type": "cursor_move", "base": None, "anchor": 0, "head": 0}
MISSING = object()


def _bad_fields() -> Iterator[tuple[dict[str, Any], str, Any, str]]:
    """(message, field, bad value, the error it gets)"""
    value: Any
    for good in (TEXT_INSERT, TEXT_DELETE, TEXT_EDIT, CURSOR):
        for field in good.keys() - {"type"}:
            yield good, field, MISSING, "invalid_message"
        yield good, "doc", MISSING, "invalid_message"
        for value in (-1, 2**53, 2**63, 0.5, "0", True, [0]):
            yield good, "base", value, "invalid_message"
        for value in (2, MAX_INTEGER):
            yield good, "base", value, "base_unknown"
        for value in ("", "a/b", "..", "é", "x" * 129, "-x", "x\n", "x\0", 5, None):
            yield good, "doc", value, "invalid_message"
    for value in ("", "x" * 65, "a b", "é", "x\n", "x\0", 5, None):
        yield TEXT_INSERT, "id", value, "invalid_message"
    for value in (-1, 2**53, 1.5, "0", None, False):
        yield TEXT_INSERT, "pos", value, "invalid_message"
        yield TEXT_DELETE, "pos", value, "invalid_message"
        yield TEXT_DELETE, "len", value, "invalid_message"
    yield TEXT_DELETE, "len", 0, "invalid_message"
    for value in (len(TEXT) + 1, 10**9, MAX_INTEGER):
        yield TEXT_INSERT, "pos", value, "out_of_range"
        yield TEXT_DELETE, "pos", value, "out_of_range"
        yield TEXT_DELETE, "len", value, "out_of_range"
        yield TEXT_EDIT, "ops", [{"retain": value}, {"insert": "x"}], "out_of_range"
        yield TEXT_EDIT, "ops", [{"delete": value}], "out_of_range"
        yield CURSOR, "anchor", value, "out_of_range"
        yield CURSOR, "head", value, "out_of_range"
    for value in ("", 5, None, ["x"], "a\0b"):
        yield TEXT_INSERT, "text", value, "invalid_message"
    for value in (
        None,
        "x",
        {},
        {"insert": "x"},
        [5],
        ["x"],
        [[]],
        [{}],
        [{"retain": 0}],
        [{"retain": -1}],
        [{"retain": True}],
        [{"retain": 1.5}],
        [{"retain": "1"}],
        [{"retain": 2**53}],
        [{"delete": 0}],
        [{"insert": ""}],
        [{"insert": 5}],
        [{"insert": "a\0b"}],
        [{"insert": None}],
        [{"insert": "x", "retain": 1}],
        [{"replace": "x"}],
        [{"insert": "x"}, {"attributes": {}}],
    ):
        yield TEXT_EDIT, "ops", value, "invalid_message"
    for field in ("anchor", "head"):
        for value in (-1, 2**53, 0.5, "0", None):
            yield CURSOR, field, value, "invalid_message"


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_bad_fields_are_refused_each_with_its_code(
    server: ServerProcess, encoding: Encoding
) -> None:
    async with scene(server, encoding) as played:
        mallory = played.mallory
        for good, field, value, code in _bad_fields():
            message = {"doc": played.doc, **good, field: value}
            if value is MISSING:
                del message[field]
            await mallory.send_frame(mallory.encode(message))
            error = await mallory.receive()
            assert error["type"] == "error", (message, error)
            assert error["code"] == code, (message, error)
            assert not error["retryable"]
            # What is in order ends a row of errors, which otherwise would end the socket.
            await mallory.barrier()
            if field not in ("doc", "id"):
                assert error["doc"] == played.doc
                assert error.get("id") == message.get("id")
        await played.assert_unnoticed()


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_bad_fields_of_joins_and_of_yjs_messages_are_refused(
    server: ServerProcess, encoding: Encoding
) -> None:
    update = {"type": "update", "id": "m.1", "update": b"\0\0"}
    check = {"type": "check", "version": 1, "hash": "0" * 64}
    bad: list[tuple[dict[str, Any], str, list[Any]]] = [
        ({"type": "join"}, "mode", ["", "Text", "json", 5, None]),
        ({"type": "join"}, "since", [-1, 2**53, "1", 0.5, True]),
        ({"type": "join"}, "epoch", [5, [], {}]),
        ({"type": "join"}, "position_encoding", ["utf-8", "utf16", 5, None]),
        ({"type": "join"}, "doc", ["", "a/b", "é", "x" * 129, "x\n", ".x", None]),
        (update, "id", ["", "x" * 65, 5, MISSING]),
        (update, "update", [5, None, [1], MISSING]),
        (check, "version", [-1, 2**53, "1", None, MISSING]),
        (check, "hash", ["", "0" * 63, "0" * 65, "g" * 64, "A" * 64, 5, None, MISSING]),
        ({"type": "awareness"}, "update", [5, None, MISSING]),
        ({"type": "ping"}, "nonce", [[], {}, 0.5]),
        ({"type": "auth"}, "name", [5, []]),
        ({"type": "auth"}, "token", [5, []]),
    ]
    async with scene(server, encoding, "yjs") as played:
        mallory = played.mallory
        for good, field, values in bad:
            for value in values:
                message = {"doc": played.doc, **good, field: value}
                if value is MISSING:
                    del message[field]
                await mallory.send_frame(mallory.encode(message))
                error = await mallory.expect("error")
                assert (error["type"], error.get("code")) == ("error", "invalid_message"), message
        await played.assert_unnoticed()


async def test_bytes_that_are_not_padded_base64_are_refused_in_json(server: ServerProcess) -> None:
    async with scene(server, "json", "yjs") as played:
        for text in ("=", "A", "AA", "AAA", "AQE*", "AQEBAA==="):
            await played.mallory.send("update", doc=played.doc, id="m.1", update=text)
            await played.mallory.expect_error("invalid_message", doc=played.doc, id="m.1")
        await played.assert_unnoticed()


HALF_CHARACTERS = [
    r'{"type":"text_insert","doc":"%s","id":"m","base":null,"pos":0,"text":"a\ud83d"}',
    r'{"type":"text_insert","doc":"%s","id":"m","base":null,"pos":0,"text":"\ude00b"}',
    r'{"type":"text_insert","doc":"%s","id":"m","base":null,"pos":0,"text":"\ude00\ud83d"}',
    r'{"type":"text_edit","doc":"%s","id":"m","base":null,"ops":[{"insert":"\udfff"}]}',
    r'{"type":"text_insert","doc":"%s","id":"m","base":null,"pos":0,"text":"a\u0000"}',
]


async def test_lone_surrogates_and_nul_written_as_escapes_are_refused(
    server: ServerProcess,
) -> None:
    async with scene(server, "json") as played:
        for frame in HALF_CHARACTERS:
            await played.mallory.send_frame(frame % played.doc)
            error = await played.mallory.expect("error")
            assert error["code"] in ("invalid_json", "invalid_message"), frame
        await played.assert_unnoticed()


async def test_surrogate_pair_written_as_escapes_is_one_character(server: ServerProcess) -> None:
    async with connect(server) as ana:
        await ana.join("pair-escapes")
        frame = r'{"type":"text_insert","doc":"pair-escapes","id":"a","base":0,"pos":0,'
        await ana.send_frame(frame + r'"text":"\ud83d\ude00"}')
        assert (await ana.expect("ack"))["ops"] == [{"insert": "😀"}]


async def test_unknown_fields_are_ignored(server: ServerProcess) -> None:
    async with connect(server) as ana:
        await ana.join("unknown-fields", later="maybe")
        await ana.send(
            "text_insert", doc="unknown-fields", id="a", base=0, pos=0, text="x", mood={"a": [1]}
        )
        await ana.expect("ack", version=1)


@pytest.mark.parametrize(
    ("mode", "messages"),
    [
        ("yjs", [TEXT_INSERT, TEXT_DELETE, TEXT_EDIT, CURSOR]),
        (
            "text",
            [
                {"type": "update", "id": "m.1", "update": b"\0\0"},
                {"type": "awareness", "update": b"\0"},
                {"type": "check", "version": 1, "hash": "0" * 64},
            ],
        ),
    ],
)
@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_messages_of_the_other_mode_are_refused(
    server: ServerProcess, encoding: Encoding, mode: Mode, messages: list[dict[str, Any]]
) -> None:
    async with scene(server, encoding, mode) as played:
        mallory = played.mallory
        for message in messages:
            await mallory.send_frame(mallory.encode({"doc": played.doc, **message}))
            await mallory.expect_error("invalid_message", doc=played.doc)
        await played.assert_unnoticed()


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_messages_to_a_document_that_is_not_joined_are_refused(
    server: ServerProcess, encoding: Encoding
) -> None:
    async with scene(server, encoding, mode=None) as played:
        mallory = played.mallory
        for message in (
            TEXT_INSERT,
            TEXT_DELETE,
            TEXT_EDIT,
            CURSOR,
            {"type": "update", "id": "m.1", "update": b"\0\0"},
            {"type": "awareness", "update": b"\0"},
            {"type": "check", "version": 1, "hash": "0" * 64},
            {"type": "leave"},
        ):
            await mallory.send_frame(mallory.encode({"doc": played.doc, **message}))
            await mallory.expect_error("not_joined", doc=played.doc, retryable=False)
        await played.assert_unnoticed()


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_messages_before_auth_are_refused(server: ServerProcess, encoding: Encoding) -> None:
    async with scene(server, encoding) as played, connect(server, encoding, name=None) as stranger:
        for message in (
            {"type": "join"},
            {"type": "leave"},
            TEXT_INSERT,
            CURSOR,
            {"type": "update", "id": "m.1", "update": b"\0\0"},
            {"type": "awareness", "update": b"\0"},
            {"type": "check", "version": 1, "hash": "0" * 64},
        ):
            await stranger.send_frame(stranger.encode({"doc": played.doc, **message}))
            await stranger.expect_error("auth_required")
        await stranger.send("ping", nonce=1)
        await stranger.expect("pong", nonce=1)
        await stranger.auth("Late")
        await played.assert_unnoticed()


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_id_that_is_taken_by_another_edit_is_refused(
    server: ServerProcess, encoding: Encoding
) -> None:
    async with scene(server, encoding) as played:
        mallory = played.mallory
        await mallory.send("text_insert", doc=played.doc, id="yan.1", base=0, pos=0, text=TEXT)
        await mallory.expect_error("duplicate_id", doc=played.doc, id="yan.1")
        await played.assert_unnoticed()


async def test_refused_edit_leaves_its_id_free(server: ServerProcess) -> None:
    async with connect(server) as ana:
        await ana.join("free-id")
        await ana.send("text_insert", doc="free-id", id="a", base=0, pos=9, text="x")
        await ana.expect_error("out_of_range", id="a")
        await ana.insert("free-id", "a", "x")


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_refused_message_in_a_pipeline_costs_only_itself(
    server: ServerProcess, encoding: Encoding
) -> None:
    async with connect(server, encoding) as ana:
        doc = f"pipeline-{encoding}"
        await ana.join(doc)
        for number in range(50):
            await ana.send("text_insert", doc=doc, id=f"a.{number}", base=None, pos=0, text="x")
            await ana.send("text_insert", doc=doc, id=f"b.{number}", base=None, pos=999, text="x")
        answers = [await ana.receive() for _ in range(100)]
        acks = [m for m in answers if m["type"] == "ack"]
        assert [m["version"] for m in acks] == list(range(1, 51))
        errors = [m for m in answers if m["type"] == "error"]
        assert {m["code"] for m in errors} == {"out_of_range"}
        assert sorted(m["id"] for m in errors) == sorted(f"b.{n}" for n in range(50))
