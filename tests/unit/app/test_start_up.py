"""What a start of `quire` imports: the figures of `python -m bench start` depend on it."""

import os
import subprocess
import sys
from pathlib import Path

_SERVE = """
import asyncio, sys
from app.server.serve import create_app, prepare_database
from app.settings import Settings

async def serve():
    settings = Settings(database_url=sys.argv[1])
    await prepare_database(settings)
    app = create_app(settings, database_is_ready=True)
    async with app.router.lifespan_context(app):
        pass
    print(*sys.modules)

asyncio.run(serve())
"""
_COMMANDS = "import sys, app.cli.main; print(*sys.modules)"
_SERVER_ONLY = {"fastapi", "pycrdt", "pydantic", "sqlalchemy", "starlette", "uvicorn"}
_ON_DEMAND = {
    "alembic",
    "argon2",
    "asyncpg",
    "authlib",
    "cryptography",
    "httpx",
    "joserfc",
    "mako",
    "markdown_it",
    "prometheus_client",
    "redis",
    "yaml",
}
"""The libraries that a server without documents and accounts uses for some requests, if ever."""


def _modules(script: str, *arguments: str) -> set[str]:
    """Return the modules that a fresh process has imported at the end of a script."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUIRE_")}
    ran = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        check=True,
        env=inherited | {"PYTHONPATH": str(Path(__file__).parents[3])},
        text=True,
    )
    return set(ran.stdout.split())


def test_command_line_imports_nothing_of_the_server() -> None:
    modules = _modules(_COMMANDS)
    assert "app.cli.commands" in modules
    assert modules & _SERVER_ONLY == set()


def test_server_on_a_current_database_imports_what_it_needs_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'quire.db'}"
    first = _modules(_SERVE, url)
    assert first & _ON_DEMAND >= {"alembic"}, "a new database is migrated"
    later = _modules(_SERVE, url)
    assert "fastapi" in later
    assert later & _ON_DEMAND == set()
