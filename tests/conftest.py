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
