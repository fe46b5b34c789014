"""Merging of events with real updates, and what is refused."""

import pytest
from msgspec.structs import replace

from sync.document.event_merger import EventMerger, UnmergeableError
from sync.event_origin import kept_session
from sync.names import DEFAULT_TEXT_ROOT
from sync.port import EventRecord
from sync.text.delta import Delta, apply
from sync.yjs.replica import Replica


def typed(*changes: tuple[str, Delta]) -> list[EventRecord]:
    replicas = {name: Replica(number, DEFAULT_TEXT_ROOT) for number, name in enumerate("ab", 1)}
    events: list[EventRecord] = []
    for version, (actor, ops) in enumerate(changes, 1):
        update = replicas[actor].edit(ops)
        for name, other in replicas.items():
            if name != actor:
                other.load([update])
        events.append(
            EventRecord(
                version, f"e{version}", ops, update, actor, actor.upper(), actor, version, bytes(16)
            )
        )
    return events


EVENTS = typed(
    ("a", ("hello",)), ("b", (5, " you")), ("a", (1, -2)), ("a", (1, "E")), ("b", (-1, "J"))
)


def shown(*updates: bytes) -> str:
    replica = Replica(9, DEFAULT_TEXT_ROOT)
    replica.load(list(updates))
    return replica.text


@pytest.mark.parametrize("forgets", [False, True])
def test_runs_are_merged_one_after_the_other(forgets: bool) -> None:
    merger = EventMerger("content", "", [], kept_session)
    first = merger.merge(EVENTS[:3], forgets=forgets)
    second = merger.merge(EVENTS[3:], forgets=forgets)
    assert (first.first, first.version, second.first, second.version) == (1, 3, 4, 5)
    assert shown(first.update) == apply("", first.ops) == "hlo you"
    assert shown(first.update, second.update) == apply("hlo you", second.ops) == merger.text
    assert merger.text == "JElo you"
    assert [share.writer.actor_id for share in first.shares] == ["b", "a"]
    assert (second.id, second.actor_id, second.at_ms) == ("e5", "b", 5)


def test_merging_may_go_on_from_what_was_merged() -> None:
    before = EventMerger("content", "", [], kept_session).merge(EVENTS[:2])
    merger = EventMerger("content", apply("", before.ops), [before.update], kept_session)
    assert shown(before.update, merger.merge(EVENTS[2:]).update) == "JElo you"


def test_event_alone_stays_as_it_is() -> None:
    event = EventMerger("content", "", [], kept_session).merge(EVENTS[:1])
    assert (event.first, event.version) == (1, 1)
    for name in EventRecord.__struct_fields__:
        assert getattr(event, name) == getattr(EVENTS[0], name)


def test_forgotten_text_is_not_in_the_update() -> None:
    events = typed(("a", ("SECRET",)), ("a", (-6, "x")))
    assert b"SECRET" in EventMerger("content", "", [], kept_session).merge(events).update
    assert (
        b"SECRET"
        not in EventMerger("content", "", [], kept_session).merge(events, forgets=True).update
    )


@pytest.mark.parametrize(
    "events",
    [
        [replace(EVENTS[0], ops=("hallo",))],
        [EVENTS[0], replace(EVENTS[1], ops=(9, "x"))],
        [EVENTS[0], replace(EVENTS[1], update=b"junk")],
        [EVENTS[0], replace(EVENTS[1], update=EVENTS[2].update)],
    ],
)
def test_what_does_not_fit_is_refused(events: list[EventRecord]) -> None:
    with pytest.raises(UnmergeableError):
        EventMerger("content", "", [], kept_session).merge(events)


def test_text_before_that_is_another_is_refused() -> None:
    with pytest.raises(UnmergeableError):
        EventMerger("content", "hallo", [EVENTS[0].update], kept_session)
