"""sync.yjs.anchor: a position comes back from its anchor, whatever was written before.

For random documents by several clients, with characters of every width, deletions, concurrent
edits and formats:

- every position has an anchor, which resolves to that position;
- it names the unit that a brute-force reading finds there: the origin of an insertion behind it;
- whatever unit of whatever client is asked for, the answer is a position or None.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from sync.yjs.anchor import Anchor, AnchoredText
from sync.yjs.gate import KnownState, Ready, inspect
from sync.yjs.replica import Replica
from sync.yjs.update import parse_update

CLIENTS = (3, 900, 4_000_000_000)

STEPS = st.lists(
    st.tuples(
        st.sampled_from(CLIENTS),
        st.sampled_from(("insert", "insert", "insert", "delete", "format", "sync")),
        st.integers(0, 400),
        st.text(st.sampled_from("abé中😀\n"), min_size=1, max_size=90),
    ),
    max_size=30,
)


def written(steps: list[tuple[int, str, int, str]]) -> bytes:
    """What the clients have written, merged."""
    docs: dict[int, Doc[Any]] = {client: Doc(client_id=client) for client in CLIENTS}
    texts = {client: doc.get("content", type=Text) for client, doc in docs.items()}
    for client, kind, place, content in steps:
        text = texts[client]
        shown = str(text)
        place = min(place, len(shown))
        at = len(shown[:place].encode())
        end = at + len(shown[place : place + len(content)].encode())
        if kind == "insert":
            text.insert(at, content)
        elif kind == "sync":
            other = CLIENTS[place % len(CLIENTS)]
            docs[other].apply_update(docs[client].get_update())
        elif end > at and kind == "delete":
            del text[at:end]
        elif end > at:
            text.format(at, end, {"bold": True})
    first, *rest = docs.values()
    for doc in rest:
        first.apply_update(doc.get_update())
    return first.get_update()


def unit_before(state: bytes, at: int) -> tuple[int, int]:
    """The last unit before a byte: an insertion there has it as its origin."""
    doc: Doc[Any] = Doc(client_id=77)
    doc.apply_update(state)
    made: list[bytes] = []
    subscription = doc.observe(lambda event: made.append(event.update))
    doc.get("content", type=Text).insert(at, "|")
    doc.unobserve(subscription)
    origin = parse_update(made[0]).dependencies[0]
    assert origin.border == origin.clock, "it has an origin"
    return origin.on, origin.clock


@settings(deadline=None, max_examples=60)
@given(STEPS, st.data())
def test_position_comes_back_from_its_anchor(
    steps: list[tuple[int, str, int, str]], data: st.DataObject
) -> None:
    state = written(steps)
    known, replica = KnownState(), Replica(99)
    verdict = inspect(state, known)
    assert isinstance(verdict, Ready)
    replica.apply(state, verdict)
    known.advance(verdict)
    anchored, text = AnchoredText(replica, known), replica.text
    for place in range(len(text) + 1):
        anchor = anchored.anchor(place)
        assert anchor is not None
        assert anchored.resolve(anchor) == place
        if anchor.item is not None:
            behind = Anchor(anchor.item, after=False)
            width = 2 if text[place] > "\uffff" else 1
            assert anchored.resolve(behind) == (place if width == 2 else place + 1)
    assert anchored.anchor(len(text)) == Anchor(None)
    for _ in range(5 if text else 0):
        place = data.draw(st.integers(0, len(text) - 1))
        client, clock = unit_before(state, len(text[: place + 1].encode()))
        first = clock - 1 if text[place] > "\uffff" else clock
        assert anchored.anchor(place) == Anchor((client, first))
    for client, clocks in known.clocks.items():
        for clock in range(clocks + 2):
            for after in (True, False):
                found = anchored.resolve(Anchor((client, clock), after))
                assert (found is None) == (clock >= clocks)
                assert found is None or found <= len(text)
    replica.verify()
