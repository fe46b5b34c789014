"""Yjs updates and awareness that nobody honest would send (P8, P9) are refused, without a trace."""

from collections.abc import Iterator

import pytest

from sync.wire.message import Encoding
from sync.yjs.awareness import encode_awareness
from tests.integration.peer import PRESENCE, connect
from tests.integration.scene import AUTHOR_CLIENT, TEXT, fresh_name, scene
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica
from tests.property.hostile_update import varint

pytestmark = [pytest.mark.anyio, pytest.mark.p8, pytest.mark.p9]

MALLORY_CLIENT = 99
ROOT = b"\x01\x07content"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("hostile")) as process:
        yield process


def one_struct(struct: bytes, *, client: int = MALLORY_CLIENT, clock: int = 0) -> bytes:
    """An update of one struct."""
    return b"\x01\x01" + varint(client) + varint(clock) + struct + b"\0"


def string(content: bytes, origins: bytes = b"", info: int = 4) -> bytes:
    return bytes([info]) + (origins or ROOT) + varint(len(content)) + content


def item_id(client: int, clock: int) -> bytes:
    return varint(client) + varint(clock)


def deletion(client: int, clock: int, length: int) -> bytes:
    """An update that only deletes."""
    return b"\0\x01" + varint(client) + b"\x01" + varint(clock) + varint(length)


def nested_arrays(depth: int) -> bytes:
    """One value: arrays in arrays."""
    return b"\x08" + ROOT + b"\x01" + b"\x75\x01" * depth + b"\x75\x00"


MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "aborts the process: clock and length overflow": bytes.fromhex(
        "010164ffffffff0fc465036504017800"
    ),
    "kills the process: nested values, 53 kB": one_struct(nested_arrays(26_650)),
    "kills the process: nested values, 27 kB": one_struct(nested_arrays(13_400)),
    "clock of 2^32": one_struct(string(b"x"), clock=2**32),
    "clock of 2^31": one_struct(string(b"x"), clock=2**31),
    "client of 2^64 - 1": one_struct(string(b"x"), client=2**64 - 1),
    "client of 2^53": one_struct(string(b"x"), client=2**53),
    "varint without an end": b"\x01\x01" + b"\xff" * 40,
    "trailing bytes": one_struct(string(b"x")) + b"\0",
    "cut off": one_struct(string(b"xyz"))[:-3],
    "collected remains of 2^32 - 1 units": one_struct(b"\0" + varint(2**32 - 1)),
    "deleted content of 2^32 - 1 units": one_struct(b"\x01" + ROOT + varint(2**32 - 1)),
    "skip": one_struct(b"\x0a\x05"),
    "unknown content": one_struct(b"\x0f" + ROOT + b"\x01"),
    "root name of 500 kB": one_struct(b"\x04\x01" + varint(500_000) + b"r" * 500_000 + b"\x01x"),
    "2^31 clients": varint(2**31 - 1),
    "2^31 structs": b"\x01" + varint(2**31 - 1) + b"\x63\0",
    "2^31 deletions": b"\0\x01\x63" + varint(2**31 - 1),
    "string of 2^31 bytes": one_struct(b"\x04" + ROOT + varint(2**31 - 1)),
    "empty string": one_struct(string(b"")),
    "string that is not UTF-8": one_struct(string(b"\xff")),
    "first half of a pair": one_struct(string(b"\xed\xa0\xbd")),
    "second half of a pair": one_struct(string(b"\xed\xb8\x80")),
    "deletion of nothing": deletion(AUTHOR_CLIENT, 0, 0),
    "deletion beyond all clocks": deletion(AUTHOR_CLIENT, 0, 2**32),
    "60,000 clients with a character each": varint(60_000)
    + b"".join(
        b"\x01" + varint(client) + b"\0" + b"\x04\x01\x01c\x01x" for client in range(1, 60_001)
    )
    + b"\0",
}


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
async def test_malformed_updates_are_refused_and_the_process_lives(
    server: ServerProcess, encoding: Encoding
) -> None:
    async with scene(server, encoding, "yjs") as played:
        for name, update in MALFORMED.items():
            if encoding == "json" and len(update) > 700_000:
                continue  # It does not fit into a frame as base64.
            await played.mallory.send("update", doc=played.doc, id="m.1", update=update)
            error = await played.mallory.expect("error")
            assert error["code"] in ("malformed_update", "document_full"), (name, error)
            assert error["id"] == "m.1"
        await played.assert_unnoticed()


LEFT, RIGHT = item_id(5, 1), item_id(5, 2)


@pytest.mark.parametrize(
    ("update", "text"),
    [
        pytest.param(one_struct(string(b"x", LEFT, 0x84)), ("a😀bx",), id="origin"),
        pytest.param(
            one_struct(string(b"x", LEFT + RIGHT, 0xC4)), ("ax😀b", "a😀xb"), id="both origins"
        ),
        pytest.param(deletion(5, 1, 1), ("ab",), id="deletion of the first half"),
        pytest.param(deletion(5, 2, 1), ("ab",), id="deletion of the second half"),
        pytest.param(deletion(5, 2, 2), ("a",), id="deletion that begins inside"),
        pytest.param(deletion(5, 0, 2), ("b",), id="deletion that ends inside"),
    ],
)
async def test_update_that_cuts_a_surrogate_pair_leaves_none_cut(
    server: ServerProcess, update: bytes, text: tuple[str, ...]
) -> None:
    doc = fresh_name()
    async with (
        connect(server, "msgpack", name="Ana") as ana,
        connect(server, "msgpack", name="Mallory") as mallory,
    ):
        await ana.join(doc, "yjs")
        replica = YjsReplica(5)
        await ana.update(doc, "a.1", replica.insert(0, "a😀b"))
        await mallory.join(doc, "yjs")
        await mallory.send("update", doc=doc, id="m.1", update=update)
        version = 1
        while version < (2 if update[0] == 0 else 3):
            heard = await ana.expect("updates")
            replica.apply(heard["update"])
            version = heard["to"]
    assert replica.text in text


async def test_item_between_the_start_and_half_a_surrogate_pair_is_refused(
    server: ServerProcess,
) -> None:
    """They never were neighbours: the other half has been between them from the beginning."""
    async with (
        connect(server, "msgpack", name="Ana") as ana,
        connect(server, "msgpack", name="Mallory") as mallory,
    ):
        doc = fresh_name()
        await ana.join(doc, "yjs")
        await ana.update(doc, "a.1", YjsReplica(5).insert(0, "a😀b"))
        await mallory.join(doc, "yjs")
        crossed = one_struct(string(b"x", RIGHT, 0x44))
        await mallory.send("update", doc=doc, id="m.1", update=crossed)
        await mallory.expect_error("malformed_update", id="m.1")
        async with connect(server, "msgpack", name="Ben") as ben:
            joined = await ben.join(doc, "text")
            assert (joined["text"], joined["version"]) == ("a😀b", 1)


async def test_update_under_the_client_id_of_another_user_is_forbidden(
    server: ServerProcess,
) -> None:
    async with scene(server, "msgpack", "yjs") as played:
        forged = one_struct(
            string(b"!", item_id(AUTHOR_CLIENT, len(TEXT) - 1), 0x84),
            client=AUTHOR_CLIENT,
            clock=len(TEXT),
        )
        await played.mallory.send("update", doc=played.doc, id="m.1", update=forged)
        await played.mallory.expect_error("forbidden", id="m.1")
        await played.assert_unnoticed()


async def test_update_that_mixes_own_and_foreign_content_is_forbidden_as_a_whole(
    server: ServerProcess,
) -> None:
    async with scene(server, "msgpack", "yjs") as played:
        forged = (
            b"\x02\x01"
            + varint(MALLORY_CLIENT)
            + b"\0"
            + string(b"mine")
            + b"\x01"
            + varint(AUTHOR_CLIENT)
            + varint(len(TEXT))
            + string(b"!", item_id(AUTHOR_CLIENT, len(TEXT) - 1), 0x84)
            + b"\0"
        )
        await played.mallory.send("update", doc=played.doc, id="m.1", update=forged)
        await played.mallory.expect_error("forbidden", id="m.1")
        await played.assert_unnoticed()


async def test_update_under_the_client_id_of_the_server_is_forbidden(server: ServerProcess) -> None:
    doc = fresh_name()
    async with (
        connect(server, name="Ana") as ana,
        connect(server, "msgpack", name="Mallory") as mallory,
    ):
        await ana.join(doc)
        await ana.insert(doc, "a.1", "Hi")
        state = (await mallory.join(doc, "yjs"))["state"]
        # 1 client, 1 struct, the client; the gate's own reader is not asked.
        number, shift, at = 0, 0, 2
        while True:
            number |= (state[at] & 0x7F) << shift
            if state[at] < 0x80:
                break
            shift, at = shift + 7, at + 1
        forged = one_struct(string(b"!", item_id(number, 1), 0x84), client=number, clock=2)
        await mallory.send("update", doc=doc, id="m.1", update=forged)
        await mallory.expect_error("forbidden", id="m.1")


async def test_client_id_stays_bound_to_its_user_after_a_restart(server: ServerProcess) -> None:
    doc = fresh_name()
    replica = YjsReplica(7)
    first, second = replica.insert(0, "one"), replica.insert(3, " two")
    async with connect(server, name="Ana") as ana:
        await ana.join(doc, "yjs")
        await ana.update(doc, "a.1", first)
    server.restart()
    async with connect(server, name="Mallory") as mallory, connect(server, name="Ana") as ana:
        await mallory.join(doc, "yjs")
        await mallory.send("update", doc=doc, id="m.1", update=second)
        await mallory.expect_error("forbidden", id="m.1")
        await ana.join(doc, "yjs")
        assert (await ana.update(doc, "a.2", second))["version"] == 2


async def test_others_content_may_be_sent_again_by_anyone(server: ServerProcess) -> None:
    async with scene(server, "msgpack", "yjs") as played:
        ack = await played.mallory.update(played.doc, "m.1", played.replica.state)
        assert (ack["version"], ack["changed"]) == (1, False)
        await played.assert_unnoticed()


async def test_update_for_the_wrong_document_is_never_logged(server: ServerProcess) -> None:
    other = YjsReplica(MALLORY_CLIENT)
    other.insert(0, "Something else entirely")
    async with scene(server, "msgpack", "yjs") as played:
        mallory = played.mallory
        await mallory.send(
            "update", doc=played.doc, id="m.1", update=other.insert(9, ", belonging elsewhere")
        )
        asked = await mallory.expect("resync", doc=played.doc)
        assert asked["state_vector"] == b"\x01" + varint(AUTHOR_CLIENT) + varint(len(TEXT))
        await played.assert_unnoticed()
        await mallory.send("leave", doc=played.doc)
        seen = await mallory.until(lambda message: message["type"] == "error")
        assert (seen[-1]["code"], seen[-1]["id"]) == ("not_joined", "m.1")


async def test_resync_is_answered_with_what_was_missing_and_all_is_acknowledged(
    server: ServerProcess,
) -> None:
    doc = fresh_name()
    replica = YjsReplica(MALLORY_CLIENT)
    replica.insert(0, "lost ")
    late = replica.insert(5, "and found")
    async with connect(server, "msgpack") as ana:
        await ana.join(doc, "yjs")
        await ana.send("update", doc=doc, id="a.2", update=late)
        asked = await ana.expect("resync", doc=doc)
        await ana.send("update", doc=doc, id="a.3", update=replica.since(asked["state_vector"]))
        acks = await ana.until(lambda message: message.get("id") == "a.2")
        assert [m["type"] for m in acks if m["type"] not in ("updates",)] == ["ack", "ack"]
        assert {m["id"]: m["version"] for m in acks if m["type"] == "ack"} == {"a.3": 1, "a.2": 1}
        await ana.send("leave", doc=doc)
        assert (await ana.join(doc, "text"))["text"] == "lost and found"


async def test_update_sent_before_what_it_builds_on_waits_and_is_acknowledged(
    server: ServerProcess,
) -> None:
    doc = fresh_name()
    replica = YjsReplica(MALLORY_CLIENT)
    updates = [replica.insert(number, str(number % 10)) for number in range(40)]
    async with connect(server, "msgpack") as ana, connect(server, "json", name="Ben") as ben:
        await ana.join(doc, "yjs")
        await ben.join(doc)
        for number in reversed(range(40)):
            await ana.send("update", doc=doc, id=f"a.{number}", update=updates[number])
        acks: dict[str, int] = {}
        while len(acks) < 40:
            message = await ana.receive()
            if message["type"] == "ack":
                acks[message["id"]] = message["version"]
            else:
                assert message["type"] in PRESENCE | {"resync"}, message
        assert acks == {f"a.{number}": number + 1 for number in range(40)}
        events: list[str] = []
        while len(events) < 40:
            events += [e["text"] for e in (await ben.expect("events"))["events"]]
        assert "".join(events) == replica.text


def state(client: int, text: str, clock: int = 1) -> bytes:
    return encode_awareness([(client, clock, text)])


BAD_AWARENESS: dict[str, tuple[bytes, set[str]]] = {
    "empty": (b"", {"invalid_message"}),
    "a million clients claimed": (varint(1_000_000), {"invalid_message", "too_large"}),
    "five clients": (
        encode_awareness([(c, 1, "{}") for c in range(70, 75)]),
        {"invalid_message", "forbidden"},
    ),
    "100,000 clients": (
        encode_awareness([(c, 1, "{}") for c in range(1, 100_001)]),
        {"invalid_message", "too_large"},
    ),
    "trailing bytes": (state(70, "{}") + b"\0", {"invalid_message"}),
    "same client twice": (
        encode_awareness([(70, 1, "{}"), (70, 2, "{}")]),
        {"invalid_message"},
    ),
    "clock of 2^32": (state(70, "{}", 2**32), {"invalid_message"}),
    "no JSON": (state(70, "{"), {"invalid_message"}),
    "no object": (state(70, "5"), {"invalid_message"}),
    "nested 2,000 deep": (state(70, '{"a":' + "[" * 2000 + "]" * 2000 + "}"), {"invalid_message"}),
    "5 kB": (state(70, '{"a":"' + "x" * 5_000 + '"}'), {"invalid_message", "too_large"}),
    "300 kB": (state(70, '{"a":"' + "x" * 300_000 + '"}'), {"too_large"}),
    "NaN": (state(70, '{"a":NaN}'), {"invalid_message"}),
    "somebody else's CRDT client": (state(AUTHOR_CLIENT, "{}"), {"forbidden"}),
    "somebody else's removal": (state(AUTHOR_CLIENT, "null", 9), {"forbidden"}),
}


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
async def test_bad_awareness_is_refused(server: ServerProcess, encoding: Encoding) -> None:
    async with (
        scene(server, encoding, "yjs") as played,
        connect(server, "msgpack", name="Bystander") as bystander,
    ):
        await bystander.join(played.doc, "yjs")
        await bystander.barrier()
        for name, (update, codes) in BAD_AWARENESS.items():
            await played.mallory.send("awareness", doc=played.doc, update=update)
            error = await played.mallory.expect("error")
            assert error["code"] in codes, (name, error)
        assert await bystander.barrier() == []
        await played.assert_unnoticed()


async def test_awareness_of_a_taken_client_id_is_forbidden_until_its_owner_leaves(
    server: ServerProcess,
) -> None:
    doc = fresh_name()
    async with connect(server, "msgpack", name="Mallory") as mallory:
        await mallory.join(doc, "yjs")
        async with connect(server, "msgpack", name="Ana") as ana:
            await ana.join(doc, "yjs")
            await ana.send("awareness", doc=doc, update=state(70, '{"cursor":1}'))
            await mallory.expect("awareness")
            await mallory.send("awareness", doc=doc, update=state(70, "null", 5))
            await mallory.expect_error("forbidden", doc=doc)
        gone = await mallory.expect("awareness")
        assert b"null" in gone["update"]
        await mallory.expect("member_left")


async def test_awareness_shows_the_user_of_the_session_whatever_it_claims(
    server: ServerProcess,
) -> None:
    doc = fresh_name()
    async with (
        connect(server, "msgpack", name="Ana") as ana,
        connect(server, "msgpack", name="Mallory") as mallory,
    ):
        await ana.join(doc, "yjs")
        await mallory.join(doc, "yjs")
        claim = '{"user":{"name":"Ana","id":"%s","color":"red"}}' % ana.user["id"]  # noqa: UP031
        await mallory.send("awareness", doc=doc, update=state(70, claim))
        shown = (await ana.expect("awareness"))["update"]
        assert b'"name":"Mallory"' in shown
        assert mallory.user["id"].encode() in shown
        assert b"Ana" not in shown
        assert ana.user["id"].encode() not in shown
