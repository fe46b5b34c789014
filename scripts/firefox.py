"""Find a Firefox for the browser tests, or install one."""

import os
import shutil
from typing import Final

from scripts.debian import install_packages
from scripts.program import starts

VARIABLE: Final = "QUIRE_TEST_FIREFOX"
COMMANDS: Final = ("firefox", "firefox-esr")


def find_firefox() -> str | None:
    """Return the path of a Firefox that starts, or None.

    Tried in turn: the variable `QUIRE_TEST_FIREFOX`, the usual commands, and Debian's package (as
    root only).
    """
    if chosen := os.environ.get(VARIABLE):
        return chosen if starts(chosen) else None
    for find in (_installed, _from_debian):
        path = find()
        if path is not None and starts(path):
            return path
    return None


def _installed() -> str | None:
    return next((path for name in COMMANDS if (path := shutil.which(name))), None)


def _from_debian() -> str | None:
    return _installed() if install_packages("firefox-esr") else None
