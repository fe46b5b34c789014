"""Where an event came from, by the name of its session."""

import pytest

from sync import event_origin
from sync.document.updates import REPAIR_SESSION
from sync.event_origin import (
    Passage,
    TakeBack,
    actor_mark,
    origin_of,
    request_session,
    restore_session,
    restored_version,
    take_back_session,
    taken_back,
)
from sync.names import MAX_INTEGER


@pytest.mark.parametrize(
    "session", ["9f1c2d3e4a5b6c7d", "", "s1", "restore", "restore-x-1", "http"]
)
def test_a_socket_is_live(session: str) -> None:
    assert origin_of(session) == "live"
    assert restored_version(session) is None


def test_a_request_and_a_repair_are_known_by_their_sessions() -> None:
    assert origin_of(request_session("5d41402abc4b")) == "request"
    assert event_origin.REPAIR_SESSION == REPAIR_SESSION
    assert origin_of(REPAIR_SESSION) == "repair"


@pytest.mark.parametrize("version", [0, 12, MAX_INTEGER])
def test_a_restore_says_which_version_it_brought_back(version: int) -> None:
    session = restore_session(version, "5d41402abc4b")
    assert (origin_of(session), restored_version(session)) == ("restore", version)


@pytest.mark.parametrize(
    "session", ["restore-012-ab", "restore--1-ab", "restore-12", "restore-1²-a"]
)
def test_a_name_that_no_restore_has_names_no_version(session: str) -> None:
    assert restored_version(session) is None


@pytest.mark.parametrize("who", ["all", actor_mark("ada"), actor_mark("user:é-1-2")])
def test_a_take_back_says_what_it_took(who: str) -> None:
    taken = TakeBack(3, MAX_INTEGER, who)
    session = take_back_session(taken, "5d41402abc4b")
    assert (origin_of(session), taken_back(session)) == ("take-back", taken)
    assert restored_version(session) is None
    assert taken_back("take-back-3-x-all-1") is None
    part = taken._replace(place=Passage(7, 0, 12))
    assert taken_back(take_back_session(part, "5d41402abc4b")) == part
    assert taken_back("take-back-3-4-all-at-7-0-5d41402abc4b") == TakeBack(3, 4, "all")
    assert taken_back(restore_session(3, "5d41402abc4b")) is None


def test_events_of_a_take_back_are_those_of_somebody_in_a_range() -> None:
    taken = TakeBack(3, 5, actor_mark("ada"))
    assert [taken.has(version, "ada") for version in (3, 4, 5, 6)] == [False, True, True, False]
    assert not taken.has(4, "ben")
    assert TakeBack(3, 5, "all").has(4, "ben")
