"""Find an nginx for the tests behind a proxy, or install one."""

import os
import shutil
import subprocess
from typing import Final

VARIABLE: Final = "QUIRE_TEST_NGINX"
# Debian keeps it where only root's PATH looks.
_FOLDERS: Final = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def find_nginx() -> str | None:
    """Return the path of an nginx that starts, or None.

    Tried in turn: the variable `QUIRE_TEST_NGINX`, the command, and Debian's package (as root
    only).
    """
    if chosen := os.environ.get(VARIABLE):
        return chosen if _starts(chosen) else None
    for find in (installed_nginx, _from_debian):
        path = find()
        if path is not None and _starts(path):
            return path
    return None


def installed_nginx() -> str | None:
    """Return the path of the nginx that is installed, or None."""
    return shutil.which("nginx", path=_FOLDERS)


def _starts(path: str) -> bool:
    try:
        answer = subprocess.run([path, "-v"], capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _from_debian() -> str | None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    print("installing Debian's nginx", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # The package would start a server on port 80, where a policy does not forbid it.
    environment["RUNLEVEL"] = "1"
    packages = ["nginx-light", "openssl"]
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            return None
    return installed_nginx()
