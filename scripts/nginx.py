"""Find an nginx for the tests behind a proxy, or install one."""

import os
import shutil
from typing import Final

from scripts.debian import install_packages
from scripts.program import starts

VARIABLE: Final = "QUIRE_TEST_NGINX"
# Debian keeps it where only root's PATH looks.
_FOLDERS: Final = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def find_nginx() -> str | None:
    """Return the path of an nginx that starts, or None.

    Tried in turn: the variable `QUIRE_TEST_NGINX`, the command, and Debian's package (as root
    only).
    """
    if chosen := os.environ.get(VARIABLE):
        return chosen if starts(chosen, "-v") else None
    for find in (installed_nginx, _from_debian):
        path = find()
        if path is not None and starts(path, "-v"):
            return path
    return None


def installed_nginx() -> str | None:
    """Return the path of the nginx that is installed, or None."""
    return shutil.which("nginx", path=_FOLDERS)


def _from_debian() -> str | None:
    # The package would start a server on port 80, where a policy does not forbid it.
    if not install_packages("nginx-light", "openssl", environment={"RUNLEVEL": "1"}):
        return None
    return installed_nginx()
