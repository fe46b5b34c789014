"""sync.yjs.replica: what pycrdt is made to promise."""

import pytest
from pycrdt import Doc, Map

from sync.text.delta import Delta
from sync.yjs.gate import KnownState, Ready, inspect
from sync.yjs.replica import Applied, Replica, ReplicaBrokenError, _in_codepoints, merged
from tests.unit.sync.room.driven_room import Editor

SERVER = 99


class Gated:
    """A replica behind its gate."""

    def __init__(self) -> None:
        self.replica = Replica(SERVER)
        self.known = KnownState()

    def apply(self, update: bytes) -> Applied:
        verdict = inspect(update, self.known)
        assert isinstance(verdict, Ready), verdict
        applied = self.replica.apply(update, verdict)
        self.known.advance(verdict)
        self.replica.verify()
        return applied

    def edit(self, ops: Delta) -> bytes:
        update = self.replica.edit(ops)
        verdict = inspect(update, self.known)
        assert isinstance(verdict, Ready), verdict
        self.known.advance(verdict)
        self.replica.verify()
        return update


@pytest.mark.parametrize(
    "ops",
    [("x",), (3, "😀"), (1, -2), (1, "é", -1, 1, -1), (-6,), ("中", 2, "b", 2, "c", -1)],
)
def test_edit_becomes_one_update_that_does_the_same_elsewhere(ops: Delta) -> None:
    here, there = Gated(), Gated()
    there.apply(here.edit(("aé😀b中c",)))
    assert there.apply(here.edit(ops)).changed
    assert there.replica.text == here.replica.text


def test_apply_counts_in_code_points() -> None:
    gated, editor = Gated(), Editor(1)
    gated.apply(editor.edit(("é😀中",)))
    assert gated.apply(editor.edit((2, "x"))).ops == (2, "x")
    assert gated.apply(editor.edit((1, -1))).ops == (1, -1)


def test_apply_of_what_is_known_changes_nothing() -> None:
    gated, editor = Gated(), Editor(1)
    gated.apply(editor.edit(("abc",)))
    delete = editor.edit((-1,))
    gated.apply(delete)
    assert gated.apply(delete) == Applied((), False)
    assert gated.apply(editor.doc.get_update()) == Applied((), False)


def test_apply_to_another_root_changes_no_text() -> None:
    gated, editor = Gated(), Editor(1)
    gated.apply(editor.edit(("abc",)))
    other: Doc[Map[str]] = Doc(client_id=2)
    other.get("meta", type=Map)["title"] = "t"
    assert gated.apply(other.get_update()) == Applied((), True)
    assert gated.replica.text == "abc"


def test_apply_compares_texts_in_a_document_with_embeds() -> None:
    gated, editor = Gated(), Editor(1)
    gated.apply(editor.edit(("abc",)))
    before = editor.doc.get_state()
    editor.text.insert_embed(1, {"image": "x"})
    assert gated.apply(editor.doc.get_update(before)) == Applied((), True)
    before = editor.doc.get_state()
    editor.text.insert(0, "z")
    assert gated.apply(editor.doc.get_update(before)).ops == ("z",)


def test_edit_in_a_document_with_embeds_goes_where_its_delta_says() -> None:
    """Found by `lab converge`: an embed before it moved an edit, and the log told of another."""
    gated, editor = Gated(), Editor(1)
    gated.apply(editor.edit(("aé😀",)))
    before = editor.doc.get_state()
    editor.text.insert_embed(0, {"image": "x"})
    gated.apply(editor.doc.get_update(before))
    for ops in ((3, "X"), (1, -1, 1, "Y"), (-2,)):
        editor.apply(gated.replica.edit(ops))
        gated.replica.verify()
        assert str(editor) == gated.replica.text
    assert gated.replica.text == "YX"


@pytest.mark.parametrize(
    ("content", "takes_edits"),
    [
        pytest.param("05027b7d", True, id="an object"),
        pytest.param("0601620474727565", True, id="a format"),
        pytest.param("0503227822", False, id="a string as an embed"),
        pytest.param("08027f79", False, id="values as in an array"),
        pytest.param("030204d0", False, id="bytes"),
    ],
)
def test_text_takes_no_edits_around_what_has_no_certain_place(
    content: str, *, takes_edits: bool
) -> None:
    """Found by `lab converge`: the log told of another edit, or of one that nothing can load."""
    gated, editor = Gated(), Editor(1)
    gated.apply(editor.edit(("abc",)))
    kind, rest = content[:2], content[2:]
    gated.apply(bytes.fromhex(f"01014d00{kind}0107636f6e74656e74{rest}00"))
    assert gated.replica.takes_edits() is takes_edits


def test_typing_and_backspacing_need_no_search() -> None:
    gated, editor = Gated(), Editor(1)
    gated.apply(editor.edit(("()",)))
    gated.apply(editor.edit((1, "a")))
    assert gated.replica._watch is not None, "the first was observed"
    assert gated.apply(editor.edit((2, "b"))).ops == (2, "b")
    assert gated.apply(editor.edit((2, -1))).ops == (2, -1)
    assert gated.replica._watch is None, "the others were not"
    assert gated.replica.text == "(a)"


def test_writer_s_place_is_in_doubt_when_another_replaces_the_character_before_it() -> None:
    """Whatever the ids, what stands behind the replacement was once put before it."""
    for mine, other in ((1, 2), (2, 1)):
        gated, editor, rival = Gated(), Editor(mine), Editor(other)
        for update in (editor.edit(("[]",)), editor.edit((1, "p")), editor.edit((2, "o"))):
            gated.apply(update)
            rival.apply(update)
        made: list[bytes] = []
        subscription = rival.doc.observe(lambda event, made=made: made.append(event.update))
        with rival.doc.transaction():
            rival.text.insert(3, "x")
            del rival.text[2:3]
        rival.doc.unobserve(subscription)
        gated.apply(made[0])
        gated.apply(editor.edit((3, "Z")))


def test_load_checks_the_text_it_was_promised() -> None:
    update = Editor(1).edit(("abc",))
    replica = Replica(SERVER)
    replica.load([update], "abc")
    assert replica.text == "abc"
    with pytest.raises(ReplicaBrokenError):
        Replica(SERVER).load([update], "abd")
    with pytest.raises(ReplicaBrokenError):
        Replica(SERVER).load([b"\xff\xff"])


def test_verify_finds_a_text_that_differs() -> None:
    replica = Replica(SERVER)
    replica.edit(("abc",))
    replica.text = "abd"
    with pytest.raises(ReplicaBrokenError):
        replica.verify()


def test_state_holds_everything() -> None:
    replica = Replica(SERVER)
    replica.edit(("abc",))
    replica.edit((1, -1))
    again = Replica(1)
    again.load([replica.state()], "ac")
    assert again.state_vector() == replica.state_vector()


def test_native_failure_is_a_broken_replica() -> None:
    with pytest.raises(ReplicaBrokenError):
        merged([b"\xff", b"\xff"])


def test_delta_that_cuts_a_character_is_of_a_broken_replica() -> None:
    assert _in_codepoints([{"retain": 2}, {"delete": 1}], "é!") == [1, -1]
    with pytest.raises(ReplicaBrokenError, match="cuts a character"):
        _in_codepoints([{"retain": 1}, {"delete": 1}], "é!")


def test_merged_updates_do_what_they_do_one_by_one() -> None:
    first = Editor(1)
    updates = [first.edit(("a",)), first.edit((1, "b")), first.edit((-1,))]
    second = Editor(2)
    second.apply(merged(updates))
    assert str(second) == "b"
    assert merged(updates[:1]) == updates[0]
