"""How long tests wait for what must happen."""

import os
from collections.abc import Iterator
from typing import Final

PATIENCE_S: Final = float(os.environ.get("QUIRE_TEST_PATIENCE_S", "900"))
"""How long anything may take before a test fails. Nothing waits that long in order to pass, so a
machine that is stopped by its host for most of the time changes how long tests take, not how they
end. While a test is written, a few seconds in `QUIRE_TEST_PATIENCE_S` tell failure from a hang."""
SOON_S: Final = max(15.0, PATIENCE_S / 10)
"""The bound on what is promised at once: far below `PATIENCE_S`, and still above any time for which
a busy machine is known to have given a process no turn."""
SOAK: Final = os.environ.get("QUIRE_SOAK") == "1"
"""Whether tests are to run long: `./test --soak`."""


def ever_longer(first_s: float) -> Iterator[float]:
    """Return times for one attempt after the other, up to `PATIENCE_S`.

    For what has to be seen before an end that is set beforehand, such as that of a token: on a busy
    machine the end comes first, and the test begins anew with a later one.
    """
    lasts_s = first_s
    while lasts_s < PATIENCE_S:
        yield lasts_s
        lasts_s *= 4
    yield PATIENCE_S
