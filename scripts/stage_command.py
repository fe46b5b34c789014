"""Commands that stages run, and the packages from npm that they need first."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Final

from scripts.node import node_environment
from scripts.stage import CACHE, ROOT, StageFailed

WEB: Final = ROOT / "web"
NPM_CLIENTS: Final = ROOT / "tests" / "npm"

command_output: ContextVar[IO[bytes] | None] = ContextVar("output", default=None)
"""The file to which commands write; None: the output of this process."""


def run_command(
    command: list[str], folder: Path = ROOT, variables: Mapping[str, str] | None = None
) -> None:
    """Run a command and raise `StageFailed` unless it succeeds."""
    needs_node = (folder / "package.json").exists()
    environment = node_environment(CACHE / "node") if needs_node else dict(os.environ)
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        raise StageFailed(f"{command[0]} not found")
    done = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env=environment | dict(variables or {}),
        stdin=subprocess.DEVNULL,
        stdout=command_output.get(),
        stderr=command_output.get(),
        check=False,
    )
    if done.returncode != 0:
        raise StageFailed(f"`{' '.join(command)}` exited {done.returncode}")


def run_tool(module: str, *arguments: str) -> None:
    """Run a Python tool of this environment, whatever PATH says."""
    run_command([sys.executable, "-m", module, *arguments])


def install_packages(folder: Path) -> None:
    """Run `npm ci` unless the folder's `node_modules` is already what its lock file says."""
    stamp = folder / "node_modules" / ".quire-lock"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        stamp.unlink(missing_ok=True)
        run_command(["npm", "ci"], folder)
        stamp.write_text(wanted)
