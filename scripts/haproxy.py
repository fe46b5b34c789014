"""Find an HAProxy for the tests behind one, or install it."""

import os
import shutil
from typing import Final

from scripts.debian import install_packages
from scripts.program import starts

VARIABLE: Final = "QUIRE_TEST_HAPROXY"
# Debian keeps it where only root's PATH looks.
_FOLDERS: Final = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def find_haproxy() -> str | None:
    """Return the path of an HAProxy that starts, or None.

    Tried in turn: the variable `QUIRE_TEST_HAPROXY`, the command, and Debian's package (as root
    only).
    """
    if chosen := os.environ.get(VARIABLE):
        return chosen if starts(chosen, "-v") else None
    for find in (installed_haproxy, _from_debian):
        path = find()
        if path is not None and starts(path, "-v"):
            return path
    return None


def installed_haproxy() -> str | None:
    """Return the path of the HAProxy that is installed, or None."""
    return shutil.which("haproxy", path=_FOLDERS)


def _from_debian() -> str | None:
    # As with nginx, no server is to be started by the package.
    installed = install_packages("haproxy", environment={"RUNLEVEL": "1"})
    return installed_haproxy() if installed else None
