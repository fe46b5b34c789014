"""The page `docs/proof.md`: one section for each experiment, written by the experiment itself."""

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "proof.md"


def put_section(page: str, name: str, body: str) -> str:
    """Return the page with the section of that name replaced; the rest stays as it is.

    Raises:
        ValueError: the page has no place for it.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page has no place for {name}")
    section = f"{begin}\n{body.strip()}\n{end}"
    return pattern.sub(lambda _: section, page)


def write_section(name: str, body: str, command: str) -> None:
    """Write a section of the page, with the command, the date, the commit and the machine."""
    origin = f"`{command}`, {_today()}, commit {_commit()}, {_machine()}."
    PAGE.write_text(put_section(PAGE.read_text(), name, f"{origin}\n\n{body}"))


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or "unknown"


def _machine() -> str:
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, Python {platform.python_version()}"
