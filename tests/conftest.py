"""What every tier of tests shares."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.postgresql import Postgresql

# A commit is judged by the same examples wherever its tests run; QUIRE_SOAK=1 draws new ones, and
# many more. Either way a failure prints what reproduces it.
settings.register_profile(
    "quire", derandomize=not os.environ.get("QUIRE_SOAK"), print_blob=True, deadline=None
)
settings.load_profile("quire")


class _FailuresAtOnce:
    """Shows each failure when it happens: a run that is cut off has then said what it found."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._reporter.write_line(f"\n{report.nodeid} failed ({report.when})")
            self._reporter.write_line(report.longreprtext[-_SHOWN_CHARS:])


_SHOWN_CHARS = 6_000


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have failures shown at once, where the reports of all workers come together."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        session.config.pluginmanager.register(_FailuresAtOnce(reporter))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run tests marked `anyio` on asyncio, the only event loop that Quire serves on."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> Iterator["Postgresql"]:
    """A PostgreSQL server, which gives out empty databases."""
    # Imported only here: most tests do without SQL.
    from tests.postgresql import postgresql_or_skip

    with postgresql_or_skip() as server:
        yield server
