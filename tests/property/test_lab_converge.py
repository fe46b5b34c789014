"""Simulated worlds of the laboratory in a short form, and the cutting down of a failure.

The long form is `python -m lab converge`; see docs/proof.md. It found that an embed moved the
server's own edits behind it, and that nobody could load what a text event became beside values in
the text. The world is that of `test_room_simulation`, whose mutants hold here too, with frames on
every socket and hostile clients. Mutants seen caught here: no deduplication; a sync step 2 that is
read as an update.
"""

from dataclasses import replace
from typing import Final

import pytest

from lab.converge.converge import play_batch, script_of
from lab.converge.frame_world import Script, failure_of
from lab.converge.shrink import shrink
from tests.patience import SOAK
from tests.property.simulation.scenario import Scenario

pytestmark = [
    pytest.mark.p1,
    pytest.mark.p2,
    pytest.mark.p3,
    pytest.mark.p4,
    pytest.mark.p5,
    pytest.mark.p6,
]

WORLDS = 5_000 if SOAK else 60

_CALM: Final = Scenario(
    seed=0, text_clients=0, yjs_clients=1, max_batch=3, window_events=2, checkpoint_events=3
)
_EARLY: Final = (6, 11, 12, 13, 20, 21, 22, 26, 36, 37, 54, 55, 56, 57, 163)
_LATE: Final = (7, 8, 11, 12, 16, 22, 23, 28, 29, 34, 35, 37, 39, 40)
REFUSED_AFTER_A_CUT: Final = Script(
    replace(_CALM, seed=100000000002882, window_events=1_024),
    hostiles=2,
    restless=0,
    steps=(*_EARLY, *(256 + each for each in _LATE)),
)
"""A pair was deleted for an insertion inside it, which the replica then refused."""
BESIDE_WHAT_IS_COLLECTED: Final = Script(
    replace(
        _CALM,
        seed=100000000007001,
        servers=2,
        text_clients=3,
        dialect_clients=3,
        drops=True,
        max_batch=512,
    ),
    hostiles=2,
    restless=120,
    steps=(4, 5, 6, 30, 31, 32, 33, 115, 131, 255, 256, 292),
)
"""A type between a collected unit and the text: yrs placed it by what it had already."""
SENT_AGAIN_AS_COLLECTED: Final = Script(
    replace(_CALM, seed=100000000008465, servers=3, text_clients=1),
    hostiles=1,
    restless=10,
    steps=(9, 115, 205, 269),
)
"""Characters were sent again as collected units, which took their place in a merged message."""
_SPREAD: Final = (3, 6, 41, 47, 51, 52, 53, 54, 61, 64, 72, 74, 75, 89, 108, 112, 124, 125, 126)
_ENDING: Final = (127, 138, 139, 140, 162, 167, 179, 181, 184, 195)
NEVER_NEIGHBOURS: Final = Script(
    replace(
        _CALM,
        seed=520000000000547,
        servers=3,
        text_clients=3,
        yjs_clients=2,
        dialect_clients=2,
        disorder=True,
        slow=True,
        max_batch=1,
        window_events=1_024,
        checkpoint_events=500,
    ),
    hostiles=1,
    restless=10,
    steps=(*_SPREAD, *_ENDING),
    crossing=True,
)
"""An item between two with a third between them that both depend on: the replica broke."""


def test_worlds_with_hostile_clients_keep_the_promises() -> None:
    tally = play_batch(1_000, WORLDS)
    assert tally.failures == ()
    assert tally.sessions > 5 * WORLDS
    assert tally.hostile_sessions > WORLDS


@pytest.mark.parametrize(
    "script",
    [REFUSED_AFTER_A_CUT, BESIDE_WHAT_IS_COLLECTED, SENT_AGAIN_AS_COLLECTED, NEVER_NEIGHBOURS],
)
def test_worlds_that_failed_once_keep_the_promises(script: Script) -> None:
    assert failure_of(script) is None


def test_world_is_the_same_whenever_it_is_played() -> None:
    script = script_of(7)
    assert failure_of(script) == failure_of(script)
    assert play_batch(7, 2) == play_batch(7, 2)


def test_failure_is_cut_down_to_the_steps_that_it_needs() -> None:
    script = replace(script_of(3), hostiles=2, restless=40, steps=tuple(range(64)))

    def fails(candidate: Script) -> bool:
        return {11, 47} <= set(candidate.steps) and candidate.hostiles > 0

    smallest = shrink(script, fails)
    assert smallest.steps == (11, 47)
    assert smallest.hostiles == 1
    assert smallest.restless == 0
    assert not smallest.scenario.crashes
