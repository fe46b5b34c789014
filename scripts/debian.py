"""Debian packages that tests need and a bare machine lacks."""

import os
import shutil
import subprocess
from typing import Final

# A package would start its server, on port 80 for example, were it not for the run level.
_VARIABLES: Final = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}


def install_packages(*packages: str) -> bool:
    """Install packages with apt-get, as root only; return whether they are installed now."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print(f"installing Debian's {packages[0]}", flush=True)
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments],
            env=os.environ | _VARIABLES,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            return False
    return True
