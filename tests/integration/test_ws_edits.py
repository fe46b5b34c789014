"""Edits over real sockets: order, acks, resends, positions, several documents (P2, P3, P5)."""

import random
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from sync.text.delta import apply, from_wire
from sync.wire.message import Encoding
from tests.integration.peer import PRESENCE, Message, Peer, connect, ops_of
from tests.integration.scene import fresh_name
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p2, pytest.mark.p3, pytest.mark.p5]

ENCODINGS: tuple[Encoding, ...] = ("json", "msgpack")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("edits")) as process:
        yield process


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_edits_are_acknowledged_and_shown_to_others_as_events(
    server: ServerProcess, encoding: Encoding
) -> None:
    doc = fresh_name()
    async with connect(server, encoding) as ana, connect(server, "json", name="Ben") as ben:
        assert (await ana.join(doc))["role"] == "owner"
        joined = await ben.join(doc)
        assert (joined["role"], joined["text"], joined["version"]) == ("editor", "", 0)
        assert [m["user"]["name"] for m in joined["members"]] == ["Ana", "Ben"]
        await ana.expect("member_joined", user=ben.user, session=ben.session)
        ack = await ana.insert(doc, "a.1", "Hello", base=0)
        assert (ack["version"], ack["ops"]) == (1, [{"insert": "Hello"}])
        await ana.send("text_delete", doc=doc, id="a.2", base=1, pos=1, len=3)
        await ana.expect("ack", version=2, ops=[{"retain": 1}, {"delete": 3}])
        ops = [{"insert": "<"}, {"retain": 2}, {"insert": ">"}]
        await ana.send("text_edit", doc=doc, id="a.3", base=2, ops=ops)
        await ana.expect("ack", version=3, ops=ops)
        events: list[dict[str, Any]] = []
        while len(events) < 3:
            events += (await ben.expect("events"))["events"]
        assert [e["type"] for e in events] == ["text_insert", "text_delete", "text_edit"]
        assert [e["version"] for e in events] == [1, 2, 3]
        assert [e["id"] for e in events] == ["a.1", "a.2", "a.3"]
        assert {(e["actor"]["id"], e["actor"]["name"]) for e in events} == {(ana.user["id"], "Ana")}
        assert {e["session"] for e in events} == {ana.session}
        assert all(e["at"].endswith("Z") and len(e["at"]) == 24 for e in events)
        assert (events[0]["pos"], events[0]["text"]) == (0, "Hello")
        assert (events[1]["pos"], events[1]["len"]) == (1, 3)
        assert events[2]["ops"] == ops


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_resend_gets_the_ack_it_had_also_from_another_socket(
    server: ServerProcess, encoding: Encoding
) -> None:
    doc = fresh_name()
    edit = {"doc": doc, "id": "a.1", "base": 0, "pos": 0, "text": "once"}
    async with connect(server, encoding) as ana, connect(server, name="Ben") as ben:
        await ana.join(doc)
        await ben.join(doc)
        await ana.send("text_insert", **edit)
        first = await ana.expect("ack")
        await ana.insert(doc, "a.2", "later ")
        await ana.send("text_insert", **edit)
        again = await ana.expect("ack", id="a.1", version=1, ops=first["ops"])
        assert again["changed"] is False
        async with connect(server, "json") as another:
            await another.join(doc)
            await another.send("text_insert", **edit)
            await another.expect("ack", id="a.1", version=1, changed=False)
        await ana.send("text_insert", **{**edit, "text": "twice"})
        await ana.expect_error("duplicate_id", id="a.1")
        await ana.send("text_insert", **{**edit, "base": 1})
        await ana.expect_error("duplicate_id", id="a.1")
        await ben.send("text_insert", **edit)
        seen = await ben.until(lambda message: message["type"] == "error")
        assert seen[-1]["code"] == "duplicate_id"
        ids = [e["id"] for m in seen if m["type"] == "events" for e in m["events"]]
        assert ids == ["a.1", "a.2"]


async def test_resent_update_is_logged_once_in_whatever_form_it_returns(
    server: ServerProcess,
) -> None:
    doc = fresh_name()
    replica = YjsReplica(5)
    updates = [replica.insert(n, "x") for n in range(3)]
    async with connect(server, "msgpack") as ana:
        await ana.join(doc, "yjs")
        for number, update in enumerate(updates):
            assert (await ana.update(doc, f"a.{number}", update))["version"] == number + 1
        assert await ana.update(doc, "a.0", updates[0]) == {
            "type": "ack", "doc": doc, "id": "a.0", "version": 1, "changed": False,
        }  # fmt: skip
        merged = await ana.update(doc, "a.9", replica.state)
        assert (merged["version"], merged["changed"]) == (3, False)
        await ana.send("update", doc=doc, id="a.0", update=updates[1])
        await ana.expect_error("duplicate_id", id="a.0")


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_edit_that_changes_nothing_is_acknowledged_with_the_head_and_not_logged(
    server: ServerProcess, encoding: Encoding
) -> None:
    doc = fresh_name()
    async with connect(server, encoding) as ana:
        await ana.join(doc)
        await ana.insert(doc, "a.1", "x")
        for number, ops in enumerate(([], [{"retain": 1}])):
            await ana.send("text_edit", doc=doc, id=f"n.{number}", base=1, ops=ops)
            await ana.expect("ack", id=f"n.{number}", version=1, ops=[], changed=False)
        await ana.insert(doc, "a.2", "y")
        assert (await ana.join(doc))["version"] == 2


async def test_pipelined_edits_on_one_base_each_mean_the_text_at_that_base(
    server: ServerProcess,
) -> None:
    doc = fresh_name()
    async with connect(server) as ana, connect(server, "msgpack", name="Ben") as ben:
        await ana.join(doc)
        await ben.join(doc)
        await ana.insert(doc, "a.0", "0123456789", base=0)
        await ana.send("text_insert", doc=doc, id="a.1", base=1, pos=2, text="A")
        await ana.send("text_delete", doc=doc, id="a.2", base=1, pos=1, len=2)
        await ana.send("text_insert", doc=doc, id="a.3", base=1, pos=2, text="B")
        await ana.send("text_delete", doc=doc, id="a.4", base=1, pos=1, len=2)
        await ana.send("text_insert", doc=doc, id="a.5", base=1, pos=10, text="!")
        acks = [await ana.expect("ack") for _ in range(5)]
        assert [a["version"] for a in acks] == [2, 3, 4, 4, 5]
        assert acks[1]["ops"] == [
            {"retain": 1}, {"delete": 1}, {"retain": 1}, {"delete": 1},
        ]  # fmt: skip
        assert (acks[3]["ops"], acks[3]["changed"]) == ([], False)
        text = ""
        for ack in acks:
            text = apply(text or "0123456789", from_wire(ack["ops"]))
        assert text == "0AB3456789!"
        assert (await ana.join(doc))["text"] == text


@pytest.mark.parametrize("seed", [1, 2])
async def test_writers_in_both_modes_agree_and_hear_of_each_version_once_in_order(
    server: ServerProcess, seed: int
) -> None:
    """Two text clients on old bases and one Yjs client, all pipelining at once."""
    dice = random.Random(seed)
    doc, edits = fresh_name(), 120
    replica = YjsReplica(5)
    async with (
        connect(server, "json", name="Ana") as ana,
        connect(server, "msgpack", name="Ben") as ben,
        connect(server, "msgpack", name="Yan") as yan,
    ):
        for peer in (ana, ben):
            await peer.join(doc)
        await yan.join(doc, "yjs")
        for number in range(edits):
            for name, peer in (("a", ana), ("b", ben)):
                text = dice.choice(["x", "yz", "😀", "é\n"])
                await peer.send(
                    "text_insert", doc=doc, id=f"{name}.{number}", base=0, pos=0, text=text
                )
            update = replica.insert(dice.randint(0, len(replica.text)), dice.choice("kmo"))
            await yan.send("update", doc=doc, id=f"y.{number}", update=update)
        total = 3 * edits
        texts = [await _follow(peer, total) for peer in (ana, ben)]
        covered = 0
        acks: set[str] = set()
        while covered < total or len(acks) < edits:
            message = await yan.receive()
            if message["type"] == "updates":
                assert message["from"] <= covered + 1 <= message["to"] + 1
                covered = max(covered, message["to"])
                replica.apply(message["update"])
            elif message["type"] == "ack":
                acks.add(message["id"])
                covered = max(covered, message["version"])
        joined = await ana.join(doc)
        assert joined["version"] == total
        assert {joined["text"], replica.text, *texts} == {joined["text"]}
        await yan.send(
            "check", doc=doc, version=total, hash=sha256(replica.text.encode()).hexdigest()
        )
        checked = await yan.expect("checked", version=total)
        assert checked["hash"] == sha256(joined["text"].encode()).hexdigest()


async def _follow(peer: Peer, upto: int) -> str:
    """The text that a text-mode peer builds from acks and events, which must be contiguous."""
    text, version = "", 0
    while version < upto:
        message = await peer.receive()
        if message["type"] in PRESENCE:
            continue
        assert message["type"] in ("ack", "events"), message
        for each in [message] if message["type"] == "ack" else message["events"]:
            assert each["version"] == version + 1
            version += 1
            ops = from_wire(each["ops"]) if message["type"] == "ack" else ops_of(each)
            text = apply(text, ops)
    return text


async def test_deep_rebase_reaches_far_behind_the_head(server: ServerProcess) -> None:
    doc, edits = fresh_name(), 2_500
    async with connect(server, "msgpack") as ana:
        await ana.join(doc)
        await ana.insert(doc, "first", "[]", base=0)
        for number in range(edits):
            await ana.send("text_insert", doc=doc, id=f"a.{number}", base=None, pos=1, text="x")
        for _ in range(edits):
            await ana.expect("ack")
        await ana.send("text_insert", doc=doc, id="late", base=1, pos=2, text="!")
        await ana.expect("ack", version=edits + 2, ops=[{"retain": edits + 2}, {"insert": "!"}])


# --- positions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_utf16_positions_count_an_emoji_as_two_and_never_split_it(
    server: ServerProcess, encoding: Encoding
) -> None:
    doc = fresh_name()
    async with connect(server, encoding) as ana, connect(server, name="Ben") as ben:
        await ana.join(doc, position_encoding="utf-16")
        await ben.join(doc)
        await ana.insert(doc, "a.1", "a😀b😀c", base=0)
        await ana.send("text_insert", doc=doc, id="a.2", base=1, pos=3, text="|")
        await ana.expect("ack", version=2, ops=[{"retain": 3}, {"insert": "|"}])
        await ana.send("text_delete", doc=doc, id="a.3", base=1, pos=4, len=2)
        await ana.expect("ack", version=3, ops=[{"retain": 5}, {"delete": 2}])
        events: list[dict[str, Any]] = []
        while len(events) < 3:
            events += (await ben.expect("events"))["events"]
        assert (events[1]["pos"], events[1]["text"]) == (2, "|")
        assert (events[2]["pos"], events[2]["len"]) == (4, 1)
        await ben.insert(doc, "b.1", "!", pos=5)
        heard = await ana.expect("events")
        assert (heard["events"][0]["pos"], heard["events"][0]["version"]) == (6, 4)
        inside: list[Message] = [
            {"type": "text_insert", "pos": 2, "text": "x"},
            {"type": "text_delete", "pos": 2, "len": 1},
            {"type": "text_delete", "pos": 1, "len": 1},
            {"type": "text_delete", "pos": 0, "len": 2},
            {"type": "text_edit", "ops": [{"retain": 2}, {"insert": "x"}]},
            {"type": "text_edit", "ops": [{"delete": 2}]},
            {"type": "text_insert", "pos": 8, "text": "x"},
        ]
        for fields in inside:
            frame = {"doc": doc, "id": "bad", "base": 1, **fields}
            await ana.send_frame(ana.encode(frame))
            await ana.expect_error("out_of_range", id="bad")
        await ana.send("cursor_move", doc=doc, base=None, anchor=2, head=2)
        await ana.expect_error("out_of_range")
        await ana.send("cursor_move", doc=doc, base=None, anchor=3, head=7)
        await ben.expect("cursor", anchor=2, head=6, session=ana.session, user=ana.user)
        assert (await ben.join(doc))["text"] == "a😀|bc!"


async def test_utf16_replay_counts_as_the_live_events_did(server: ServerProcess) -> None:
    doc = fresh_name()
    async with connect(server) as ana, connect(server, name="Ben") as ben:
        epoch = (await ana.join(doc, position_encoding="utf-16"))["epoch"]
        await ben.join(doc)
        for number in range(6):
            await ben.insert(doc, f"b.{number}", "😀", pos=number)
        live: list[dict[str, Any]] = []
        while len(live) < 6:
            live += (await ana.expect("events"))["events"]
        assert [e["pos"] for e in live] == [0, 2, 4, 6, 8, 10]
        await ana.join(doc, position_encoding="utf-16", since=0, epoch=epoch)
        replayed: list[dict[str, Any]] = []
        while len(replayed) < 6:
            replayed += (await ana.expect("events"))["events"]
        assert replayed == live


# --- several documents, leaving -----------------------------------------------------------------


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_one_socket_carries_documents_in_different_modes(
    server: ServerProcess, encoding: Encoding
) -> None:
    text_doc, yjs_doc = fresh_name(), fresh_name()
    replica = YjsReplica(5)
    async with connect(server, encoding) as ana, connect(server, name="Ben") as ben:
        await ana.join(text_doc)
        await ana.join(yjs_doc, "yjs")
        await ben.join(text_doc, "yjs")
        await ben.join(yjs_doc)
        await ana.insert(text_doc, "same-id", "text")
        await ana.update(yjs_doc, "same-id", replica.insert(0, "yjs"))
        heard = {m["doc"]: m for m in [await _beyond(ben), await _beyond(ben)]}
        assert heard[text_doc]["type"] == "updates"
        assert heard[yjs_doc]["events"][0]["text"] == "yjs"
        await ana.send("leave", doc=text_doc)
        await ana.send("text_insert", doc=text_doc, id="x", base=0, pos=0, text="x")
        await ana.expect_error("not_joined", doc=text_doc)
        await ana.update(yjs_doc, "a.2", replica.insert(3, "!"))


async def _beyond(peer: Peer) -> Message:
    """The next message that is not presence."""
    while True:
        message = await peer.receive()
        if message["type"] not in PRESENCE:
            return message


async def test_who_left_hears_nothing_and_may_return(server: ServerProcess) -> None:
    doc = fresh_name()
    async with connect(server) as ana, connect(server, name="Ben") as ben:
        epoch = (await ana.join(doc))["epoch"]
        await ben.join(doc)
        await ana.expect("member_joined")
        await ben.send("leave", doc=doc)
        await ana.expect("member_left", session=ben.session)
        await ana.insert(doc, "a.1", "unheard")
        assert await ben.barrier() == []
        joined = await ben.join(doc, since=0, epoch=epoch)
        assert joined["recovered"] is True
        assert (await ben.expect("events"))["events"][0]["id"] == "a.1"


async def test_second_join_takes_the_new_mode(server: ServerProcess) -> None:
    doc = fresh_name()
    async with connect(server, "msgpack") as ana, connect(server, name="Ben") as ben:
        await ben.join(doc)
        await ana.join(doc)
        await ben.expect("member_joined")
        joined = await ana.join(doc, "yjs")
        assert "state" in joined
        assert [m["mode"] for m in joined["members"]] == ["text", "yjs"]
        await ana.update(doc, "a.1", YjsReplica(5).insert(0, "x"))
        await ana.send("text_insert", doc=doc, id="a.2", base=0, pos=0, text="x")
        await ana.expect_error("invalid_message")
        await ben.expect("events")


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_deleted_document_is_left_by_all_and_joined_by_nobody(
    server: ServerProcess, encoding: Encoding
) -> None:
    doc, other = fresh_name(), fresh_name()
    async with connect(server, encoding) as ana, connect(server, name="Ben") as ben:
        await ana.join(doc)
        await ana.join(other)
        await ben.join(doc, "yjs")
        await ana.insert(doc, "a.1", "x")
        async with httpx.AsyncClient(
            trust_env=False, timeout=PATIENCE_S, headers={"X-Quire-Name": "Ana"}
        ) as http:
            answer = await http.delete(f"{server.url}/api/documents/{doc}")
        assert answer.status_code in (200, 204)
        await ana.expect_error("unknown_document", doc=doc)
        await ben.expect("updates")
        await ben.expect_error("unknown_document", doc=doc)
        await ana.send("text_insert", doc=doc, id="a.2", base=0, pos=0, text="x")
        await ana.expect_error("not_joined", doc=doc)
        await ana.send("join", doc=doc)
        await ana.expect_error("unknown_document", doc=doc)
        await ana.insert(other, "a.1", "goes on")


# --- checks -------------------------------------------------------------------------------------


async def test_check_finds_a_replica_that_diverged(server: ServerProcess) -> None:
    doc = fresh_name()
    replica = YjsReplica(5)
    async with connect(server, "msgpack") as ana:
        await ana.join(doc, "yjs")
        await ana.update(doc, "a.1", replica.insert(0, "one"))
        right = sha256(b"one").hexdigest()
        await ana.send("check", doc=doc, version=1, hash=right)
        await ana.expect("checked", version=1, hash=right)
        await ana.send("check", doc=doc, version=0, hash=right)
        await ana.expect("checked", version=0, hash=None)
        await ana.send("check", doc=doc, version=1, hash=sha256(b"two").hexdigest())
        diverged = await ana.expect("diverged", version=1)
        mended = YjsReplica()
        mended.apply(diverged["state"])
        assert mended.text == "one"
