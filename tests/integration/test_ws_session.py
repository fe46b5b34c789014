"""Handshake, identity and the bounds of one socket: who gets in, and when a socket is closed."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sync.wire.message import Encoding
from tests.integration.peer import Peer, connect, open_socket
from tests.integration.scene import fresh_name, scene
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica

pytestmark = pytest.mark.anyio

ENCODINGS: tuple[Encoding, ...] = ("json", "msgpack")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("session")) as process:
        yield process


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose limits are near."""
    limits = {
        "QUIRE_MAX_DOCUMENT_CHARS": "100",
        "QUIRE_MAX_MESSAGE_BYTES": "4096",
        "QUIRE_MAX_DOCUMENTS": "2",
        "QUIRE_MAX_MEMBERS": "2",
        "QUIRE_MAX_SESSIONS": "4",
        "QUIRE_EDITS_PER_S": "10",
    }
    with ServerProcess(tmp_path_factory.mktemp("small"), environment=limits) as process:
        yield process


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that nobody keeps waiting."""
    soon = {"QUIRE_AUTH_TIMEOUT_S": "0.3"}
    with ServerProcess(tmp_path_factory.mktemp("impatient"), environment=soon) as process:
        yield process


# --- handshake ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "chosen", "encoding"),
    [
        (None, None, "json"),
        (["quire.v1.json"], "quire.v1.json", "json"),
        (["quire.v1.msgpack"], "quire.v1.msgpack", "msgpack"),
        (["quire.v9", "quire.v1.msgpack"], "quire.v1.msgpack", "msgpack"),
        (["quire.v1.json", "quire.v1.msgpack"], "quire.v1.json", "json"),
    ],
)
async def test_subprotocol_chooses_the_encoding(
    server: ServerProcess, offered: list[str] | None, chosen: str | None, encoding: Encoding
) -> None:
    async with open_socket(server, offered) as socket:
        assert socket.subprotocol == chosen
        await Peer(socket, encoding).auth("Ana")


async def test_only_unknown_subprotocols_are_answered_with_4400(server: ServerProcess) -> None:
    async with open_socket(server, ["graphql-ws", "mqtt"]) as socket:
        assert socket.subprotocol == "graphql-ws"
        assert await Peer(socket, "json").closed() == 4400


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1:{port}1",
        "http://evil.example/http://127.0.0.1:{port}",
        "http://127.0.0.1:{port}@evil.example",
        "127.0.0.1:{port}",
        "",
    ],
)
async def test_foreign_origin_is_refused_at_the_handshake(
    server: ServerProcess, origin: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with open_socket(server, origin=origin.format(port=server.port)):
            pass
    assert refused.value.response.status_code == 403


async def test_own_origin_is_let_in(server: ServerProcess) -> None:
    async with open_socket(server, origin=server.url) as socket:
        await Peer(socket, "json").auth("Ana")


# --- identity -----------------------------------------------------------------------------------


async def test_auth_answers_with_user_session_limits_and_server(server: ServerProcess) -> None:
    async with connect(server, name=None) as ana:
        answer = await ana.auth("Ana")
        assert answer["user"].keys() == {"id", "name", "color"}
        assert answer["user"]["name"] == "Ana"
        assert answer["server"]["protocol"] == "quire.v1"
        assert {
            "max_message_bytes",
            "max_document_chars",
            "max_documents",
            "edits_per_s",
        } <= answer["limits"].keys()
        assert answer["session"]


async def test_same_name_is_the_same_user_on_every_socket(server: ServerProcess) -> None:
    async with (
        connect(server, name="Zoë") as one,
        connect(server, "msgpack", name="  Zoe\u0308 ") as same,
        connect(server, name="Zoe") as other,
    ):
        assert one.user == same.user
        assert one.session != same.session
        assert other.user["id"] != one.user["id"]


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u202e", "x" * 65])
async def test_unusable_name_is_refused_and_may_be_mended(server: ServerProcess, name: str) -> None:
    async with connect(server, name=None) as ana:
        await ana.send("auth", name=name)
        await ana.expect_error("auth_failed")
        await ana.auth("Ana")


async def test_token_in_open_mode_is_refused_and_the_socket_closed(server: ServerProcess) -> None:
    async with connect(server, name=None) as ana:
        await ana.send("auth", token="secret-token-value")
        await ana.expect_error("auth_failed")
        assert await ana.closed() == 4401
    assert "secret-token-value" not in server.log()


async def test_second_auth_refreshes_the_session_but_cannot_change_its_user(
    server: ServerProcess,
) -> None:
    async with connect(server, name="Ana") as ana:
        session = ana.session
        await ana.auth("Anna")
        assert ana.session == session
        await ana.join(doc := fresh_name())
        await ana.auth("Anna")
        await ana.send("auth", name="Ben")
        await ana.expect_error("auth_failed")
        await ana.insert(doc, "a.1", "still here")


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_silence_instead_of_auth_is_closed_with_4401(
    impatient: ServerProcess, encoding: Encoding
) -> None:
    async with connect(impatient, encoding, name=None) as ana:
        assert await ana.closed() == 4401


# --- a bounded socket (P7) ----------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_message_that_is_too_big_closes_its_socket_only(
    server: ServerProcess, encoding: Encoding
) -> None:
    async with scene(server, encoding) as played:
        with pytest.raises(ConnectionClosed) as closed:
            await played.mallory.insert(played.doc, "m.1", "x" * (1 << 20))
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        await played.assert_unnoticed()


async def test_message_that_is_too_big_in_fragments_closes_its_socket_only(
    server: ServerProcess,
) -> None:
    async with scene(server, "json") as played:
        await played.mallory.socket.send("x" * 65_536 for _ in range(17))
        assert await played.mallory.closed() == 1009
        await played.assert_unnoticed()


async def test_message_at_the_limit_is_taken(server: ServerProcess) -> None:
    doc = fresh_name()
    async with connect(server, "json") as ana:
        await ana.join(doc)
        around = len(ana.encode({"type": "text_insert", "doc": doc, "id": "a.1", "base": 0, "pos": 0, "text": ""}))  # fmt: skip # noqa: E501
        text = "x" * ((1 << 20) - around)
        await ana.send("text_insert", doc=doc, id="a.1", base=0, pos=0, text=text)
        assert (await ana.expect("ack"))["version"] == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_hundreds_of_errors_in_a_row_close_the_socket_with_1008(
    server: ServerProcess, encoding: Encoding
) -> None:
    async with scene(server, encoding) as played:
        mallory = played.mallory
        for _ in range(200):
            await mallory.send_frame("{" if encoding == "json" else b"\xc1")
        assert await mallory.closed() == 1008
        await played.assert_unnoticed()


async def test_document_that_is_full_takes_no_more_text_in_either_mode(
    small: ServerProcess,
) -> None:
    doc = fresh_name()
    async with connect(small) as ana, connect(small, "msgpack", name="Ben") as ben:
        await ana.join(doc)
        await ana.insert(doc, "a.1", "x" * 90)
        await ana.send("text_insert", doc=doc, id="a.2", base=None, pos=0, text="y" * 11)
        await ana.expect_error("document_full", id="a.2", retryable=False)
        await ben.join(doc, "yjs")
        await ben.send("update", doc=doc, id="b.1", update=YjsReplica(5).insert(0, "z" * 11))
        await ben.expect_error("document_full", id="b.1")
        await ana.send("text_delete", doc=doc, id="a.3", base=None, pos=0, len=20)
        await ana.expect("ack", version=2)
        assert (await ben.update(doc, "b.1", YjsReplica(5).insert(0, "z" * 11)))["version"] == 3


async def test_documents_of_one_socket_are_bounded(small: ServerProcess) -> None:
    first = fresh_name()
    async with connect(small) as ana:
        await ana.join(first)
        await ana.join(fresh_name())
        third = fresh_name()
        await ana.send("join", doc=third)
        await ana.expect_error("rate_limited", doc=third)
        await ana.join(first, "yjs")
        await ana.send("leave", doc=first)
        await ana.join(third)


async def test_members_of_one_document_are_bounded(small: ServerProcess) -> None:
    doc = fresh_name()
    async with connect(small) as ana, connect(small, name="Cleo") as cleo:
        async with connect(small, name="Ben") as ben:
            await ana.join(doc)
            await ben.join(doc)
            await cleo.send("join", doc=doc)
            await cleo.expect_error("rate_limited", doc=doc)
            await cleo.send("text_insert", doc=doc, id="c.1", base=0, pos=0, text="x")
            await cleo.expect_error("not_joined")
        await ana.expect("member_left")
        await cleo.join(doc)


async def test_socket_beyond_the_bound_is_closed_with_1013(small: ServerProcess) -> None:
    async with AsyncExitStack() as others:
        for _ in range(4):
            await others.enter_async_context(connect(small))
        fifth = await others.enter_async_context(open_socket(small))
        assert await Peer(fifth, "json").closed() == 1013


async def test_abusive_rate_is_refused_with_a_time_to_wait(small: ServerProcess) -> None:
    doc = fresh_name()
    async with connect(small) as ana:
        await ana.join(doc)
        for number in range(101):
            await ana.send("text_edit", doc=doc, id=f"a.{number}", base=None, ops=[])
        answers = [await ana.receive() for _ in range(101)]
        refused = [m for m in answers if m["type"] == "error"]
        assert [m["code"] for m in refused] == ["rate_limited"]
        assert refused[0]["id"] == "a.100"
        assert refused[0]["retryable"]
        assert refused[0]["retry_after_s"] > 0


# --- addresses without a document -----------------------------------------------------------------


async def test_join_that_is_not_to_create_leaves_nothing_behind(server: ServerProcess) -> None:
    doc = fresh_name()
    async with connect(server, name="Ana") as ana:
        for _ in range(2):
            await ana.send("join", doc=doc, mode="yjs", create=False)
            await ana.expect_error("not_created", doc=doc)
        await ana.send("join", doc=doc, mode="yjs")
        await ana.expect("joined", doc=doc, version=0, role="owner")
        await ana.send("leave", doc=doc)
        await ana.send("join", doc=doc, mode="yjs", create=False)
        await ana.expect("joined", doc=doc, version=0, role="owner")
