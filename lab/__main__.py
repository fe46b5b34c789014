"""`python -m lab crash|converge|fuzz|load [flags]`: experiments that a doubter can repeat.

Each prints a table, exits with 1 if a promise was broken or a target missed, and with `--write`
puts its figures into `docs/proof.md`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

_EXPERIMENTS: Final[Mapping[str, str]] = {
    "crash": "lab.crash.crash:run_crash",
    "converge": "lab.converge.converge:run_converge",
    "fuzz": "lab.fuzz.fuzz:run_fuzz",
    "load": "lab.load.load:run_load",
}


def main() -> int:
    """Run the experiment that the command line names; return the exit code."""
    name, *arguments = sys.argv[1:] or [""]
    if name not in _EXPERIMENTS:
        print(__doc__)
        return 2
    module, _, function = _EXPERIMENTS[name].partition(":")
    run: Callable[[Sequence[str]], int] = getattr(import_module(module), function)
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
