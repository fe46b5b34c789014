"""sync.document.import_check: what a history that somebody brings must be."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from pycrdt import Doc, Map

from sync.document.document import Document
from sync.document.import_check import ImportCheck, ImportRefused
from sync.limit import Limits
from sync.port import EventRecord, Opened
from tests.unit.sync.document.test_document import Written
from tests.unit.sync.room.driven_room import Editor, edit, yjs


def history() -> Written:
    """Both modes, a pair that is cut in two, and something else than text."""
    written = Written()
    editor = Editor(5)
    written.accept(yjs("s1", "u1", editor.edit(("a😀b",))))
    written.accept(edit("s1", "t1", 1, 2, "xyz"))
    written.accept(edit("s1", "t2", 2, 1, -2))
    other: Doc[Any] = Doc(client_id=6)
    fields = other.get("fields", type=Map)
    fields["k"] = "v"
    written.accept(yjs("s1", "u2", other.get_update()))
    written.accept(edit("s1", "t3", 4, -1))
    return written


def checked(events: list[EventRecord], limits: Limits | None = None) -> ImportCheck:
    check = ImportCheck("content", limits or Limits())
    check.add(events[:2])
    check.add(events[2:])
    return check


def test_history_of_a_document_passes_and_gives_its_checkpoint() -> None:
    written = history()
    check = checked(written.log.events)
    head = check.finish()
    assert (head.version, head.text) == (5, written.document.text)
    opened = replace(written.log.opened(), checkpoint=head, tail=[])
    again = Document(opened, Limits())
    assert (again.version, again.text) == (5, written.document.text)
    assert again.state_vector() == written.document.state_vector()
    assert isinstance(opened, Opened)


Change = Callable[[EventRecord], EventRecord]

CHANGES: dict[str, Change] = {
    "another version": lambda event: replace(event, version=event.version + 1),
    "an id that is taken": lambda event: replace(event, id="u1"),
    "an empty id": lambda event: replace(event, id=""),
    "an id with a line end": lambda event: replace(event, id="a\nb"),
    "an id that is too long": lambda event: replace(event, id="a" * 97),
    "an author with NUL": lambda event: replace(event, actor_name="\0"),
    "a long session": lambda event: replace(event, session="s" * 2000),
    "a short digest": lambda event: replace(event, digest=b"d"),
    "a negative time": lambda event: replace(event, at_ms=-1),
    "ops past the end": lambda event: replace(event, ops=(9, "x")),
    "other ops": lambda event: replace(event, ops=(1, "y")),
    "ops that are not canonical": lambda event: replace(event, ops=(1, "x", "y")),
    "an update that waits": lambda event: replace(event, update=Editor(9).edit(("q",))[:-1]),
    "an update that is noise": lambda event: replace(event, update=b"\xff" * 20),
    "no update": lambda event: replace(event, update=b"\0\0"),
}


@pytest.mark.p8
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_history_with_a_wrong_event_is_refused(change: Change) -> None:
    events = list(history().log.events)
    events[1] = change(events[1])
    with pytest.raises(ImportRefused):
        checked(events).finish()


def test_history_that_begins_later_is_refused() -> None:
    with pytest.raises(ImportRefused, match="version 2"):
        checked(history().log.events[1:])


def test_event_that_is_left_out_is_told() -> None:
    events = history().log.events
    with pytest.raises(ImportRefused, match="version 3"):
        checked([events[0], *events[2:]])


def test_document_that_is_too_large_is_refused() -> None:
    events = history().log.events
    with pytest.raises(ImportRefused, match="at most 2"):
        checked(events, Limits(max_document_chars=2))
    with pytest.raises(ImportRefused, match="bytes"):
        checked(events, Limits(max_document_bytes=20)).finish()


def test_empty_history_is_an_empty_document() -> None:
    assert ImportCheck("", Limits()).finish().text == ""
