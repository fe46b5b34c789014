"""Find a Prometheus for the tests of its rules, or unpack one."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from scripts.program import starts

VARIABLE: Final = "QUIRE_TEST_PROMETHEUS"
PROGRAMS: Final = ("prometheus", "promtool")
_UNPACKED: Final = Path(__file__).resolve().parent.parent / ".cache" / "prometheus"


def find_prometheus() -> Path | None:
    """Return a folder with a `prometheus` and a `promtool` that start, or None.

    Tried in turn: the folder that `QUIRE_TEST_PROMETHEUS` names, the commands on the PATH, and
    Debian's package, unpacked into `.cache/`; that needs no root.
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen) if _has_all(Path(chosen)) else None
    for find in (_installed, _unpacked, _from_debian):
        folder = find()
        if folder is not None and _has_all(folder):
            return folder
    return None


def _has_all(folder: Path) -> bool:
    return all(starts(str(folder / name)) for name in PROGRAMS)


def _installed() -> Path | None:
    found = shutil.which("promtool")
    return None if found is None else Path(found).parent


def _unpacked() -> Path | None:
    folder = _UNPACKED / "usr" / "bin"
    return folder if folder.is_dir() else None


def _from_debian() -> Path | None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None
    print("unpacking Debian's prometheus", flush=True)
    _UNPACKED.mkdir(parents=True, exist_ok=True)
    if not _download() and not (os.geteuid() == 0 and _run("update") and _download()):
        return None
    for package in _UNPACKED.glob("prometheus_*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(_UNPACKED)], check=True)
        package.unlink()
    return _unpacked()


def _download() -> bool:
    return _run("download", "prometheus")


def _run(*arguments: str) -> bool:
    done = subprocess.run(
        ["apt-get", "-qq", *arguments],
        cwd=_UNPACKED,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0
