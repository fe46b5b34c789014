"""sync.document.document_state: loaded, followed, and the root that becomes the text."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from sync.document.document import (
    Accepted,
    Document,
    Unchanged,
)
from sync.error import ErrorCode
from sync.limit import Limits
from sync.port import Checkpoint, EventRecord
from sync.submission import Submission
from sync.text.delta import Delta
from sync.yjs.gate import KnownState, Ready, inspect
from sync.yjs.replica import Replica, ReplicaBrokenError
from tests.unit.sync.document.test_document import Written
from tests.unit.sync.room.driven_room import (
    Editor,
    MemoryLog,
    edit,
    yjs,
)
from tests.unit.sync.yjs.test_place import NESTED
from tests.unit.sync.yjs.update_bytes import block, name, update


def test_document_loads_from_its_events_and_from_a_checkpoint() -> None:
    written = Written()
    editor = Editor(5)
    written.accept(yjs("s1", "u", editor.edit(("a😀",))))
    written.accept(edit("s1", "a", 1, 2, "b"))
    from_events = written.reopened()
    written.log.checkpoints.append(written.document.checkpoint())
    written.accept(edit("s1", "b", 2, -1))
    again = written.reopened()
    assert (from_events.version, from_events.text) == (2, "a😀b")
    assert (again.version, again.text, again.checkpointed) == (3, "😀b", 2)
    assert again.has_pairs
    assert again.state_vector() == written.document.state_vector()
    assert again.clocks == written.document.clocks


def test_document_follows_what_the_log_has() -> None:
    written = Written()
    other = written.reopened()
    written.accept(edit("s1", "a", 0, "ab"))
    written.accept(yjs("s1", "u", Editor(5).edit(("c",))))
    other.follow(written.log.events)
    assert (other.version, other.text) == (2, written.document.text)
    with pytest.raises(ReplicaBrokenError):
        other.follow(written.log.events[:1])


def damaged_logs() -> list[MemoryLog]:
    """Logs that hold something else than what was written."""
    written = Written()
    written.accept(edit("s1", "a", 0, "ab"))
    written.accept(edit("s1", "b", 1, 2, "c"))
    first, second = written.log.events
    checkpoint = Checkpoint(1, "ab", first.update, b"\0\0\0")
    return [
        MemoryLog(events=[second]),
        MemoryLog(events=[first, replace(second, version=3)]),
        MemoryLog(events=[first, replace(second, ops=(2, "d"))]),
        MemoryLog(events=[first, replace(second, ops=(9, "c"))]),
        MemoryLog(events=[first, replace(second, update=b"\xff")]),
        MemoryLog(events=[replace(first, ops=()), second]),
        MemoryLog(events=[first], checkpoints=[replace(checkpoint, text="zz")]),
        MemoryLog(events=[first], checkpoints=[replace(checkpoint, state=b"\xff")]),
        MemoryLog(events=[first], checkpoints=[replace(checkpoint, pairs=b"\xff")]),
    ]


@pytest.mark.parametrize("log", damaged_logs())
def test_damaged_log_is_not_served(log: MemoryLog) -> None:
    with pytest.raises(ReplicaBrokenError):
        Document(log.opened(), Limits())


CROSSED = [
    "01020200040107636f6e74656e7403646566c402020201016100",
]
"""Each struct is a string; the second stands between units in reverse order."""


def test_item_between_two_parents_is_refused_and_the_state_stays_true() -> None:
    written = logged(NESTED[:4])
    for nth, raw in enumerate(NESTED[4:]):
        refused = written.refuse(yjs("s1", f"v{nth}", bytes.fromhex(raw)))
        assert refused == ErrorCode.MALFORMED_UPDATE
    fresh = Editor(9)
    fresh.apply(written.document.state())
    assert str(fresh.text) == written.document.text == "qxababyz"


def test_item_between_units_in_reverse_order_is_refused_and_changes_nothing() -> None:
    """Where it stands depends on what was merged before it, and no editor writes it."""
    written = Written()
    written.accept(yjs("s1", "u", Editor(5).edit(("a😀",))))
    for nth, raw in enumerate(CROSSED):
        assert written.refuse(yjs("s1", f"u{nth}", bytes.fromhex(raw))) == "malformed_update"
    written.accept(yjs("s1", "v", Editor(6).edit(("b",))))
    written.document.checkpoint()
    assert written.reopened().text == written.document.text


def logged(updates: Sequence[str]) -> Written:
    """A document of a time in which items were taken that are refused now."""
    written = Written()
    replica, known = Replica(1), KnownState()
    for nth, raw in enumerate(map(bytes.fromhex, updates), 1):
        verdict = inspect(raw, known)
        assert isinstance(verdict, Ready)
        ops = replica.apply(raw, verdict, is_logged=True).ops
        event = EventRecord(nth, f"u{nth}", ops, raw, "u", "U", "s", 0, b"")
        written.log.append([event])
        known.advance(verdict)
    written.document = written.reopened()
    return written


def test_state_that_shows_another_text_is_not_saved() -> None:
    """Its strings have origins to the right of their right origins: where they stand depends on
    the order in which they come, and no editor writes them."""
    written = logged(CROSSED)
    fresh = Editor(9)
    fresh.apply(written.document.state())
    assert str(fresh.text) != written.document.text
    checkpoint = written.document.checkpoint()
    assert (checkpoint.text, checkpoint.state) == (written.document.text, None)
    assert written.reopened().text == written.document.text


def test_update_is_not_blamed_for_a_state_that_showed_another_text_before() -> None:
    written = logged(CROSSED)
    bold = update(block(6, 0, bytes((0x86, 2, 0)) + name("bold") + name("true")))
    assert isinstance(written.merge(yjs("s1", "v", bold)), Accepted)


@pytest.mark.parametrize("ops", [(2, "d"), (9, "c")])
def test_event_with_other_ops_than_its_update_is_not_followed(ops: Delta) -> None:
    written = Written()
    other = written.reopened()
    written.accept(edit("s1", "a", 0, "ab"))
    written.accept(edit("s1", "b", 1, 2, "c"))
    first, second = written.log.events
    with pytest.raises(ReplicaBrokenError):
        other.follow([first, replace(second, ops=ops)])


# The text root of a document that another editor has begun


def drawing() -> bytes:
    """What an editor brings that keeps no plain text: a rich text, a map and a list."""
    doc: Doc[Any] = Doc(client_id=77)
    page = doc.get("page", type=XmlFragment)
    page.children.append(XmlElement("p", None, [XmlText("not plain")]))
    doc.get("meta", type=Map)["title"] = "a title"
    doc.get("list", type=Array).append("an entry")
    return doc.get_update()


def in_two_roots() -> bytes:
    """One update with characters in `second` (the first one it names) and `first`."""
    doc: Doc[Any] = Doc(client_id=5)
    doc.get("second", type=Text).insert(0, "two")
    doc.get("first", type=Text).insert(0, "one")
    return doc.get_update()


def after_a_format() -> bytes:
    """Characters whose item names no root: it goes on after a mark."""
    doc: Doc[Any] = Doc(client_id=5)
    doc.get("quill", type=Text).insert(0, "bold", {"b": True})
    return doc.get_update()


@pytest.mark.parametrize(
    ("update", "root", "text"),
    [
        (Editor(5, "body").edit(("hé😀",)), "body", "hé😀"),
        (Editor(5).edit(("x",)), "content", "x"),
        (in_two_roots(), "second", "two"),
        (after_a_format(), "quill", "bold"),
        (Editor(5, "x" * 128).edit(("x",)), "x" * 128, "x"),
    ],
    ids=["another root", "content", "the first of two", "after a format", "longest name"],
)
def test_first_characters_decide_the_text_root(update: bytes, root: str, text: str) -> None:
    written = Written(text_root="")
    other = written.reopened()
    assert written.accept(yjs("s1", "d", drawing())) == ()
    assert written.document.text_root == ""
    written.log.checkpoints.append(written.document.checkpoint())
    late = written.reopened()
    assert written.accept(yjs("s1", "u", update)) == (text,)
    other.follow(written.log.events)
    late.follow(written.log.events[1:])
    for document in (written.document, other, late, written.reopened()):
        assert (document.text_root, document.text, document.version) == (root, text, 2)
    written.log.text_root = ""
    assert written.reopened().text_root == root, "the events of the tail decide again"
    written.accept(edit("s2", "a", None, "> "))
    assert written.document.text == "> " + text
    written.document.checkpoint()


def test_characters_after_what_left_none_decide_the_text_root() -> None:
    written = Written(text_root="")
    editor = Editor(5, "body")
    editor.edit(("a",))
    editor.edit((-1,))
    assert written.accept(yjs("s1", "u", editor.doc.get_update())) == ()
    assert written.document.text_root == ""
    assert written.accept(yjs("s1", "v", editor.edit(("b",)))) == ("b",)
    assert (written.document.text_root, written.reopened().text) == ("body", "b")


def test_text_event_decides_for_content() -> None:
    written = Written(text_root="")
    other = written.reopened()
    written.accept(yjs("s1", "d", drawing()))
    assert written.merge(edit("s1", "n", None)) == Unchanged(1)
    assert written.document.text_root == ""
    assert written.accept(edit("s1", "a", None, "x")) == ("x",)
    other.follow(written.log.events)
    for document in (written.document, other, written.reopened()):
        assert (document.text_root, document.text) == ("content", "x")
    assert written.accept(yjs("s1", "u", Editor(5, "body").edit(("y",)))) == ()
    assert written.document.text_root == "content"


@pytest.mark.parametrize("root", ["", "x" * 129, "line\n"])
def test_root_that_cannot_be_named_stays_without_text(root: str) -> None:
    written = Written(text_root="")
    editor = Editor(5, root)
    assert written.accept(yjs("s1", "u", editor.edit(("a",)))) == ()
    assert written.accept(yjs("s1", "v", editor.edit((1, "b")))) == ()
    assert (written.document.text_root, written.document.text) == ("", "")
    assert written.accept(yjs("s1", "w", Editor(6, "body").edit(("x",)))) == ("x",)
    assert written.reopened().text_root == "body"


def test_document_of_many_roots_without_text_waits_for_none() -> None:
    written = Written(text_root="")
    doc: Doc[Any] = Doc(client_id=5)
    for number in range(40):
        doc.get(f"r{number}", type=XmlFragment).children.append(XmlText("x"))
    assert written.accept(yjs("s1", "u", doc.get_update())) == ()
    assert written.document.text_root == "content"
    assert written.accept(yjs("s1", "v", Editor(6).edit(("x",)))) == ("x",)


@pytest.mark.parametrize("before", [[], [yjs("s1", "d", drawing())]])
def test_root_that_the_log_has_by_now_is_taken_over(before: list[Submission]) -> None:
    written = Written(text_root="")
    for submission in before:
        written.accept(submission)
    written.document.learn_text_root("")
    assert written.document.text_root == ""
    written.document.learn_text_root("body")
    written.accept(edit("s1", "a", None, "x"))
    assert (written.reopened().text_root, written.reopened().text) == ("body", "x")
    body = Editor(9, "body")
    body.apply(written.document.state())
    assert str(body) == "x"


def test_root_of_an_empty_document_may_still_be_another() -> None:
    written = Written()
    written.document.learn_text_root("body")
    assert written.accept(yjs("s1", "u", Editor(5, "body").edit(("x",)))) == ("x",)


def test_root_that_events_tell_of_is_never_another() -> None:
    written = Written()
    written.accept(edit("s1", "a", 0, "x"))
    written.document.learn_text_root("content")
    with pytest.raises(ReplicaBrokenError):
        written.document.learn_text_root("body")
