"""sync.room.room: updates that come before what they build on."""

from sync.error import ErrorCode
from sync.fact import Announced, Found, Leave, Tick
from sync.limit import Limits
from sync.port import Followed
from sync.wire.message import Ack, Resync, Updates
from tests.unit.sync.room.driven_room import (
    BOB,
    NAME,
    NOW_MS,
    DrivenRoom,
    Editor,
    edit,
    error,
    parked,
    sent,
    settled,
    yjs,
)


def test_early_update_is_parked_and_acknowledged_when_what_was_missing_comes() -> None:
    driven, first, _ = parked()
    assert driven.log.version == 0
    effects = driven.write(yjs("s1", "u1", first))
    assert [(ack.id, ack.version) for ack in sent(effects, "s1", Ack)] == [("u1", 1), ("u2", 2)]
    assert settled(effects, "s1") == 2
    assert driven.room.text == "ab"
    assert not driven.room.wants_ticks


def test_early_updates_merged_by_a_resync_are_each_acknowledged() -> None:
    driven, first, second = parked()
    both = Editor(1)
    both.apply(first)
    both.apply(second)
    effects = driven.write(yjs("s1", "u3", both.doc.get_update()))
    acks = [(ack.id, ack.version, ack.changed) for ack in sent(effects, "s1", Ack)]
    assert acks == [("u3", 1, True), ("u2", 1, False)]


def test_early_update_is_released_by_another_process_s_event() -> None:
    driven, first, _ = parked()
    other = DrivenRoom(log=driven.log)
    other.join("s9", BOB, "yjs")
    other.write(yjs("s9", "u1", first))
    effects = driven.write(edit("s2", "t", None, "!"))
    assert [ack.id for ack in sent(effects, "s1", Ack)] == ["u2"]


def test_early_update_is_released_by_what_a_reopening_finds() -> None:
    driven, first, _ = parked()
    driven.submit(edit("s2", "t", None, "!"))
    driven.fail(committed=False)
    other = DrivenRoom(log=driven.log)
    other.join("s9", BOB, "yjs")
    other.write(yjs("s9", "u1", first))
    driven.reopen()
    assert [ack.id for ack in sent(driven.commit(), "s1", Ack)] == ["u2"]


def test_sender_of_a_parked_update_is_asked_to_resync_once_after_half_a_second() -> None:
    driven, _, _ = parked()
    assert driven.room.wants_ticks
    driven.now_ms = NOW_MS + 499
    assert driven.tell(Tick()) == []
    driven.now_ms = NOW_MS + 500
    assert sent(driven.tell(Tick()), "s1", Resync) == [Resync(NAME, b"\0")]
    driven.now_ms = NOW_MS + 29_999
    assert sent(driven.tell(Tick()), "s1", Resync) == []


def test_parked_update_is_dropped_after_thirty_seconds_and_may_come_again() -> None:
    driven, first, second = parked()
    driven.now_ms = NOW_MS + 30_000
    effects = driven.tell(Tick())
    refused = error(effects, "s1")
    assert (refused.code, refused.retryable, refused.id) == (
        ErrorCode.MALFORMED_UPDATE,
        True,
        "u2",
    )
    assert settled(effects, "s1") == 1
    assert not driven.room.wants_ticks
    effects = driven.write(yjs("s1", "u1", first), yjs("s1", "u2", second))
    assert [ack.id for ack in sent(effects, "s1", Ack)] == ["u1", "u2"]


def test_too_many_parked_updates_are_refused_retryable() -> None:
    driven = DrivenRoom(Limits(max_parked=1))
    driven.join("s1", BOB, "yjs")
    editor = Editor(1)
    _, second, third = editor.edit(("a",)), editor.edit((1, "b")), editor.edit((2, "c"))
    effects = driven.write(yjs("s1", "u2", second), yjs("s1", "u3", third))
    refused = error(effects, "s1")
    assert (refused.id, refused.code, refused.retryable) == (
        "u3",
        ErrorCode.MALFORMED_UPDATE,
        True,
    )


def test_leaving_settles_what_is_parked() -> None:
    driven, _, _ = parked()
    effects = driven.tell(Leave("s1"))
    assert settled(effects, "s1") == 1
    assert not driven.room.wants_ticks


def test_parked_update_comes_back_to_a_sender_that_has_joined_again_since() -> None:
    driven, first, _ = parked()
    driven.join("s1", BOB, "yjs")
    other = DrivenRoom(log=driven.log)
    other.join("s9", BOB, "yjs")
    other.write(yjs("s9", "u1", first))
    driven.tell(Announced(1))
    found = Followed(driven.log.document(), list(driven.log.events), dict(driven.log.authors))
    effects = driven.tell(Found(found)) + driven.commit()
    replica = Editor(9)
    for message in sent(effects, "s1", Updates):
        replica.apply(message.update)
    assert str(replica) == driven.room.text
