"""The process that atheris runs in: `python -m lab.fuzz.fuzz_worker TARGET [libFuzzer's flags]`.

A frame that raises, hangs or kills the process ends it, and is left as a file.
"""

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["sync"]):
    from lab.fuzz.fuzz_target import TARGETS, other_update


def mutate_update(data: bytes, max_size: int, seed: int) -> bytes:
    """Return another frame for the gate: by libFuzzer's own mutations, or with an eye to Yjs."""
    dice = Random(seed)
    if len(data) > 1 and dice.randrange(3):
        return data[:1] + other_update(data, dice)[: max_size - 1]
    return bytes(atheris.Mutate(data, max_size))


def main() -> None:
    """Fuzz until the flags say that it is enough; never returns."""
    program, target, *flags = sys.argv
    mutator = {"custom_mutator": mutate_update} if target == "gate" else {}
    atheris.Setup([program, *flags], TARGETS[target], **mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
