"""Rooms in a simulated world: whatever the network, the store and the processes do.

Held in every world, at every moment:

- P1: whatever leaves a server (an ack, an event, an update, a text, a state, a cursor) tells of
  versions that the store has at that moment, and says what the store says.
- P2: versions are 1, 2, 3 … without gap or double; an event is the same whoever shows it.
- P3: each id is in the log at most once, whatever is sent again, whenever and by which session.
- P4: after `joined`, the next version a client is shown is the next that it lacks; recovered only
  within one epoch, and whenever the store has what was missed; otherwise the full text or state.
- P5: a text client shows at each version the text of the log; at rest every replica does.
- P6: each event of the log is ready for the gate at its place, and its ops and its update say the
  same; the log opens.
- Acks and events come in version order; an unchanged ack not before its version.
- Each submission is settled once while its session lives, and each id answered.
- No honest edit is refused for good; nothing stays parked that is ready.

Mutants seen caught here, one at a time: acks and events although the commit failed; a join
answered while merging; no deduplication; deduplication within the window only; parked updates
answered and dropped; parked updates never released; replay off by one; a `since` beyond the head
recovered; the epoch not compared; the old document kept after a failed commit; the batch forgotten
after one; what it had committed not shown after reopening; a sole writer not shown it; a lagging
member live again without being caught up; caught up although lagging again; an unchanged ack
overtaking events; dropped acks not handed back; own acks out of place among others' events; a new
tab not sent what its old one had in flight; other processes' events not followed first; utf-16
texts of a batch not kept; a rebase that forgets one event; the gate not told of the server's own
edits; a checkpoint without its marks; the window trimmed while merging; a window that answers with
part; refusals that are not settled; a text root that is not saved; one that the first text does
not decide; a client that is ahead of its process told so at once, or before all was looked at;
what a look found taken in while a batch is under way; an update of a client that sends no ids
not asked for although a commit that seemed to fail may have logged it (with `--soak`); deletions of
what a carrier may not deliver forgotten; a repair merged with what builds on it.
"""

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.patience import SOAK
from tests.property.simulation.scenario import Scenario
from tests.property.simulation.world import play

pytestmark = [
    pytest.mark.p1,
    pytest.mark.p2,
    pytest.mark.p3,
    pytest.mark.p4,
    pytest.mark.p5,
    pytest.mark.p6,
]

WORLDS = 20_000 if SOAK else 100

scenarios = st.builds(
    Scenario,
    seed=st.integers(0, 2**64),
    steps=st.sampled_from((100, 300, 600)),
    servers=st.sampled_from((1, 1, 2)),
    text_clients=st.integers(0, 3),
    yjs_clients=st.integers(1, 3),
    dialect_clients=st.sampled_from((0, 0, 1, 2)),
    failures=st.booleans(),
    crashes=st.booleans(),
    drops=st.booleans(),
    disorder=st.booleans(),
    slow=st.booleans(),
    rewinds=st.booleans(),
    unfit=st.booleans(),
    carriers=st.booleans(),
    window_events=st.sampled_from((2, 8, 1_024)),
    max_batch=st.sampled_from((1, 3, 512)),
    checkpoint_events=st.sampled_from((3, 500)),
    undecided=st.booleans(),
)


CUT_OF_WHAT_CAME_DELETED = Scenario(
    seed=0,
    text_clients=0,
    yjs_clients=1,
    failures=True,
    disorder=True,
    unfit=True,
    window_events=8,
    max_batch=3,
    undecided=True,
)
"""Something is put into a pair that the log has never had but as deleted, without its content."""


@pytest.mark.timeout(0)
@settings(max_examples=WORLDS, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(scenarios)
@example(CUT_OF_WHAT_CAME_DELETED)
def test_promises_hold_whatever_happens(scenario: Scenario) -> None:
    play(scenario)
