"""sync.room.text_check: the hash of the text that a Yjs client shows, against the log's."""

from hashlib import sha256

from sync.effect import Deliver
from sync.fact import CheckText
from sync.room.text_check import TextCheck
from sync.wire.message import Checked, Diverged
from tests.unit.sync.room.driven_room import DrivenRoom, edit


def test_same_text_another_text_and_an_older_version_are_told_apart() -> None:
    driven = DrivenRoom()
    driven.write(edit("http", "a", None, "x"))
    check, right = TextCheck(driven.room), sha256(b"x").hexdigest()
    assert list(check.answer(CheckText("y", 1, right))) == [
        Deliver(("y",), Checked("notes", 1, right))
    ]
    (answer,) = check.answer(CheckText("y", 1, sha256(b"z").hexdigest()))
    assert isinstance(answer, Deliver)
    assert isinstance(answer.message, Diverged)
    assert list(check.answer(CheckText("y", 0, right))) == [
        Deliver(("y",), Checked("notes", 0, None))
    ]


def test_hash_follows_the_head_and_is_forgotten_with_its_history() -> None:
    driven = DrivenRoom()
    check = TextCheck(driven.room)
    for version, text in ((1, "x"), (2, "yx")):
        driven.write(edit("http", f"e{version}", None, text[0]))
        wanted = sha256(text.encode()).hexdigest()
        (answer,) = check.answer(CheckText("y", version, wanted))
        assert isinstance(answer, Deliver)
        assert answer.message == Checked("notes", version, wanted)
    driven.room.text = "another history"
    check.forget()
    (answer,) = check.answer(CheckText("y", 2, wanted))
    assert isinstance(answer, Deliver)
    assert isinstance(answer.message, Diverged)
