"""sync.room.audience: the receivers of what is committed, while members come, go and lag."""

from itertools import count

from sync.names import Mode
from sync.room.audience import Audience
from sync.room.feed import Feed
from sync.room.participant import Participant
from tests.unit.sync.room.driven_room import ANN


def member(audience: Audience, session: str, mode: Mode = "yjs") -> Participant:
    feed = Feed("notes", session, mode, "codepoint", count(), turned=audience.feed_turned)
    return Participant(session, ANN, "editor", mode, "codepoint", feed=feed)


def receivers(audience: Audience) -> tuple[list[str], list[str]]:
    editors, listeners = audience.receivers()
    return list(editors), [each.session for each in listeners]


def test_receivers_are_those_of_now_after_every_change() -> None:
    audience = Audience()
    assert receivers(audience) == ([], [])
    first, second = member(audience, "a"), member(audience, "b")
    audience.put(first)
    assert receivers(audience) == (["a"], [])
    audience.put(second)
    assert receivers(audience) == (["a", "b"], [])
    first.feed.lag()
    assert receivers(audience) == (["b"], [])
    first.feed.fall_behind(0)
    assert receivers(audience) == (["b"], [])
    list(first.feed.bring_up([], 0, is_wide=False))
    assert receivers(audience) == (["a", "b"], [])
    audience.put(member(audience, "a", "text"))
    assert receivers(audience) == (["b"], ["a"])
    assert audience.remove("b") is second
    assert receivers(audience) == ([], ["a"])
    audience.clear()
    assert receivers(audience) == ([], [])


def test_listener_that_lags_is_a_receiver_still() -> None:
    audience = Audience()
    text = member(audience, "t", "text")
    audience.put(text)
    text.feed.lag()
    assert receivers(audience) == ([], ["t"])


def test_removal_of_nobody_returns_none() -> None:
    assert Audience().remove("nobody") is None
