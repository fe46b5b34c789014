"""Reports of pytest in JUnit's format: how many tests passed, failed, and were skipped, and why."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

LONG: Final = "--soak"
"""The beginning of the reason of a test that is skipped by design, since it is long."""


@dataclass(slots=True)
class Tally:
    """Tests counted over all reports that were added."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    """The tests that were skipped because something is not there, by the reason they gave."""

    def add(self, report: Path) -> None:
        """Count in one report."""
        root = ElementTree.parse(report).getroot()
        for suite in root.iter("testsuite"):
            failed = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
            skipped = int(suite.get("skipped", "0"))
            self.failed += failed
            self.skipped += skipped
            self.passed += max(0, int(suite.get("tests", "0")) - failed - skipped)
        reasons = (skip.get("message", "") for skip in root.iter("skipped"))
        self.missing.update(reason for reason in reasons if not reason.startswith(LONG))

    def __str__(self) -> str:
        """Return the closing line that CI reads."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"
