"""Hostile updates against the gate, and what it lets through against pycrdt in another process.

Invariants: the gate never raises; what it calls ready neither panics nor kills pycrdt, and is not
refused by it; the state vector is then the gate's; a second application changes nothing; a clone
made from the encoded state shows the same text; the fast path for keystrokes says what the parser
says.

One difference of a clone is known and let pass: an item with both an origin and a right origin
that never stood in that order (only CRDT order could tell, and no editor writes it). yrs then
places it by what was there before. A comparison of hashes finds it, the gate does not.

Mutants seen caught here: no check of a client's own gap; origins of other clients not waited for;
no check of circles; no check of parents; lists of JSON or XML hooks accepted; a fast path that
does not look at the right origin.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from sync.yjs.gate import KnownState, Malformed, Ready, Waiting, inspect, judge
from sync.yjs.keystroke import recognise_keystroke
from sync.yjs.update import parse_update
from tests.patience import SOAK
from tests.property.hostile_update import accepted_vectors, has_both_origins, invent, mutate

_MUTATED = 60_000 if SOAK else 4_000
_SHORT = 20_000 if SOAK else 5_000
_INVENTED = 20_000 if SOAK else 1_200


class Worker:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def probe(self, base: list[bytes], update: bytes, known: KnownState, *, plain: bool) -> str:
        """Apply `update` after `base`; return what happened, "died" if the process did."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        case = {
            "base": [each.hex() for each in base],
            "update": update.hex(),
            "clocks": known.clocks,
            "plain": plain,
        }
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        return str(json.loads(line)) if line else "died"


@contextmanager
def running_worker() -> Iterator[Worker]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.property.gate_worker"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        yield Worker(process)
        assert process.stdin is not None
        process.stdin.close()


def _known_after(updates: list[bytes]) -> KnownState:
    known = KnownState()
    for update in updates:
        verdict = inspect(update, known)
        assert isinstance(verdict, Ready)
        known.advance(verdict)
    return known


_DOCUMENTS = accepted_vectors()
_SITUATIONS = [
    (document[:cut], document, _known_after(document[:cut]))
    for document in _DOCUMENTS
    for cut in sorted({0, len(document) // 2, len(document) - 1, len(document)})
]


def _attack(seed: int, count: int, *, inventing: bool) -> Counter[str]:
    rng = Random(seed)
    seen: Counter[str] = Counter()
    with running_worker() as worker:
        for _ in range(count):
            base, document, known = rng.choice(_SITUATIONS)
            if inventing:
                update = invent(rng, known.clocks)
            else:
                update = mutate(rng, rng.choice(document), rng.choice(rng.choice(_DOCUMENTS)))
            verdict = inspect(update, known)
            seen[type(verdict).__name__] += 1
            if not isinstance(verdict, Ready):
                continue
            after = known.copy()
            after.advance(verdict)
            outcome = worker.probe(base, update, after, plain=verdict.plain and not base)
            if outcome.startswith("the clone") and has_both_origins(update):
                seen["crossed origins"] += 1
                continue
            assert outcome == "ok", (outcome, [each.hex() for each in base], update.hex())
    return seen


def test_what_the_gate_passes_of_mutated_updates_leaves_pycrdt_sound() -> None:
    seen = _attack(1, _MUTATED, inventing=False)
    assert seen["Ready"] > _MUTATED // 50
    assert seen["Malformed"] > seen["Ready"]
    assert seen["crossed origins"] <= _MUTATED // 1000


def test_what_the_gate_passes_of_invented_updates_leaves_pycrdt_sound() -> None:
    seen = _attack(2, _INVENTED, inventing=True)
    assert seen["Ready"] > _INVENTED // 20
    assert seen["Waiting"]
    assert seen["crossed origins"] <= seen["Ready"] // 30


def test_gate_never_raises_on_random_bytes() -> None:
    rng = Random(3)
    for _ in range(_SHORT):
        verdict = inspect(rng.randbytes(rng.randrange(40)), KnownState({1: 3}))
        assert isinstance(verdict, Ready | Waiting | Malformed)


def test_the_fast_path_says_what_the_parser_says() -> None:
    rng = Random(4)
    recognised = 0
    for _ in range(_SHORT):
        _, document, known = rng.choice(_SITUATIONS)
        update = rng.choice(document)
        if rng.randrange(2):
            update = mutate(rng, update, rng.choice(document))
        if recognise_keystroke(update) is None:
            continue
        recognised += 1
        fast = inspect(update, known)
        if isinstance(fast, Malformed):
            continue  # only the parser says so
        assert fast == judge(parse_update(update), known)
    assert recognised > _SHORT // 10
