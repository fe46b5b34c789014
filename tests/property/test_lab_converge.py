"""Simulated worlds of the laboratory in a short form, and the cutting down of a failure.

The long form is `python -m lab converge`; see docs/proof.md. It found that an embed moved the
server's own edits behind it, and that nobody could load what a text event became beside values in
the text. The world is that of `test_room_simulation`, whose mutants hold here too, with frames on
every socket and hostile clients. Mutants seen caught here: no deduplication; a sync step 2 that is
read as an update.
"""

from dataclasses import replace

import pytest

from lab.converge.converge import play_batch, script_of
from lab.converge.frame_world import Script, failure_of
from lab.converge.shrink import shrink
from tests.patience import SOAK

pytestmark = [
    pytest.mark.p1,
    pytest.mark.p2,
    pytest.mark.p3,
    pytest.mark.p4,
    pytest.mark.p5,
    pytest.mark.p6,
]

WORLDS = 5_000 if SOAK else 60


def test_worlds_with_hostile_clients_keep_the_promises() -> None:
    tally = play_batch(1_000, WORLDS)
    assert tally.failures == ()
    assert tally.sessions > 5 * WORLDS
    assert tally.hostile_sessions > WORLDS


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
