"""sync.yjs.reversal: what brings a version back, by hand-made histories of one writer or two."""

from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from sync.yjs.native import ReplicaBrokenError
from sync.yjs.reversal import Reversal, reverse

WRITER = 777
ROOTS: dict[str, Any] = {"content": Text, "list": Array, "map": Map, "prose": XmlFragment}


class Editor:
    """A replica with the roots of a document, which says what each change of it sends."""

    def __init__(self, client_id: int, *updates: bytes) -> None:
        self.doc: Doc[Any] = Doc(client_id=client_id)
        for root, kind in ROOTS.items():
            self.doc.get(root, type=kind)
        for update in updates:
            self.doc.apply_update(update)

    def root(self, name: str) -> Any:
        return self.doc.get(name, type=ROOTS[name])

    def send(self, change: Callable[[], object]) -> bytes:
        before = self.doc.get_state()
        with self.doc.transaction():
            change()
        return self.doc.get_update(before)

    def see(self) -> dict[str, Any]:
        return {
            "content": self.root("content").diff(),
            "list": self.root("list").to_py(),
            "map": self.root("map").to_py(),
            "prose": str(self.root("prose")),
        }


def brought_back(before: list[bytes], after: list[bytes]) -> Reversal:
    """Reverse, and require that a replica with the update shows what the old version did."""
    found = reverse(before, after, WRITER, "content")
    assert found.kind == "update"
    assert Editor(1, *before, *after, found.update).see() == Editor(1, *before).see()
    return found


def test_nothing_is_to_be_done_for_a_version_with_the_same_content() -> None:
    ana = Editor(10)
    typed = ana.send(lambda: ana.root("content").insert(0, "abc"))
    more = ana.send(lambda: ana.root("content").insert(3, "d"))
    taken = ana.send(lambda: ana.root("content").__delitem__(slice(3, 4)))
    assert reverse([typed], [], WRITER, "content") == Reversal("nothing")
    assert reverse([typed], [more, taken], WRITER, "content") == Reversal("nothing")
    assert reverse([], [], WRITER, "content") == Reversal("nothing")


def test_characters_that_differ_are_left_to_an_edit_of_the_text() -> None:
    ana = Editor(10)
    typed = ana.send(lambda: ana.root("content").insert(0, "a😀"))
    more = ana.send(lambda: ana.root("content").insert(1, "b"))
    assert reverse([typed], [more], WRITER, "content") == Reversal("text")
    assert reverse([], [typed, more], WRITER, "content") == Reversal("text")


def test_characters_of_another_root_than_the_text_are_brought_back_by_an_update() -> None:
    ana = Editor(10)
    typed = ana.send(lambda: ana.root("content").insert(0, "abc"))
    more = ana.send(lambda: ana.root("content").insert(3, "d"))
    found = reverse([typed], [more], WRITER, "title")
    assert found.kind == "update"
    assert Editor(1, typed, more, found.update).see()["content"] == [("abc", None)]


@pytest.mark.parametrize("marked_first", [True, False])
def test_marks_are_set_and_taken_away_again(*, marked_first: bool) -> None:
    ana = Editor(10)
    text = ana.root("content")
    before = [ana.send(lambda: text.insert(0, "abc"))]
    if marked_first:
        before.append(ana.send(lambda: text.format(0, 2, {"bold": True})))
    value = None if marked_first else True
    after = [ana.send(lambda: text.format(0, 2, {"bold": value}))]
    brought_back(before, after)


def test_text_that_was_marked_is_revived_with_its_marks() -> None:
    ana = Editor(10)
    text = ana.root("content")
    before = [ana.send(lambda: text.insert(0, "abc", {"bold": True}))]
    after = [ana.send(lambda: text.__delitem__(slice(0, 3)))]
    brought_back(before, after)


def test_nested_types_are_revived_with_what_is_in_them() -> None:
    ana = Editor(10)
    prose = ana.root("prose")
    before = [
        ana.send(
            lambda: prose.children.append(
                XmlElement("p", {"level": "1"}, [XmlText("one"), XmlElement("br")])
            )
        ),
        ana.send(lambda: ana.root("map").__setitem__("k", Map({"list": Array([1, 2])}))),
        ana.send(lambda: ana.root("list").append(Map({"x": 1.5}))),
    ]
    after = [
        ana.send(lambda: prose.children.__delitem__(0)),
        ana.send(lambda: ana.root("map").__delitem__("k")),
        ana.send(lambda: ana.root("list").__delitem__(0)),
        ana.send(lambda: prose.children.append(XmlElement("h1"))),
    ]
    brought_back(before, after)
    shown = Editor(1, *before).see()
    assert shown["prose"] == '<p level="1">one<br></br></p>'
    assert shown["map"] == {"k": {"list": [1.0, 2.0]}}


def test_values_that_python_calls_equal_are_told_apart() -> None:
    ana = Editor(10)
    entries = ana.root("map")
    before = [ana.send(lambda: entries.__setitem__("done", True))]
    after = [ana.send(lambda: entries.__setitem__("done", 1))]
    found = brought_back(before, after)
    assert Editor(1, *before, *after, found.update).root("map")["done"] is True


def test_what_another_inserts_meanwhile_stays() -> None:
    ana = Editor(10)
    before = [ana.send(lambda: ana.root("prose").children.append(XmlElement("p")))]
    after = [ana.send(lambda: ana.root("prose").children.append(XmlElement("h1")))]
    ben = Editor(20, *before, *after)
    meanwhile = ben.send(lambda: ben.root("prose").children.insert(0, XmlElement("b")))
    found = brought_back(before, after)
    for order in ((meanwhile, found.update), (found.update, meanwhile)):
        shown = Editor(1, *before, *after, *order).see()
        assert shown["prose"] == "<b></b><p></p>"


def test_update_is_by_the_one_client_that_it_was_to_be_written_under() -> None:
    ana = Editor(10)
    before = [ana.send(lambda: ana.root("list").append("a"))]
    after = [ana.send(lambda: ana.root("list").__delitem__(0))]
    found = reverse(before, after, WRITER, "content")
    assert found.kind == "update"
    fresh = Editor(1, *before, *after)
    had = fresh.doc.get_state()
    fresh.doc.apply_update(found.update)
    clients, count, *rest = fresh.doc.get_update(had)
    assert (clients, count) == (1, 1)
    assert bytes(rest[:2]) == b"\x89\x06", "777 as a varint"


def test_nested_type_that_another_overwrote_and_that_is_gone_cannot_be_brought_back() -> None:
    ben = Editor(20)
    first = ben.send(lambda: ben.root("map").__setitem__("k", Map({"x": 4})))
    ana = Editor(10, first)
    nested = ana.send(lambda: ana.root("map")["k"].__setitem__("x", Map({"y": 1})))
    # Ben has not seen that. yrs revives neither value of `x`, and a type is not made anew.
    changed = ben.send(lambda: ben.root("map")["k"].__setitem__("x", 2))
    removed = ben.send(lambda: ben.root("map").__delitem__("k"))
    assert Editor(1, first, nested).see()["map"] == {"k": {"x": {"y": 1}}}
    found = reverse([first, nested], [changed, removed], WRITER, "content")
    assert found == Reversal("impossible")


def test_what_the_native_library_cannot_read_is_broken() -> None:
    with pytest.raises(ReplicaBrokenError):
        reverse([b"\xff"], [], WRITER, "content")
