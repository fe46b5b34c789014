"""The fuzzing of the laboratory in a short form: the corpus that is kept, and some thousand frames.

The long form is `python -m lab fuzz`; see docs/proof.md. Mutants seen caught there, one at a time,
within 250,000 frames for each target: an `IndexError` let out of the reader; a name that is no
UTF-8 let through as an error; a gate that does not look for a client's own gap, for circles (the
process hangs), or for parents that are no types. It found that the quick way for keystrokes let a
map entry of several units through.
"""

from base64 import b64decode
from importlib.util import find_spec
from random import Random

import pytest

from lab.fuzz.fuzz import attack, kept_frames
from lab.fuzz.fuzz_target import TARGETS, PromiseBroken, read_update, seeds
from sync.yjs.replica import Replica
from tests.patience import SOAK
from tests.property.test_dialect_fuzz import mutated

pytestmark = [pytest.mark.p8]

FRAMES = 250_000 if SOAK else 2_500
"""For each target."""


@pytest.mark.parametrize("target", TARGETS)
def test_kept_frames_and_their_neighbours_break_no_promise(target: str) -> None:
    read, frames, dice = TARGETS[target], [*kept_frames(target), *seeds(target)], Random(1)
    assert len(kept_frames(target)) > 20, "the corpus is kept"
    for frame in frames:
        read(frame)
    for _ in range(FRAMES // 5):
        read(mutated(dice, [dice.choice(frames).hex()]))


@pytest.mark.skipif(find_spec("atheris") is None, reason="no atheris for this platform")
@pytest.mark.parametrize("target", TARGETS)
def test_frames_guided_by_coverage_break_no_promise(target: str) -> None:
    done = attack(target, FRAMES, seed=1)
    assert done.code == 0, done.finding
    assert done.frames >= FRAMES


def test_item_between_two_that_were_no_neighbours_is_left_to_the_replica(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = b64decode("GwEC6QcRROkHEAnkuK3mloflrZeE6QcGA++/vQHpBwEBDA==")
    read_update(frame)
    monkeypatch.setattr(Replica, "_apply_doubtful", lambda *_args, **_more: None)
    with pytest.raises(PromiseBroken):
        read_update(frame)
