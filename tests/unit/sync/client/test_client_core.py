"""Unit tests of `sync.client.client_core` and its parts: a document is told message by message."""

from itertools import count

import pytest
from msgspec import UNSET

from sync.client.client_core import DocumentCore, Phase
from sync.client.client_fact import (
    Announce,
    Change,
    ClientEffect,
    ClientFact,
    Connected,
    Edited,
    End,
    Left,
    Lost,
    Received,
    Reject,
    Replaced,
    Resolve,
    Selected,
    Send,
    Tick,
    Wake,
    Welcome,
    Withdrawn,
)
from sync.error import ErrorCode, QuireError
from sync.text.delta import Delta, DeltaError, DeltaOutOfRange, Ops, apply, to_wire
from sync.wire.message import (
    Ack,
    Actor,
    Cursor,
    CursorMove,
    ErrorMessage,
    Event,
    Events,
    Joined,
    JoinMessage,
    LeaveMessage,
    MemberInfo,
    MemberJoined,
    MemberLeft,
    ServerMessage,
    TextDelete,
    TextEdit,
    TextInsert,
    UserInfo,
)

BOB = UserInfo("id-bob", "Bob", "#112233")
ONLINE = Connected(max_message_bytes=4096, max_document_chars=2000)


class Desk:
    """A core, and what one tells it."""

    def __init__(self) -> None:
        ids = count(1)
        self.core = DocumentCore("notes", lambda: f"id-{next(ids)}")
        self.now_s = 0.0
        self._tickets = count(1)

    def tell(self, fact: ClientFact) -> list[ClientEffect]:
        return self.core.handle(fact, self.now_s)

    def hear(self, message: ServerMessage) -> list[ClientEffect]:
        return self.tell(Received(message))

    def edit(self, *ops: int | str) -> list[ClientEffect]:
        return self.tell(Edited(next(self._tickets), ops))

    def open(self, text: str = "", version: int = 0) -> "Desk":
        self.tell(ONLINE)
        self.hear(joined(version, text=text))
        return self


def joined(
    version: int, *, text: str | None = None, recovered: bool = False, epoch: str = "e"
) -> Joined:
    shown = UNSET if text is None else text
    return Joined("notes", epoch, version, "editor", recovered, [], text=shown)


def event(version: int, ops: Delta, event_id: str = "theirs") -> Event:
    actor = Actor("id-bob", "Bob")
    return Event(version, event_id, "text_edit", actor, "s2", "2026-01-01", ops=to_wire(ops))


def events(*items: Event) -> Events:
    return Events("notes", list(items))


def ack(event_id: str, version: int, ops: Ops, *, changed: bool = True) -> Ack:
    return Ack("notes", event_id, version, changed, to_wire(ops))


def error(code: ErrorCode, event_id: str | None = None, *, retryable: bool = False) -> ErrorMessage:
    return ErrorMessage(code, "No.", retryable, "notes", event_id or UNSET)


# --- joining ------------------------------------------------------------------------------------


def test_first_join_asks_for_everything_and_takes_the_text() -> None:
    desk = Desk()
    assert desk.tell(ONLINE) == [Send(JoinMessage("notes"))]
    assert desk.hear(joined(7, text="Hello")) == [Welcome()]
    assert (desk.core.text, desk.core.version, desk.core.phase) == ("Hello", 7, Phase.LIVE)


def test_rejoin_asks_for_what_was_missed_and_takes_the_replay() -> None:
    desk = Desk().open("ab", 3)
    desk.tell(Lost())
    assert desk.tell(ONLINE) == [Send(JoinMessage("notes", "text", 3, "e"))]
    assert desk.hear(joined(5, recovered=True)) == []
    assert desk.core.phase is Phase.CATCHING_UP
    desk.hear(events(event(4, ("x",)), event(5, (3, "y"))))
    assert (desk.core.text, desk.core.phase) == ("xaby", Phase.LIVE)


def test_a_joined_that_is_behind_changes_nothing() -> None:
    desk = Desk().open("abc", 3)
    assert desk.hear(joined(2, text="ab")) == []
    assert (desk.core.text, desk.core.version) == ("abc", 3)


def test_a_joined_without_text_and_without_replay_ends_it() -> None:
    desk = Desk()
    desk.tell(ONLINE)
    effects = desk.hear(joined(4, recovered=True))
    assert [type(effect) for effect in effects] == [End]


# --- own edits ----------------------------------------------------------------------------------


def test_one_edit_is_in_flight_and_the_rest_goes_together() -> None:
    desk = Desk().open("ab", 1)
    assert desk.edit(2, "c") == [Send(TextInsert("notes", "id-1", 1, 2, "c"))]
    assert desk.edit(3, "d") == desk.edit(4, "e") == []
    assert desk.core.text == "abcde"
    effects = desk.hear(ack("id-1", 2, (2, "c")))
    assert Resolve((1,), 2) in effects
    assert effects[-1] == Send(TextInsert("notes", "id-2", 2, 3, "de"))
    assert Resolve((2, 3), 3) in desk.hear(ack("id-2", 3, (3, "de")))
    assert not desk.core.pending


def test_messages_take_the_plainest_form() -> None:
    desk = Desk().open("abcdef", 1)
    assert desk.edit(2, -3) == [Send(TextDelete("notes", "id-1", 1, 2, 3))]
    desk.hear(ack("id-1", 2, (2, -3)))
    wire = to_wire(("x", 1, -1))
    assert desk.edit("x", 1, -1) == [Send(TextEdit("notes", "id-2", 2, wire))]


def test_a_resend_is_verbatim_though_the_text_has_moved() -> None:
    desk = Desk().open("ab", 1)
    sent = desk.edit(2, "c")
    desk.hear(events(event(2, ("xyz",))))
    desk.tell(Lost())
    desk.tell(ONLINE)
    assert desk.hear(joined(2, recovered=True)) == sent
    assert desk.core.text == "xyzabc"


def test_edits_wait_for_the_end_of_the_replay() -> None:
    desk = Desk().open("ab", 1)
    desk.tell(Lost())
    assert desk.edit(2, "c") == []
    desk.tell(ONLINE)
    assert desk.hear(joined(2, recovered=True)) == []
    assert desk.hear(events(event(2, ("x",))))[-1] == Send(TextInsert("notes", "id-1", 2, 3, "c"))


def test_an_event_with_the_own_id_is_the_acknowledgement() -> None:
    desk = Desk().open("ab", 1)
    desk.edit(2, "c")
    desk.tell(Lost())
    desk.tell(ONLINE)
    desk.hear(joined(3, recovered=True))
    effects = desk.hear(events(event(2, ("x",)), event(3, (3, "c"), "id-1")))
    assert Resolve((1,), 3) in effects
    assert not any(isinstance(effect, Send) for effect in effects)
    assert desk.core.text == desk.core.committed == "xabc"
    # What was sent on the new socket before that is answered too, and means nothing any more.
    assert desk.hear(ack("id-1", 3, (3, "c"), changed=False)) == []


def test_an_ack_that_changed_nothing_is_no_version() -> None:
    desk = Desk().open("abc", 4)
    desk.edit(-1)
    desk.hear(events(event(5, (-1,))))
    assert desk.hear(ack("id-1", 5, (), changed=False)) == [Resolve((1,), 5)]
    assert (desk.core.version, desk.core.text) == (5, "bc")


def test_edits_that_undo_each_other_are_not_sent() -> None:
    desk = Desk().open("ab", 1)
    desk.edit("x")
    desk.edit("y")
    desk.edit(-1)
    assert desk.hear(ack("id-1", 2, ("x",)))[-1] == Resolve((2, 3), 2)


def test_remote_edits_are_announced_as_they_change_the_text_shown() -> None:
    desk = Desk().open("ab", 1)
    desk.edit("own ")
    effects = desk.hear(events(event(2, (1, "X"))))
    assert effects == [
        Announce(
            Change(2, "theirs", (1, "X"), (5, "X"), False, Actor("id-bob", "Bob"), "2026-01-01")
        )
    ]
    assert desk.core.text == "own aXb"


def test_at_one_place_the_logged_text_comes_first() -> None:
    desk = Desk().open("ab", 1)
    desk.edit(1, "mine")
    desk.edit(1, "queued ")
    desk.hear(events(event(2, (1, "theirs"))))
    assert desk.core.text == "atheirsqueued mineb"


def test_what_is_in_flight_keeps_its_places_between_steps() -> None:
    desk = Desk().open("ab", 1)
    desk.edit("x", -1, 1, "y")
    desk.hear(events(event(2, (1, -1))))
    desk.hear(events(event(3, (1, "L"))))
    assert desk.core.text == "xLy"
    effects = desk.hear(ack("id-1", 4, ("x", -1, 1, "y")))
    assert effects[-1] == Announce(Change(4, "id-1", ("x", -1, 1, "y"), (), True))


@pytest.mark.parametrize(
    ("ops", "raised"),
    [
        ((3, "x"), DeltaOutOfRange),
        (("a\0",), DeltaError),
        (("\ud800",), DeltaError),
        (("x" * 2000,), QuireError),
        (("\x01" * 700,), QuireError),
    ],
)
def test_what_cannot_be_accepted_raises_and_changes_nothing(
    ops: Ops, raised: type[Exception]
) -> None:
    desk = Desk().open("ab", 1)
    with pytest.raises(raised):
        desk.tell(Edited(1, ops))
    assert desk.core.text == "ab"
    assert not desk.core.pending


# --- full texts instead of replays --------------------------------------------------------------


def test_a_full_text_of_the_same_log_keeps_what_is_pending() -> None:
    desk = Desk().open("one two", 1)
    sent = desk.edit(3, " and")
    desk.edit(11, "!")
    desk.tell(Lost())
    desk.tell(ONLINE)
    effects = desk.hear(joined(9, text="zero one two"))
    assert effects[-1] == sent[0]
    assert desk.core.text == "zero one and two!"


def test_an_edit_that_a_full_text_held_already_is_not_doubled() -> None:
    desk = Desk().open("ab", 1)
    desk.edit(2, "c")
    desk.edit(3, "d")
    desk.tell(Lost())
    desk.tell(ONLINE)
    desk.hear(joined(5, text="abc"))
    effects = desk.hear(ack("id-1", 2, (2, "c"), changed=False))
    assert Resolve((1,), 2) in effects
    assert desk.core.text == "abcd"


def test_an_ack_that_differs_from_what_was_guessed_corrects_the_text() -> None:
    desk = Desk().open("one two", 1)
    desk.edit(3, "!")
    desk.edit(8, "?")
    desk.tell(Lost())
    desk.tell(ONLINE)
    desk.hear(joined(9, text="two one"))
    effects = desk.hear(ack("id-1", 10, (7, "!")))
    assert desk.core.committed == "two one!"
    assert Resolve((1,), 10) in effects
    (queued,) = desk.core.pending.steps()
    assert desk.core.text == apply(desk.core.committed, queued)


def test_another_epoch_hands_back_the_text_and_rejects_what_is_pending() -> None:
    desk = Desk().open("ab", 8)
    desk.edit(2, "c")
    desk.tell(Lost())
    desk.tell(ONLINE)
    reject, announce = desk.hear(joined(2, text="b", epoch="other"))
    assert isinstance(reject, Reject)
    assert (reject.tickets, reject.why.code) == ((1,), ErrorCode.BASE_UNKNOWN)
    assert isinstance(announce, Announce)
    assert isinstance(announce.event, Replaced)
    assert (announce.event.text, announce.event.lost_text) == ("b", "abc")
    assert (desk.core.text, desk.core.version, desk.core.epoch) == ("b", 2, "other")


# --- order --------------------------------------------------------------------------------------


def test_a_gap_is_asked_for_once_and_closed_by_either_answer() -> None:
    desk = Desk().open("", 1)
    assert desk.hear(events(event(3, (1, "c")))) == [Send(JoinMessage("notes", "text", 1, "e"))]
    assert desk.hear(events(event(4, (2, "d")))) == []
    desk.hear(events(event(2, ("b",))))
    assert desk.core.text == "bcd"
    desk.hear(joined(4, recovered=True))
    desk.hear(events(event(2, ("b",)), event(3, (1, "c")), event(4, (2, "d"))))
    assert (desk.core.text, desk.core.phase) == ("bcd", Phase.LIVE)


def test_events_that_do_not_fit_the_text_make_it_ask_for_all_of_it() -> None:
    desk = Desk().open("ab", 1)
    assert desk.hear(events(event(2, (9, "x")))) == [Send(JoinMessage("notes"))]
    desk.hear(events(event(3, ("ignored",))))
    desk.hear(joined(3, text="what the log says"))
    assert (desk.core.text, desk.core.version) == ("what the log says", 3)


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", [ErrorCode.READ_ONLY, ErrorCode.STORE_UNAVAILABLE, ErrorCode.RATE_LIMITED]
)
def test_an_edit_refused_for_now_is_sent_again_later(code: ErrorCode) -> None:
    desk = Desk().open("ab", 1)
    sent = desk.edit(2, "c")
    (wake,) = desk.hear(error(code, "id-1", retryable=True))
    assert isinstance(wake, Wake)
    assert desk.edit(3, "d") == []
    assert desk.tell(Tick()) == [wake]
    desk.now_s += wake.delay_s
    assert desk.tell(Tick()) == sent
    assert desk.core.text == "abcd"


@pytest.mark.parametrize(
    "code", [ErrorCode.FORBIDDEN, ErrorCode.DOCUMENT_FULL, ErrorCode.DUPLICATE_ID]
)
def test_an_edit_refused_for_good_is_taken_out_of_the_text(code: ErrorCode) -> None:
    desk = Desk().open("abc", 1)
    desk.edit(1, "XY", -1)
    desk.edit(2, "q", 2, "!")
    reject, announce, send = desk.hear(error(code, "id-1"))
    assert isinstance(reject, Reject)
    assert (reject.tickets, reject.why.code) == ((1,), code)
    assert isinstance(announce, Announce)
    assert isinstance(announce.event, Withdrawn)
    assert desk.core.text == "abqc!"
    assert isinstance(send, Send)


def test_a_base_that_is_too_old_is_replaced_by_the_newest() -> None:
    desk = Desk().open("ab", 1)
    desk.edit(2, "c")
    desk.hear(events(event(2, ("x",))))
    effects = desk.hear(error(ErrorCode.BASE_UNKNOWN, "id-1"))
    assert effects == [Send(TextInsert("notes", "id-2", 2, 3, "c"))]


def test_a_base_that_stays_unusable_is_given_up() -> None:
    desk = Desk().open("ab", 1)
    desk.edit(2, "c")
    seen: list[ClientEffect] = []
    for sent in range(1, 5):
        seen = desk.hear(error(ErrorCode.BASE_UNKNOWN, f"id-{sent}"))
    assert isinstance(seen[0], Reject)


def test_not_joined_any_more_joins_again_and_keeps_the_edit() -> None:
    desk = Desk().open("ab", 1)
    sent = desk.edit(2, "c")
    (wake,) = desk.hear(error(ErrorCode.NOT_JOINED, "id-1"))
    assert isinstance(wake, Wake)
    desk.now_s += wake.delay_s
    assert desk.tell(Tick()) == [Send(JoinMessage("notes", "text", 1, "e"))]
    assert desk.hear(joined(1, recovered=True)) == sent


@pytest.mark.parametrize("code", [ErrorCode.UNKNOWN_DOCUMENT, ErrorCode.FORBIDDEN])
def test_a_refused_join_ends_it(code: ErrorCode) -> None:
    desk = Desk()
    desk.tell(ONLINE)
    (end,) = desk.hear(error(code))
    assert isinstance(end, End)
    assert end.why is not None
    assert end.why.code is code
    assert desk.tell(ONLINE) == []


def test_a_join_refused_for_now_is_tried_again() -> None:
    desk = Desk()
    desk.tell(ONLINE)
    (wake,) = desk.hear(error(ErrorCode.STORE_UNAVAILABLE, retryable=True))
    assert isinstance(wake, Wake)
    desk.now_s += wake.delay_s
    assert desk.tell(Tick()) == [Send(JoinMessage("notes"))]


def test_a_deleted_document_ends_it_and_rejects_what_is_pending() -> None:
    desk = Desk().open("ab", 1)
    desk.edit(2, "c")
    effects = desk.hear(error(ErrorCode.UNKNOWN_DOCUMENT))
    assert [type(effect) for effect in effects] == [Reject, End]


def test_an_error_about_a_cursor_changes_nothing() -> None:
    desk = Desk().open("ab", 1)
    assert desk.hear(error(ErrorCode.OUT_OF_RANGE)) == []
    assert desk.edit("x") == [Send(TextInsert("notes", "id-1", 1, 0, "x"))]


def test_an_error_about_a_cursor_from_before_a_rejoin_changes_nothing() -> None:
    desk = Desk().open("ab", 1)
    assert desk.hear(events(event(3, ("early",)))) == [Send(JoinMessage("notes", "text", 1, "e"))]
    assert desk.hear(error(ErrorCode.BASE_UNKNOWN)) == []
    assert desk.core.phase is Phase.JOINING


def test_leaving_says_so() -> None:
    desk = Desk().open("ab", 1)
    assert desk.tell(Left()) == [Send(LeaveMessage("notes")), End(None)]


# --- presence -----------------------------------------------------------------------------------


def test_own_cursor_is_told_as_it_reads_in_the_committed_text() -> None:
    desk = Desk().open("abcd", 1)
    desk.edit(1, "XYZ")
    assert desk.tell(Selected((2, 6))) == [Send(CursorMove("notes", 1, 1, 3))]
    assert desk.tell(Selected(None)) == [Send(CursorMove("notes", None, None, None))]


def test_own_cursor_is_told_again_after_a_reconnect() -> None:
    desk = Desk().open("abcd", 1)
    desk.tell(Selected((3, 3)))
    desk.tell(Lost())
    desk.tell(ONLINE)
    desk.hear(joined(2, recovered=True))
    effects = desk.hear(events(event(2, ("xy",))))
    assert effects[-1] == Send(CursorMove("notes", 2, 5, 5))


def test_others_cursors_move_with_the_text_shown() -> None:
    desk = Desk().open("abcd", 1)
    desk.edit("own ")
    desk.hear(MemberJoined("notes", "s2", BOB))
    desk.hear(Cursor("notes", "s2", BOB, 1, 2, 4))
    bob = desk.core.roster.cursors["s2"]
    assert (bob.anchor, bob.head) == (6, 8)
    desk.hear(events(event(2, (1, "XX"))))
    bob = desk.core.roster.cursors["s2"]
    assert (bob.anchor, bob.head) == (8, 10)
    assert desk.core.roster.members == {"s2": MemberInfo("s2", BOB, "text")}
    desk.hear(MemberLeft("notes", "s2", BOB))
    assert not desk.core.roster.cursors
    assert not desk.core.roster.members
