"""sync.room.following: one look at a time, and what each of them tells of."""

from sync.effect import Look
from sync.fact import Join
from sync.room.following import Following
from tests.unit.sync.room.driven_room import ANN


def join(since: int | None, epoch: str = "e1") -> Join:
    return Join("s1", ANN, "editor", "text", since, epoch)


def test_announced_version_is_looked_for_unless_it_is_here() -> None:
    following = Following()
    assert list(following.announce(3, 3)) == []
    assert list(following.announce(4, 3)) == [Look(3)]


def test_announcement_without_a_version_is_always_looked_for() -> None:
    assert list(Following().announce(None, 3)) == [Look(3)]


def test_one_look_is_under_way_at_a_time() -> None:
    following = Following()
    assert list(following.look(3)) == [Look(3)]
    assert list(following.look(3)) == []
    following.end_look()
    assert list(following.look(4)) == [Look(4)]


def test_highest_announcement_during_a_look_is_told_at_its_end_once() -> None:
    following = Following()
    list(following.look(3))
    for version in (5, 9, 7):
        assert list(following.announce(version, 3)) == []
    assert following.end_look() == (1, 9)
    list(following.look(3))
    assert following.end_look() == (2, 0)


def test_join_within_the_log_or_of_another_history_is_not_ahead() -> None:
    following = Following()
    assert not following.is_ahead(join(3), "e1", 3)
    assert not following.is_ahead(join(9), "e2", 3)
    assert not following.is_ahead(join(None), "e1", 3)
    assert not following.has_clients_ahead


def test_join_ahead_waits_for_a_complete_look_that_began_after_it() -> None:
    following = Following()
    list(following.look(3))
    assert following.is_ahead(join(9), "e1", 3)
    number, _ = following.end_look()
    following.complete(number)
    assert following.is_ahead(join(9), "e1", 3), "that look may have begun too early"
    list(following.look(3))
    following.end_look()
    assert following.is_ahead(join(9), "e1", 3), "there was more to find"
    list(following.look(3))
    number, _ = following.end_look()
    following.complete(number)
    assert not following.is_ahead(join(9), "e1", 3)
    assert not following.has_clients_ahead


def test_session_that_leaves_is_not_decided_on() -> None:
    following = Following()
    following.is_ahead(join(9), "e1", 3)
    following.forget("s1")
    assert not following.has_clients_ahead
