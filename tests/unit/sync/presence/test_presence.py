"""sync.presence.presence: whose cursor is whose, and clocks that only grow."""

import msgspec
import pytest

from sync.error import ErrorCode, Refusal
from sync.limit import Limits
from sync.presence.presence import Presence
from sync.yjs.awareness import AwarenessEntry, decode_awareness, encode_awareness
from tests.unit.sync.room.driven_room import ANN, BOB, NOW_MS


def awareness(*entries: tuple[int, int, str | None]) -> bytes:
    return encode_awareness(entries)


def accepted(answer: bytes | Refusal | None) -> tuple[AwarenessEntry, ...]:
    assert isinstance(answer, bytes), answer
    return decode_awareness(answer)


def refused(answer: bytes | Refusal | None) -> ErrorCode:
    assert isinstance(answer, Refusal), answer
    return answer.code


def test_presence_puts_the_session_s_user_into_the_state() -> None:
    presence = Presence(Limits())
    claim = '{"user":{"id":"u-bob","name":"Bob","avatar":"x"},"cursor":{"at":1}}'
    (entry,) = accepted(presence.accept("s1", ANN, awareness((1, 4, claim)), {}, NOW_MS))
    assert entry.fields == {
        "user": {"id": ANN.id, "name": "Ann", "color": ANN.color, "avatar": "x"},
        "cursor": {"at": 1},
    }
    assert entry.clock == 4


def test_presence_replaces_a_user_that_is_no_object() -> None:
    presence = Presence(Limits())
    (entry,) = accepted(presence.accept("s1", ANN, awareness((1, 0, '{"user":"Bob"}')), {}, NOW_MS))
    assert entry.fields == {"user": {"id": ANN.id, "name": "Ann", "color": ANN.color}}


def test_presence_refuses_a_client_id_that_somebody_else_holds_or_writes_under() -> None:
    presence = Presence(Limits())
    accepted(presence.accept("s1", ANN, awareness((1, 0, "{}")), {}, NOW_MS))
    assert (
        refused(presence.accept("s2", BOB, awareness((1, 1, "{}")), {}, NOW_MS))
        == ErrorCode.FORBIDDEN
    )
    assert (
        refused(presence.accept("s2", BOB, awareness((1, 1, None)), {}, NOW_MS))
        == ErrorCode.FORBIDDEN
    )
    writes = {7: ANN.id}
    assert (
        refused(presence.accept("s2", BOB, awareness((7, 0, "{}")), writes, NOW_MS))
        == ErrorCode.FORBIDDEN
    )
    accepted(presence.accept("s1", ANN, awareness((7, 0, "{}")), writes, NOW_MS))


def test_presence_lets_a_user_go_on_from_a_new_session() -> None:
    presence = Presence(Limits())
    accepted(presence.accept("s1", ANN, awareness((1, 5, "{}")), {}, NOW_MS))
    (entry,) = accepted(presence.accept("s2", ANN, awareness((1, 0, "{}")), {}, NOW_MS))
    assert entry.clock == 6
    assert presence.leave("s1") is None, "it is the new session's now"


def test_presence_clocks_only_grow_over_leaving_and_returning() -> None:
    presence = Presence(Limits())
    accepted(presence.accept("s1", ANN, awareness((1, 5, "{}")), {}, NOW_MS))
    (gone,) = accepted(presence.leave("s1"))
    assert (gone.clock, gone.state) == (6, None)
    (back,) = accepted(presence.accept("s2", ANN, awareness((1, 0, "{}")), {}, NOW_MS))
    assert back.clock == 7


def test_presence_sends_no_clock_that_y_protocols_ignores() -> None:
    """A state under a client id that a peer never saw must have a clock above 0 to be taken."""
    presence = Presence(Limits())
    (entry,) = accepted(presence.accept("s1", ANN, awareness((1, 0, '{"cursor":1}')), {}, NOW_MS))
    assert entry.clock == 1
    (known,) = accepted(presence.snapshot(but="s2"))
    assert known.clock == 1


def test_presence_snapshot_holds_the_others_that_are_there() -> None:
    presence = Presence(Limits())
    assert presence.snapshot(but="s1") is None
    accepted(presence.accept("s1", ANN, awareness((1, 0, "{}")), {}, NOW_MS))
    accepted(presence.accept("s2", BOB, awareness((2, 0, "{}"), (3, 0, None)), {}, NOW_MS))
    assert [entry.client for entry in accepted(presence.snapshot(but="s1"))] == [2]
    assert presence.leave("s9") is None


def test_presence_bounds_client_ids_and_sizes() -> None:
    presence = Presence(Limits(max_awareness_clients=2, max_awareness_bytes=100))
    accepted(presence.accept("s1", ANN, awareness((1, 0, "{}"), (2, 0, "{}")), {}, NOW_MS))
    third = presence.accept("s1", ANN, awareness((3, 0, "{}")), {}, NOW_MS)
    assert refused(third) == ErrorCode.FORBIDDEN
    assert refused(presence.accept("s1", ANN, b"\1" * 300, {}, NOW_MS)) == ErrorCode.TOO_LARGE


@pytest.mark.parametrize("update", [b"", b"\1", b"\1\1\1\3[1]", b"\1\1\1\1x"])
def test_presence_refuses_what_is_no_awareness_update(update: bytes) -> None:
    presence = Presence(Limits())
    assert refused(presence.accept("s1", ANN, update, {}, NOW_MS)) == ErrorCode.INVALID_MESSAGE


def test_presence_refusal_leaves_no_trace() -> None:
    presence = Presence(Limits())
    accepted(presence.accept("s1", ANN, awareness((1, 0, "{}")), {}, NOW_MS))
    mixed = awareness((8, 0, "{}"), (1, 9, "{}"))
    assert refused(presence.accept("s2", BOB, mixed, {}, NOW_MS)) == ErrorCode.FORBIDDEN
    assert [entry.client for entry in accepted(presence.snapshot(but="s9"))] == [1]


def test_presence_state_stays_json() -> None:
    presence = Presence(Limits())
    (entry,) = accepted(presence.accept("s1", ANN, awareness((1, 0, '{"é":[1,2]}')), {}, NOW_MS))
    assert entry.state is not None
    assert msgspec.json.decode(entry.state)["é"] == [1, 2]
