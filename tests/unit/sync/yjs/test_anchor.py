"""sync.yjs.anchor: relative positions as Yjs makes and reads them.

`yjs_positions.json` was written by yjs 13.6: documents by three clients each, with characters of
every width, deletions, and in the last two formats, embeds and other shared types. For each clock
of each client it has what yjs resolves it to, to the right and to the left (UTF-16 units in the
text with embeds as NUL, null if that is not in it), and for each position what yjs anchors it to.
"""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from sync.yjs.anchor import Anchor, AnchoredText, anchor_fields, read_anchor
from sync.yjs.content import DELETED, GC
from sync.yjs.gate import KnownState, Ready, inspect
from sync.yjs.replica import Replica
from sync.yjs.update import parse_update

VECTORS = Path(__file__).parents[3] / "vectors" / "yjs_positions.json"
DOCS: list[dict[str, Any]] = json.loads(VECTORS.read_text())["docs"]


def load(state: bytes) -> tuple[AnchoredText, Replica]:
    known, replica = KnownState(), Replica(99)
    verdict = inspect(state, known)
    assert isinstance(verdict, Ready), verdict
    replica.apply(state, verdict)
    known.advance(verdict)
    return AnchoredText(replica, known), replica


def collected(state: bytes) -> set[tuple[int, int]]:
    """The units of which only the length is left."""
    return {
        (struct.client, clock)
        for struct in parse_update(state).structs
        if struct.kind in (GC, DELETED)
        for clock in range(struct.start, struct.end)
    }


def position(shown: str, units: int | None) -> int | None:
    """A position of yjs in code points, without embeds; inside of a pair it is before it."""
    if units is None:
        return None
    before = shown.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")
    return len(before) - before.count("\0")


@pytest.mark.parametrize("doc", DOCS)
def test_every_item_is_where_yjs_finds_it(doc: dict[str, Any]) -> None:
    state = base64.b64decode(doc["state"])
    text, replica = load(state)
    assert replica.shown() == doc["shown"]
    remains = collected(state)
    for items in doc["items"]:
        client = items["client"]
        for after in (True, False):
            for clock, units in enumerate(items["after" if after else "before"]):
                found = text.resolve(Anchor((client, clock), after))
                if units is None and (client, clock) in remains:
                    # Of what type it was cannot be told; no editor says that it is in the text.
                    assert found is None or 0 <= found <= len(replica.text)
                else:
                    assert found == position(doc["shown"], units), (client, clock, after)


@pytest.mark.parametrize("doc", DOCS)
def test_every_position_is_anchored_as_yjs_does(doc: dict[str, Any]) -> None:
    text, replica = load(base64.b64decode(doc["state"]))
    anchors = {}
    for units, item in reversed(list(enumerate(doc["anchors"]))):
        place = position(doc["shown"], units)
        if place == position(doc["shown"], units - 1):
            continue  # inside of a pair, or behind an embed
        anchors[place] = item if item is None else tuple(item)
    for place in range(len(replica.text) + 1):
        anchor = text.anchor(place)
        assert anchor is not None
        assert text.resolve(anchor) == place
        if place in anchors:
            assert anchor == Anchor(anchors[place])


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        [],
        {},
        {"assoc": 0},
        {"tname": "other", "assoc": 0},
        {"tname": "other", "item": {"client": 1, "clock": 0}},
        {"tname": 5, "item": {"client": 1, "clock": 0}},
        {"type": {"client": 1, "clock": 0}},
        {"type": {"client": 1, "clock": 0}, "tname": "content"},
        {"tname": "content", "assoc": "0"},
        {"tname": "content", "assoc": 1.5},
        {"tname": "content", "assoc": True},
        {"tname": "content", "item": 5},
        {"tname": "content", "item": {"client": 1}},
        {"tname": "content", "item": {"client": "1", "clock": 0}},
        {"tname": "content", "item": {"client": 1, "clock": 0.5}},
        {"tname": "content", "item": {"client": 1, "clock": False}},
        {"tname": "content", "item": {"client": -1, "clock": 0}},
        {"tname": "content", "item": {"client": 1, "clock": -1}},
        {"tname": "content", "item": {"client": 1 << 53, "clock": 0}},
        {"tname": "content", "item": {"client": 1, "clock": 1 << 31}},
    ],
)
def test_what_is_no_position_in_the_text_is_none(value: object) -> None:
    assert read_anchor(value, "content") is None


def test_anchor_is_read_as_it_is_written() -> None:
    for anchor in (Anchor(None), Anchor(None, after=False), Anchor((1, 2)), Anchor((1, 2), False)):
        assert read_anchor(anchor_fields(anchor, "content"), "content") == anchor
    assert read_anchor({"item": {"client": 1, "clock": 2}}, "content") == Anchor((1, 2))
    assert read_anchor({"tname": "content", "assoc": 3}, "content") == Anchor(None)


def test_ends_of_the_text() -> None:
    doc: Doc[Any] = Doc(client_id=1)
    doc["content"] = Text("é😀")
    text, _ = load(doc.get_update())
    assert text.anchor(2) == Anchor(None)
    assert text.resolve(Anchor(None)) == 2
    assert text.resolve(Anchor(None, after=False)) == 0


def test_item_that_is_not_there_or_elsewhere_is_nowhere() -> None:
    """Each of these is a panic in the native library, or a wrong place, if it is asked."""
    doc: Doc[Any] = Doc(client_id=1)
    doc["content"] = Text("é")
    doc["meta"] = Map({"title": Text("hällo"), "old": Text("gone")})
    del doc["meta"]["old"]
    text, replica = load(doc.get_update())
    end = replica.state_vector()[-1]
    assert not text.is_known(Anchor((1, end)))
    assert not text.is_known(Anchor((2, 0)))
    found = {
        text.resolve(Anchor((1, clock), after)) for clock in range(1, 20) for after in (False, True)
    }
    assert found <= {None, 0, 1}, "what was deleted may have been anywhere"
    assert text.resolve(Anchor((2, 0))) is None
    assert text.resolve(Anchor((1, 0))) == 0
    assert replica.text == "é"


def test_blocks_are_found_far_back() -> None:
    doc: Doc[Any] = Doc(client_id=1)
    text = doc.get("content", type=Text)
    text += "中😀" * 3_000
    del text[7_000:7_003]
    anchored, replica = load(doc.get_update())
    for place in (0, 1, 63, 2_000, 2_001, 5_000, len(replica.text) - 1):
        anchor = anchored.anchor(place)
        assert anchor is not None
        assert anchored.resolve(anchor) == place


@pytest.mark.parametrize("elsewhere", [False, True])
def test_block_is_not_taken_for_another_whose_clocks_look_the_same(elsewhere: bool) -> None:
    """The library names byte 100 of client 1's first block by clock 100, that of its second."""
    one: Doc[Any] = Doc(client_id=1)
    two: Doc[Any] = Doc(client_id=2)
    text, other = (one.get(root, type=Text) for root in ("content", "other"))
    text += "é" * 100
    two.apply_update(one.get_update())
    if elsewhere:
        two.get("other", type=Text).insert(0, "x" * 100)
    else:
        two.get("content", type=Text).insert(200, "x")
    one.apply_update(two.get_update())
    (other if elsewhere else text).insert(100 if elsewhere else 201, "b" if elsewhere else "é")
    anchored, _ = load(one.get_update())
    assert anchored.anchor(50) == Anchor((1, 50))
    assert anchored.resolve(Anchor((1, 50))) == 50


@pytest.mark.parametrize("value", ["hidden", 7, {"image": 1}])
def test_embeds_stand_between_positions_or_hide_them_all(value: object) -> None:
    doc: Doc[Any] = Doc(client_id=1)
    text = doc.get("content", type=Text)
    text += "éb"
    text.insert_embed(2, value)
    anchored, replica = load(doc.get_update())
    assert replica.text.replace("hidden", "") == "éb"
    found = [anchored.anchor(place) for place in range(len("éb") + 1)]
    if value == "hidden":
        assert found == [None, None, None]
        assert anchored.resolve(Anchor((1, 0))) is None
    else:
        assert found == [Anchor((1, 0)), Anchor((1, 2)), Anchor(None)]
        assert [anchored.resolve(each) for each in found if each] == [0, 1, 2]
