"""What every tier of tests shares."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run tests marked `anyio` on asyncio, the only event loop that Quire serves on."""
    return "asyncio"
