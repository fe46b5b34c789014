"""How long tests wait for what must happen."""

import os
from typing import Final

PATIENCE_S: Final = float(os.environ.get("QUIRE_TEST_PATIENCE_S", "900"))
"""How long anything may take before a test fails. Nothing waits that long in order to pass, so a
machine that is stopped by its host for most of the time changes how long tests take, not how they
end. While a test is written, a few seconds in `QUIRE_TEST_PATIENCE_S` tell failure from a hang."""
SOAK: Final = os.environ.get("QUIRE_SOAK") == "1"
"""Whether tests are to run long: `./test --soak`."""
