from pathlib import Path

import pytest

from scripts.junit_report import Tally
from scripts.stage import StageFailed
from scripts.tiers import skips_of

_PASSED = '<testcase name="one"/>'
_LONG = '<testcase name="two"><skipped message="--soak: takes minutes"/></testcase>'
_MISSING = '<testcase name="three"><skipped message="no nginx"/></testcase>'


def _report(folder: Path, *cases: str, failures: int = 0) -> Path:
    skipped = sum("<skipped" in case for case in cases)
    suite = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'
    file = folder / "report.xml"
    file.write_text(f"<testsuites><testsuite {suite}>{''.join(cases)}</testsuite></testsuites>")
    return file


def test_tally_counts_over_reports(tmp_path: Path) -> None:
    tally = Tally()
    tally.add(_report(tmp_path, _PASSED, _PASSED, _MISSING, failures=1))
    tally.add(_report(tmp_path, _PASSED))
    assert str(tally) == "2 passed, 1 failed, 1 skipped"


def test_what_is_skipped_for_want_of_something_is_told(tmp_path: Path) -> None:
    assert skips_of(_report(tmp_path, _PASSED, _LONG)) is None
    assert skips_of(_report(tmp_path, _PASSED, _LONG, _MISSING, _MISSING)) == "2 skipped: no nginx"


def test_tier_without_a_test_that_ran_fails(tmp_path: Path) -> None:
    with pytest.raises(StageFailed, match="no test ran: 2 were skipped"):
        skips_of(_report(tmp_path, _MISSING, _MISSING))
