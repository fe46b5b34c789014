"""Debian packages that tests need and a bare machine lacks."""

import os
import shutil
import subprocess
from collections.abc import Mapping


def install_packages(*packages: str, environment: Mapping[str, str] | None = None) -> bool:
    """Install packages with apt-get, as root only; return whether they are installed now.

    Args:
        environment: variables for the installation, besides the process's own.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print(f"installing Debian's {packages[0]}", flush=True)
    variables = os.environ | {"DEBIAN_FRONTEND": "noninteractive"} | dict(environment or {})
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            return False
    return True
