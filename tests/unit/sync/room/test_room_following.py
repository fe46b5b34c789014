"""sync.room.room beside other processes that append to the same log."""

from msgspec.structs import replace

from sync.effect import Dismiss, Effect, Look, Reopen, WantBatch
from sync.error import ErrorCode
from sync.fact import Announced, Committed, Found, Leave
from sync.port import Followed
from sync.wire.message import Ack, ErrorMessage, Events, Joined, Updates
from tests.unit.sync.room.driven_room import (
    BOB,
    DrivenRoom,
    Editor,
    edit,
    from_session,
    look_up,
    messages,
    sent,
    yjs,
)


def two_rooms(text: str = "") -> tuple[DrivenRoom, DrivenRoom]:
    """Two processes on one log; version 1 holds `text`, if any."""
    here = DrivenRoom()
    if text:
        here.write(edit("http", "first", None, text))
    return here, DrivenRoom(log=here.log)


def look(driven: DrivenRoom, limit: int = 500) -> list[Effect]:
    """Carry out the last look that was ordered, on the log as it is now."""
    order = [effect for effect in driven.effects if isinstance(effect, Look)][-1]
    news = driven.log.events[order.after : order.after + limit]
    return driven.tell(Found(Followed(driven.log.document(), news, dict(driven.log.authors))))


def test_what_another_process_appended_is_shown_to_all() -> None:
    here, there = two_rooms("Hello")
    here.join("t")
    here.join("y", BOB, "yjs")
    there.write(edit("http", "e2", None, "> "))
    assert here.tell(Announced(2)) == [Look(1)]
    effects = look(here)
    (events,) = sent(effects, "t", Events)
    assert [event.version for event in events.events] == [2]
    (updates,) = sent(effects, "y", Updates)
    assert (updates.from_, updates.to) == (2, 2)
    assert (here.room.version, here.room.text) == (2, "> Hello")
    assert here.room.is_clean


def test_one_look_at_a_time_and_none_for_what_is_known() -> None:
    here, there = two_rooms("Hello")
    assert here.tell(Announced(1)) == []
    there.write(edit("http", "e2", None, "> "))
    assert here.tell(Announced(2), Announced(2)) == [Look(1)]
    look(here)
    assert here.tell(Announced(2)) == []
    assert here.tell(Announced(3)) == [Look(2)], "the next one"


def test_what_is_announced_during_a_look_is_looked_for_after_it() -> None:
    """Symptom: the last edit of a burst was shown two seconds later, although nothing was lost."""
    here, there = two_rooms("Hello")
    there.write(edit("http", "e2", None, "> "))
    assert here.tell(Announced(2)) == [Look(1)]
    found = Found(Followed(here.log.document(), here.log.events[1:2], {}))
    there.write(edit("http", "e3", None, ">"))
    assert here.tell(Announced(3), Announced(3)) == []
    assert Look(2) in here.tell(found)
    look(here)
    assert here.room.text == ">> Hello"
    assert here.tell(Announced(4)) == [Look(3)], "no look is under way"


def test_change_that_is_announced_during_a_look_is_looked_for_once_after_it() -> None:
    here, _ = two_rooms("Hello")
    assert here.tell(Announced(), Announced(), Announced()) == [Look(1)]
    assert look(here) == [Look(1)]
    assert look(here) == []


def test_a_lie_costs_a_look() -> None:
    here, _ = two_rooms("Hello")
    here.join("t")
    assert here.tell(Announced(10**9)) == [Look(1)]
    assert look(here) == []
    assert here.tell(Announced(10**9)) == [Look(1)]
    assert here.tell(Found(None)) == [], "the store did not answer"


def test_what_is_too_much_for_one_look_is_followed_on() -> None:
    here, there = two_rooms()
    for number in range(5):
        there.write(edit("http", f"e{number}", None, str(number)))
    here.tell(Announced(5))
    assert look(here, limit=2) == [Look(2)]
    assert look(here, limit=2) == [Look(4)]
    assert look(here, limit=2) == []
    assert here.room.text == "43210"


def test_what_was_found_waits_for_the_batch_that_is_being_merged() -> None:
    here, there = two_rooms("Hello")
    here.join("t")
    there.write(edit("http", "e2", None, "> "))
    here.tell(Announced(2))
    here.submit(edit("t", "e3", 1, 5, "!"))
    here.room.take_batch(512, 1 << 20)
    found, lookup = look_up(here.room, here.log)
    assert look(here) == []
    here.log.append_draft(here.room.merge(found, lookup, here.now_ms))
    effects = here.tell(Committed())
    assert [m.version for m in sent(effects, "t", Ack)] == [3]
    assert here.room.text == "> Hello!"


def test_deletion_elsewhere_ends_memberships() -> None:
    here, _ = two_rooms("Hello")
    here.join("t")
    here.tell(Announced())
    gone = replace(here.log.document(), deleted_at_ms=1)
    effects = here.tell(Found(Followed(gone, [], {})))
    assert [m.code for m in sent(effects, "t", ErrorMessage)] == [ErrorCode.UNKNOWN_DOCUMENT]
    assert Dismiss("t") in effects


def test_another_epoch_is_loaded_anew() -> None:
    here, _ = two_rooms("Hello")
    here.tell(Announced())
    other = replace(here.log.document(), epoch="e2")
    assert here.tell(Found(Followed(other, [], {}))) == [Reopen()]


def test_events_that_do_not_fit_have_the_document_loaded_anew() -> None:
    here, there = two_rooms("Hello")
    there.write(edit("http", "e2", None, "> "))
    here.tell(Announced(2))
    wrong = replace(here.log.events[1], ops=("? ",))
    found = Found(Followed(here.log.document(), [wrong], {}))
    assert here.tell(found) == [Reopen()]


def test_update_that_waited_for_another_process_is_merged() -> None:
    here, there = two_rooms()
    editor = Editor(7)
    first, second = editor.edit(("a",)), editor.edit((1, "b"))
    here.join("y", BOB, "yjs")
    here.write(yjs("y", "u2", second))
    there.write(yjs("elsewhere", "u1", first, role="editor"))
    here.tell(Announced(1))
    assert WantBatch() in look(here)
    assert [m.version for m in sent(here.commit(), "y", Ack)] == [2]


# --- a client that has seen more than this process ------------------------------------------------


def test_join_that_is_ahead_waits_for_a_look_and_is_recovered() -> None:
    here, there = two_rooms("Hello")
    there.write(edit("http", "e2", None, "> "))
    assert here.join("t", since=2, epoch="e1") == [Look(1)]
    (joined,) = sent(look(here), "t", Joined)
    assert (joined.recovered, joined.version) == (True, 2)


def test_join_that_is_ahead_waits_until_all_was_looked_at() -> None:
    here, there = two_rooms()
    for number in range(5):
        there.write(edit("http", f"e{number}", None, str(number)))
    here.join("t", since=4, epoch="e1")
    assert look(here, limit=2) == [Look(2)]
    (joined,) = sent(look(here, limit=2), "t", Joined)
    assert (joined.recovered, joined.version) == (True, 4)
    here.join("u", since=5, epoch="e1")
    (joined,) = sent(look(here, limit=2), "u", Joined)
    assert (joined.recovered, joined.version) == (True, 5)


def test_look_under_way_does_not_tell_for_a_join_that_comes_after_it() -> None:
    here, there = two_rooms("Hello")
    here.tell(Announced(2))
    old = Found(Followed(here.log.document(), [], {}))
    there.write(edit("http", "e2", None, "> "))
    assert here.join("t", since=2, epoch="e1") == []
    assert here.tell(old) == [Look(1)]
    (joined,) = sent(look(here), "t", Joined)
    assert (joined.recovered, joined.version) == (True, 2)


def test_join_that_is_ahead_of_the_log_is_not_recovered() -> None:
    here, _ = two_rooms("Hello")
    here.join("t", since=9, epoch="e1")
    (joined,) = sent(look(here), "t", Joined)
    assert (joined.recovered, joined.text) == (False, "Hello")
    here.join("u", since=9, epoch="e1")
    (joined,) = sent(here.tell(Found(None)), "u", Joined)
    assert joined.recovered is False


def test_what_a_waiting_session_writes_waits_with_it_and_goes_with_it() -> None:
    here, there = two_rooms("Hello")
    there.write(edit("http", "e2", None, "> "))
    here.join("t", since=2, epoch="e1")
    written = edit("t", "e3", 2, 7, "!")
    assert messages(here.submit(written), "t") == []
    assert WantBatch() in look(here)
    assert [m.version for m in sent(here.commit(), "t", Ack)] == [3]
    here.join("u", since=99, epoch="e1")
    here.submit(from_session(edit("t", "e4", 3, "x"), "u"))
    gone = here.tell(Leave("u"))
    assert [m.code for m in sent(gone, "u", ErrorMessage)] == [ErrorCode.NOT_JOINED]
    assert messages(look(here), "u") == []
    assert here.room.is_clean
