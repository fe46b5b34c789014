"""sync.room.room: what is told after a commit, in which order, and what is kept.

The other `test_room_*.py` are the rest of it: joins, acknowledgements, refusals and so on.
"""

from hashlib import sha256

import pytest

from sync.document.document import Lookup, Questions
from sync.effect import Effect, Settled, WantBatch
from sync.fact import CheckText, CommitFailed, Committed, Drained, Lagging, Leave
from sync.limit import Limits
from sync.port import Followed
from sync.wire.message import Ack, Checked, Diverged, Events, Updates
from tests.unit.sync.room.driven_room import (
    ANN,
    BOB,
    NAME,
    NOW_MS,
    DrivenRoom,
    Editor,
    MemoryLog,
    edit,
    from_session,
    messages,
    room_with,
    sent,
    settled,
    versions,
    yjs,
)


def test_room_withholds_ack_and_event_until_committed() -> None:
    driven = room_with("s1", "s2")
    assert driven.submit(edit("s1", "a", 0, "x")) == [WantBatch()]
    draft = driven.begin()
    assert [event.version for event in draft.events] == [1]
    assert driven.room.version == 0
    assert driven.room.text == ""
    driven.log.append(draft.events)
    effects = driven.tell(Committed())
    assert sent(effects, "s1", Ack) == [Ack(NAME, "a", 1, True, [{"insert": "x"}])]
    assert versions(effects, "s2") == [1]
    assert Settled("s1", 10) in effects


def test_submission_is_asked_to_be_merged_once() -> None:
    driven = room_with("s1")
    assert driven.submit(edit("s1", "a", 0, "x"), edit("s1", "b", 0, "y")) == [WantBatch()]


def test_what_does_not_fit_into_a_batch_waits_for_the_next() -> None:
    driven = room_with("s1")
    driven.submit(*(edit("s1", f"e{n}", 0, "x") for n in range(3)))
    draft = driven.begin(max_events=2)
    assert len(draft.events) == 2
    driven.log.append(draft.events)
    assert WantBatch() in driven.tell(Committed())
    assert len(driven.begin().events) == 1


def test_sender_gets_acks_where_its_events_stand_and_the_others_events() -> None:
    driven = room_with("s1", "s2", "s3")
    effects = driven.write(
        edit("s1", "a", 0, "x"),
        edit("s2", "b", 0, "y"),
        edit("s1", "c", 0, "z"),
    )
    assert versions(effects, "s1") == [1, 2, 3]
    assert [ack.version for ack in sent(effects, "s1", Ack)] == [1, 3]
    assert versions(effects, "s2") == [1, 2, 3]
    assert [ack.version for ack in sent(effects, "s2", Ack)] == [2]
    assert versions(effects, "s3") == [1, 2, 3]
    assert len(sent(effects, "s3", Events)) == 1, "encoded once"


def test_ack_carries_the_ops_as_rebased() -> None:
    driven = room_with("s1", "s2", text="ab")
    effects = driven.write(edit("s2", "p", 1, "xx"), edit("s1", "q", 1, 2, "y"))
    (ack,) = sent(effects, "s1", Ack)
    assert ack.ops == [{"retain": 4}, {"insert": "y"}]
    assert driven.room.text == "xxaby"


def test_ack_of_an_unchanged_edit_comes_after_everything_up_to_its_version() -> None:
    driven = room_with("s1", "s2", text="ab")
    effects = driven.write(edit("s2", "p", 1, "x"), edit("s1", "q", 1, 2), edit("s2", "r", 1, "y"))
    told = messages(effects, "s1")
    assert [type(message) for message in told] == [Events, Ack, Events]
    assert told[1] == Ack(NAME, "q", 2, False, [])
    assert versions(effects, "s1") == [2, 3]


def test_yjs_sessions_get_one_merged_update_then_their_acks() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2", ANN, "yjs")
    first, second = Editor(1), Editor(2)
    effects = driven.write(
        yjs("s1", "a", first.edit(("a",)), BOB), yjs("s2", "b", second.edit(("b",)), ANN)
    )
    assert [type(message) for message in messages(effects, "s1")] == [Updates, Ack]
    for editor, session in ((first, "s1"), (second, "s2")):
        (updates,) = sent(effects, session, Updates)
        editor.apply(updates.update)
    assert str(first) == str(second) == driven.room.text
    assert sent(effects, "s1", Ack) == [Ack(NAME, "a", 1)]


def test_yjs_session_that_wrote_all_of_a_batch_gets_only_its_acks() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2", ANN, "yjs")
    effects = driven.write(yjs("s1", "a", Editor(1).edit(("a",))))
    assert [type(message) for message in messages(effects, "s1")] == [Ack]
    assert versions(effects, "s2") == [1]


def test_yjs_session_that_joined_anew_gets_its_own_earlier_update_too() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.submit(yjs("s1", "a", Editor(1).edit(("a",))))
    driven.tell(Leave("s1"))
    driven.join("s1", BOB, "yjs")
    assert versions(driven.commit(), "s1") == [1, 1], "as an update, and as an ack"


def test_text_and_yjs_sessions_see_each_other() -> None:
    driven = room_with("s1", text="ab")
    driven.join("s2", BOB, "yjs")
    editor = Editor(3)
    editor.apply(driven.log.events[0].update)
    effects = driven.write(yjs("s2", "u", editor.edit((1, "é"))), edit("s1", "t", 1, 2, "!"))
    (event,) = sent(effects, "s1", Events)[0].events
    assert (event.type, event.pos, event.text, event.actor.id) == ("text_insert", 1, "é", BOB.id)
    (updates,) = sent(effects, "s2", Updates)
    editor.apply(updates.update)
    assert str(editor) == driven.room.text == "aéb!"


def test_submission_of_a_session_that_is_no_member_is_answered() -> None:
    driven = room_with()
    assert [ack.version for ack in sent(driven.write(edit("http", "a", 0, "x")), "http", Ack)] == [
        1
    ]


def test_other_processes_events_are_followed_before_the_own_ones() -> None:
    driven, other = room_with("s1", "s2", text="ab"), DrivenRoom()
    other = DrivenRoom(log=driven.log)
    other.write(edit("elsewhere", "e", 1, "x", role="editor"))
    effects = driven.write(edit("s1", "a", 1, 2, "y"))
    assert versions(effects, "s1") == [2, 3]
    assert versions(effects, "s2") == [2, 3]
    assert driven.room.text == "xaby" == driven.log.text_at(3)


def test_lagging_member_is_sent_nothing_until_caught_up_then_all_it_lacks() -> None:
    driven = room_with("s1", "s2")
    driven.write(edit("s2", "a", 0, "x"))
    driven.tell(Lagging("s1"))
    effects = driven.write(edit("s2", "b", 0, "y"), edit("s1", "c", 0, "z"))
    assert versions(effects, "s1") == []
    assert settled(effects, "s1") == 1
    assert versions(driven.tell(Drained("s1", 0)), "s1") == [1, 2, 3]
    assert versions(driven.write(edit("s2", "d", 0, "!")), "s1") == [4]


def test_lagging_yjs_member_is_caught_up_with_its_acks() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.tell(Lagging("s1"))
    assert messages(driven.write(yjs("s1", "u", Editor(1).edit(("a",)))), "s1") == []
    effects = driven.tell(Drained("s1", 0))
    assert [type(message) for message in messages(effects, "s1")] == [Updates, Ack]


def test_caught_up_while_merging_counts_after_the_commit() -> None:
    driven = room_with("s1", "s2")
    driven.tell(Lagging("s1"))
    driven.submit(edit("s2", "a", 0, "x"))
    draft = driven.begin()
    assert driven.tell(Drained("s1", 0)) == []
    driven.log.append(draft.events)
    assert versions(driven.tell(Committed()), "s1") == [1]


def test_lagging_again_while_merging_undoes_being_caught_up() -> None:
    """Symptom: a slow reader was shown version 9 with 1 to 8 missing."""
    driven = room_with("s1", "s2")
    driven.write(edit("s2", "a", 0, "x"))
    driven.tell(Lagging("s1"))
    driven.submit(edit("s2", "b", 0, "y"))
    draft = driven.begin()
    driven.tell(Drained("s1", 1))
    driven.tell(Lagging("s1"))
    driven.log.append(draft.events)
    assert versions(driven.tell(Committed()), "s1") == []
    assert versions(driven.write(edit("s2", "c", 0, "z")), "s1") == []
    assert versions(driven.tell(Drained("s1", 0)), "s1") == [1, 2, 3]


def test_check_tells_the_same_text_from_another() -> None:
    driven = room_with(text="abc")
    driven.join("s1", BOB, "yjs")
    right = sha256(b"abc").hexdigest()
    assert sent(driven.tell(CheckText("s1", 1, right)), "s1", Checked) == [Checked(NAME, 1, right)]
    assert sent(driven.tell(CheckText("s1", 0, right)), "s1", Checked) == [Checked(NAME, 0, None)]
    (diverged,) = sent(driven.tell(CheckText("s1", 1, "0" * 64)), "s1", Diverged)
    editor = Editor(1)
    editor.apply(diverged.state)
    assert str(editor) == "abc"


def test_check_while_merging_promises_nothing() -> None:
    driven = room_with(text="abc")
    driven.join("s1", BOB, "yjs")
    driven.submit(edit("http", "b", None, "x"))
    driven.begin()
    effects = driven.tell(CheckText("s1", 1, "0" * 64))
    assert sent(effects, "s1", Checked) == [Checked(NAME, 1, None)]


# --- housekeeping -------------------------------------------------------------------------------


def test_room_is_clean_only_when_nothing_would_be_lost() -> None:
    driven = room_with("s1")
    clean = [driven.room.is_clean]
    driven.submit(edit("s1", "a", 0, "x"))
    clean.append(driven.room.is_clean)
    driven.log.append(driven.begin().events)
    clean.append(driven.room.is_clean)
    driven.tell(Committed())
    clean.append(driven.room.is_clean)
    assert clean == [True, False, False, True]


def test_checkpoint_is_drafted_every_so_many_events() -> None:
    driven = room_with("s1", limits=Limits(checkpoint_events=3))
    for number in range(7):
        driven.write(edit("s1", f"n{number}", None, "x"))
    assert [each.version for each in driven.log.checkpoints] == [3, 6]
    again = DrivenRoom(log=driven.log)
    assert (again.room.version, again.room.text) == (7, "xxxxxxx")


def test_same_submission_from_a_new_session_is_known() -> None:
    driven = room_with("s1")
    first = edit("s1", "a", 0, "x")
    driven.write(first)
    driven.tell(Leave("s1"))
    driven.join("s2", since=0, epoch="e1")
    (ack,) = sent(driven.write(from_session(first, "s2")), "s2", Ack)
    assert (ack.version, ack.changed) == (1, False)


def test_effects_are_the_same_for_the_same_facts() -> None:
    def play() -> list[Effect]:
        driven = room_with("s1", "s2", text="ab")
        driven.join("s3", BOB, "yjs")
        driven.write(edit("s1", "a", 1, "x"), edit("s2", "b", 1, 2, "y"))
        driven.tell(edit("s1", "c", 9, "z"), Leave("s2"))
        driven.commit()
        return driven.effects

    assert play() == play()


def test_after_a_failed_commit_the_log_is_asked_for_made_up_ids_too() -> None:
    driven = DrivenRoom()
    driven.join("ann", mode="yjs")
    driven.submit(yjs("ann", "made-up", Editor(9).edit(("x",)), is_anonymous=True))
    driven.room.take_batch(9, 1 << 20)
    assert driven.room.prepare() is None
    driven.room.merge(Followed(driven.log.document(), [], {}), Lookup(), NOW_MS)
    driven.tell(CommitFailed())
    driven.reopen()
    driven.room.take_batch(9, 1 << 20)
    assert driven.room.prepare() == Questions(["made-up"])
    driven.commit()
    assert driven.log.find("made-up") is not None


# The text root


def test_draft_says_the_text_root_that_its_events_decided() -> None:
    driven = DrivenRoom(log=MemoryLog(text_root=""))
    driven.join("s1", mode="yjs")
    driven.submit(yjs("s1", "d", Editor(5, "").edit(("not a root for a text",))))
    assert driven.begin().text_root == ""
    driven.tell(CommitFailed())
    driven.reopen()
    driven.submit(yjs("s1", "u", Editor(6, "body").edit(("x",))))
    assert driven.begin().text_root == "body"


@pytest.mark.parametrize("committed", [True, False])
def test_text_root_is_decided_again_after_a_failed_commit(committed: bool) -> None:
    driven = DrivenRoom(log=MemoryLog(text_root=""))
    driven.join("s1", mode="yjs")
    driven.join("s2")
    driven.submit(yjs("s1", "u", Editor(5, "body").edit(("x",))))
    driven.fail(committed=committed)
    assert driven.log.text_root == ("body" if committed else "")
    driven.reopen()
    effects = driven.commit()
    assert driven.log.text_root == "body"
    assert driven.room.text == "x"
    assert [ack.version for ack in sent(effects, "s1", Ack)] == [1]
    (ack,) = sent(driven.write(edit("s2", "a", 1, 1, "y")), "s2", Ack)
    assert (ack.version, driven.log.text_root, driven.room.text) == (2, "body", "xy")


def test_room_follows_the_text_root_that_another_process_saved() -> None:
    log = MemoryLog(text_root="")
    here, there = DrivenRoom(log=log), DrivenRoom(log=log)
    here.join("s1")
    there.write(yjs("s9", "u", Editor(5, "body").edit(("x",)), role="editor"))
    effects = here.write(edit("s1", "a", 0, "> "))
    assert (log.text_root, here.room.text, log.text_at(2)) == ("body", "x> ", "x> ")
    assert [e.version for told in sent(effects, "s1", Events) for e in told.events] == [1]


def test_room_takes_over_the_text_root_that_was_set_meanwhile() -> None:
    log = MemoryLog(text_root="")
    driven = DrivenRoom(log=log)
    log.text_root = "body"
    driven.write(yjs("s1", "u", Editor(5, "other").edit(("x",)), role="editor"))
    assert (log.text_root, driven.room.text) == ("body", "")
    driven.write(edit("http", "a", None, "y"))
    assert (log.text_root, driven.room.text) == ("body", "y")
