"""Each promise of the README has tests under its number: `pytest -m p4`."""

import re
from pathlib import Path

from tests.integration.server import ROOT


def test_every_promise_has_a_marker_and_tests() -> None:
    promised = re.findall(r"^- \*\*P(\d+) (.+?)\.\*\*", (ROOT / "README.md").read_text(), re.M)
    marked = re.findall(r'^    "p(\d+): (.+)"', (ROOT / "pyproject.toml").read_text(), re.M)
    assert promised == marked
    assert [number for number, _ in promised] == [str(number) for number in range(1, 11)]
    files: list[Path] = sorted((ROOT / "tests").rglob("test_*.py"))
    used = {number for file in files for number in re.findall(r"mark\.p(\d+)\b", file.read_text())}
    assert used == {number for number, _ in promised}
