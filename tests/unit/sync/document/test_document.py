"""sync.document.document: what becomes of each submission."""

from typing import Any

import pytest
from msgspec.structs import replace
from pycrdt import Doc, Map

from sync.document.document import (
    Accepted,
    Document,
    Known,
    Lookup,
    Outcome,
    Parked,
    Questions,
    Refused,
    Unchanged,
)
from sync.error import ErrorCode
from sync.limit import Limits
from sync.port import AuthorBinding
from sync.submission import Submission, UpdateSubmission
from sync.text.delta import Delta
from tests.unit.sync.room.driven_room import (
    ANN,
    BOB,
    KEY,
    SERVER_CLIENT,
    Editor,
    MemoryLog,
    edit,
    yjs,
)


class Written:
    """A document whose accepted submissions are durable at once."""

    def __init__(self, limits: Limits | None = None, *, text_root: str = "content") -> None:
        self.log = MemoryLog(text_root=text_root)
        self.limits = limits or Limits()
        self.document = Document(self.log.opened(), self.limits)

    def merge(self, submission: Submission) -> Outcome:
        outcome = self.document.merge(submission, Lookup(), 5)
        if isinstance(outcome, Accepted):
            root = self.document.text_root
            self.log.append([outcome.record], outcome.bindings, text_root=root)
        return outcome

    def accept(self, submission: Submission) -> Delta:
        outcome = self.merge(submission)
        assert isinstance(outcome, Accepted), outcome
        return outcome.record.ops

    def refuse(self, submission: Submission) -> ErrorCode:
        before = (self.document.version, self.document.text)
        outcome = self.merge(submission)
        assert isinstance(outcome, Refused), outcome
        assert (self.document.version, self.document.text) == before
        return outcome.why.code

    def reopened(self) -> Document:
        return Document(self.log.opened(), self.limits)


def test_text_event_becomes_the_next_event() -> None:
    written = Written()
    outcome = written.merge(edit("s1", "a", 0, "héllo"))
    assert isinstance(outcome, Accepted)
    record = outcome.record
    assert (record.version, record.id, record.type, record.ops) == (
        1,
        "a",
        "text_insert",
        ("héllo",),
    )
    assert (record.actor_id, record.actor_name, record.session, record.at_ms) == (
        ANN.id,
        "Ann",
        "s1",
        5,
    )
    editor = Editor(1)
    editor.apply(record.update)
    assert str(editor) == "héllo"


def test_text_event_is_rebased_and_canonical() -> None:
    written = Written()
    written.accept(edit("s1", "a", 0, "abcd"))
    written.accept(edit("s1", "b", 1, "x"))
    assert written.accept(edit("s2", "c", 1, 1, -1, "y", 3 - 1)) == (2, "y", -1)
    assert written.document.text == "xaycd"


@pytest.mark.parametrize(
    ("base", "ops", "code"),
    [
        (1, (5, "x"), ErrorCode.OUT_OF_RANGE),
        (1, (3, -2), ErrorCode.OUT_OF_RANGE),
        (0, (1, "x"), ErrorCode.OUT_OF_RANGE),
        (2, ("x",), ErrorCode.BASE_UNKNOWN),
        (None, ("x" * 17,), ErrorCode.DOCUMENT_FULL),
    ],
)
def test_text_event_that_cannot_be_is_refused(
    base: int | None, ops: Delta, code: ErrorCode
) -> None:
    written = Written(Limits(max_document_chars=20))
    written.accept(edit("s1", "a", 0, "abcd"))
    assert written.refuse(edit("s1", "b", base, *ops)) == code


def test_text_event_is_refused_where_its_place_is_unknown() -> None:
    """Found by `lab converge`: a text root that holds bytes; the log got what nothing can load."""
    written = Written()
    written.accept(edit("s1", "a", 0, "abcd"))
    written.accept(yjs("s2", "b", bytes.fromhex("01014d00030107636f6e74656e740204d000")))
    assert written.refuse(edit("s1", "c", 2, 4, "x")) == ErrorCode.INVALID_MESSAGE
    assert written.reopened().text == "abcd"


def test_text_event_may_shrink_a_full_document() -> None:
    written = Written(Limits(max_document_chars=4))
    written.accept(edit("s1", "a", 0, "abcd"))
    assert written.refuse(edit("s1", "b", 1, "x")) == ErrorCode.DOCUMENT_FULL
    written.accept(edit("s1", "c", 1, "x", -1))


def test_content_outside_of_the_text_is_bounded_too() -> None:
    written = Written(Limits(max_document_bytes=20_000))
    doc: Doc[Any] = Doc(client_id=77)
    held = doc.get("held", type=Map)

    def bring(value: bytes) -> UpdateSubmission:
        before = doc.get_state()
        held["it"] = value
        return yjs("s1", f"u{written.document.version}-{len(value)}", doc.get_update(before))

    # What is replaced is not kept, so this goes on for ever.
    for _ in range(50):
        written.accept(bring(b"x" * 5_000))
    assert written.refuse(bring(b"x" * 30_000)) == ErrorCode.DOCUMENT_FULL
    assert written.refuse(edit("s1", "text", None, "x" * 30_000)) == ErrorCode.DOCUMENT_FULL
    written.accept(edit("s1", "little", None, "x"))


def test_state_that_was_loaded_is_counted() -> None:
    limits = Limits(max_document_bytes=20_000)
    written = Written(limits)
    written.accept(edit("s1", "a", None, "x" * 15_000))
    again = Document(written.log.opened(), limits)
    outcome = again.merge(edit("s1", "b", None, "x" * 10_000), Lookup(), 0)
    assert isinstance(outcome, Refused)
    assert outcome.why.code == ErrorCode.DOCUMENT_FULL


def scattered(number: int) -> Submission:
    """An insertion that stands alone: between two characters that are there."""
    return edit("s1", f"n{number}", None, 2 * number + 1, "-")


def test_structs_are_bounded_however_little_they_hold() -> None:
    written = Written(Limits(max_document_structs=40))
    written.accept(edit("s1", "a", None, "x" * 100))
    made = 0
    while made < 40 and isinstance(written.merge(scattered(made)), Accepted):
        made += 1
    # Each splits a struct in two and adds one.
    assert 17 <= made <= 19
    assert written.refuse(scattered(made)) == ErrorCode.DOCUMENT_FULL
    other = Editor(6)
    for event in written.log.events:
        other.apply(event.update)
    late = yjs("s2", "u", other.edit((1, "y")))
    assert written.refuse(late) == ErrorCode.DOCUMENT_FULL
    replaced = edit("s1", "b", None, 50, "z", -1)
    assert written.refuse(replaced) == ErrorCode.DOCUMENT_FULL
    written.accept(edit("s1", "c", None, -len(written.document.text)))
    # What was deleted is still there, for those who have not heard of it.
    assert written.refuse(edit("s1", "d", None, "y")) == ErrorCode.DOCUMENT_FULL


def test_structs_of_yjs_clients_are_bounded() -> None:
    written = Written(Limits(max_document_structs=40))
    writer = Editor(6)
    written.accept(yjs("s2", "u", writer.edit(("x" * 100,))))
    made = 0
    for number in range(40):
        update = writer.edit((2 * number + 1, "-"))
        made += isinstance(written.merge(yjs("s2", f"u{number}", update)), Accepted)
    assert 17 <= made <= 19


def test_typed_characters_are_one_struct() -> None:
    written = Written(Limits(max_document_structs=40))
    for number in range(500):
        written.accept(edit("s1", f"a{number}", None, number, "x"))
    writer = Editor(6)
    for event in written.log.events:
        writer.apply(event.update)
    for number in range(500):
        written.accept(yjs("s2", f"u{number}", writer.edit((500 + number, "y"))))


def test_structs_of_a_loaded_document_are_counted() -> None:
    limits = Limits(max_document_structs=40)
    written = Written(limits)
    written.accept(edit("s1", "a", None, "x" * 100))
    for number in range(16):
        written.accept(scattered(number))
    again = Document(written.log.opened(), limits)
    for number in range(16, 21):
        outcome = again.merge(scattered(number), Lookup(), 0)
    assert isinstance(outcome, Refused)
    assert outcome.why.code == ErrorCode.DOCUMENT_FULL


def test_text_event_too_far_behind_is_refused() -> None:
    written = Written(Limits(window_events=1, max_rebase_events=2))
    for number in range(4):
        written.accept(edit("s1", f"n{number}", None, "x"))
        written.document.window.trim()
    late = edit("s1", "late", 1, "y")
    assert written.document.questions([late]) == Questions(["late"])
    assert written.refuse(late) == ErrorCode.BASE_UNKNOWN


def test_old_bases_are_asked_for_and_merged() -> None:
    written = Written(Limits(window_events=1))
    for number in range(4):
        written.accept(edit("s1", f"n{number}", None, "x"))
        written.document.window.trim()
    late = edit("s1", "late", 1, 1, "y")
    both = [late, edit("s1", "other", 2, "z")]
    assert written.document.questions(both) == Questions(["late", "other"], after=1)
    lookup = Lookup(history=written.log.events[1:3])
    outcome = written.document.merge(late, lookup, 0)
    assert isinstance(outcome, Accepted)
    assert outcome.record.ops == (4, "y")


@pytest.mark.parametrize("ops", [(), (2,), (1, 1)])
def test_edit_that_changes_nothing_is_not_logged(ops: Delta) -> None:
    written = Written()
    written.accept(edit("s1", "a", 0, "ab"))
    assert written.merge(edit("s1", "b", 1, *ops)) == Unchanged(1)


def test_edit_of_what_others_deleted_changes_nothing() -> None:
    written = Written()
    written.accept(edit("s1", "a", 0, "ab"))
    written.accept(edit("s1", "b", 1, -2))
    assert written.merge(edit("s2", "c", 1, -1)) == Unchanged(2)


def test_update_is_logged_as_it_came_and_binds_its_client_id() -> None:
    written = Written()
    update = Editor(5).edit(("hé",))
    outcome = written.merge(yjs("s1", "u", update))
    assert isinstance(outcome, Accepted)
    assert outcome.record.update == update
    assert outcome.record.ops == ("hé",)
    assert outcome.bindings == (AuthorBinding(KEY, 5, BOB.id),)
    assert written.reopened().authors[5] == BOB.id


def test_update_under_somebody_else_s_client_id_is_forbidden() -> None:
    written = Written()
    editor = Editor(5)
    written.accept(yjs("s1", "u", editor.edit(("a",)), BOB))
    assert written.refuse(yjs("s2", "v", editor.edit((1, "b")), ANN)) == ErrorCode.FORBIDDEN
    forged = Editor(SERVER_CLIENT).edit(("x",))
    assert written.refuse(yjs("s2", "w", forged, ANN)) == ErrorCode.FORBIDDEN


def test_update_deleting_somebody_else_s_text_is_fine() -> None:
    written = Written()
    written.accept(yjs("s1", "u", Editor(5).edit(("abc",)), BOB))
    other = Editor(6)
    other.apply(written.log.events[0].update)
    assert written.accept(yjs("s2", "v", other.edit((1, -1)), ANN)) == (1, -1)


def test_update_may_not_bring_too_much_or_too_many_clients() -> None:
    written = Written(Limits(max_document_chars=3, max_crdt_clients=2))
    assert written.refuse(yjs("s1", "u", Editor(5).edit(("abcd",)))) == ErrorCode.DOCUMENT_FULL
    written.accept(yjs("s1", "v", Editor(6).edit(("a",))))
    assert written.refuse(yjs("s1", "w", Editor(7).edit(("a",)))) == ErrorCode.DOCUMENT_FULL


def test_update_that_is_none_is_malformed_and_an_early_one_waits() -> None:
    written = Written()
    assert written.refuse(yjs("s1", "u", b"\xff\xff")) == ErrorCode.MALFORMED_UPDATE
    editor = Editor(5)
    editor.edit(("a",))
    assert written.merge(yjs("s1", "v", editor.edit((1, "b")))) == Parked(((5, 1),))


def test_update_under_another_id_is_not_logged_twice() -> None:
    written = Written()
    editor = Editor(5)
    first, second = editor.edit(("ab",)), editor.edit((-1,))
    written.accept(yjs("s1", "u", first))
    assert written.merge(yjs("s1", "v", first)) == Unchanged(1)
    written.accept(yjs("s1", "w", second))
    assert written.merge(yjs("s1", "x", second)) == Unchanged(2)
    assert written.merge(yjs("s1", "y", editor.doc.get_update())) == Unchanged(2)


def test_known_id_is_known_only_with_its_content_and_user() -> None:
    written = Written()
    first = edit("s1", "a", 0, "x")
    written.accept(first)
    assert written.merge(first) == Known(written.log.events[0])
    assert written.merge(replace(first, session="s9")) == Known(written.log.events[0])
    assert written.refuse(replace(first, user=BOB)) == ErrorCode.DUPLICATE_ID
    assert written.refuse(edit("s1", "a", 0, "y")) == ErrorCode.DUPLICATE_ID
    again = written.reopened()
    again.window.trim()
    found = again.merge(first, Lookup(known={"a": written.log.events[0]}), 0)
    assert found == Known(written.log.events[0])


def test_ids_that_the_window_does_not_know_are_asked_for() -> None:
    written = Written()
    written.accept(edit("s1", "a", 0, "x"))
    batch = [edit("s1", "a", 0, "x"), edit("s1", "b", 0, "x")]
    assert written.document.questions(batch) == Questions(["b"])


def test_an_anonymous_update_is_asked_for_only_once_it_may_have_been_logged() -> None:
    written = Written()
    made = yjs("s1", "a", Editor(9).edit(("x",)), is_anonymous=True)
    assert written.document.questions([made]) is None
    assert written.document.questions([made], is_retry=True) == Questions(["a"])
    assert written.document.questions([made, yjs("s1", "b", b"\0\0")]) == Questions(["b"])
