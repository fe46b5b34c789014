"""Checks of the code: everything that is not a tier of tests."""

import hashlib
import sys
import tomllib
from pathlib import Path

from scripts.stage import ROOT, Options, StageFailed, StageMissing
from scripts.stage_command import NPM_CLIENTS, WEB, install_packages, run_command, run_tool


def check_format(_: Options) -> None:
    """Check that every Python file is as `ruff format` writes it."""
    run_tool("ruff", "format", "--check", ".")


def check_lint(_: Options) -> None:
    """Check that `ruff check` finds nothing."""
    run_tool("ruff", "check", ".")


def check_types(_: Options) -> None:
    """Check the types, strictly, in the folders that `tool.mypy.files` names."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named: list[str] = settings["tool"]["mypy"]["files"]
    present = [name for name in named if any((ROOT / name).rglob("*.py"))]
    run_tool("mypy", *present)
    if present != named:
        raise StageMissing(", ".join(f"{name}/" for name in named if name not in present))


def check_imports(_: Options) -> None:
    """Check the import directions of `tool.importlinter`."""
    run_command([str(Path(sys.executable).parent / "lint-imports"), "--no-logo"])


def check_structure(_: Options) -> None:
    """Check sizes, names and imports of the code against the ceilings of `scripts.structure`."""
    run_tool("scripts.structure")


def check_web(_: Options) -> None:
    """Check types and tests of the web client, and that `web/dist` is what it builds to."""
    if not (WEB / "package.json").exists():
        raise StageMissing("web/package.json")
    install_packages(WEB)
    run_command(["npm", "run", "check"], WEB)
    run_command(["npm", "test"], WEB)
    committed = fingerprint(WEB / "dist")
    run_command(["npm", "run", "build"], WEB)
    if fingerprint(WEB / "dist") != committed:
        raise StageFailed("web/dist was not what the sources build to; it is now: commit it")


def install_clients(_: Options) -> None:
    """Install the clients from npm that integration tests run."""
    try:
        install_packages(NPM_CLIENTS)
    except (StageFailed, SystemExit) as failure:
        raise StageMissing(f"way to install the clients of tests/npm: {failure}") from None


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder, by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
