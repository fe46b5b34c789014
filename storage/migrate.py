"""Bring a database to the schema of this Quire, or refuse it with the reason.

Alembic, configured here alone: the revisions lie in `alembic/` of a checkout, in
`storage/migrations/` of an installed wheel. It takes a fifth of a second to import, so a start that
finds the schema current does without it.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL

from storage.engine import read_url, store_errors
from storage.sqlite import database_path, sqlite_engine
from sync.port import StoreError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

T = TypeVar("T")

SCHEMA_REVISION: Final = "0015"
"""The newest revision in `alembic/versions/`; a test holds it equal."""

# Any number that other users of advisory locks in this database are unlikely to take.
_POSTGRESQL_LOCK = 0x5175697265

_BUSY_TIMEOUT_MS: Final = 600_000
"""The time for which SQLite waits while another process migrates; a large database takes long."""


class SchemaError(StoreError):
    """The database has not the schema that this Quire needs; its message says what to do."""


async def upgrade(database_url: str) -> None:
    """Migrate to the newest schema; returns after commit, at once if there is nothing to do.

    All of it is one transaction under a lock: processes that start together wait for the first,
    and one that dies half-way leaves the old schema. Cancelled, it runs to its end unattended.

    Raises `SchemaError` if the database was written by a newer Quire, else `StoreError`.
    """
    await asyncio.to_thread(transact, database_url, _upgrade)


async def require_current(database_url: str) -> None:
    """Raise `SchemaError` unless the database has exactly the schema of this Quire."""
    await asyncio.to_thread(transact, database_url, _require_current)


async def has_schema(database_url: str) -> bool:
    """Return whether a Quire of any version has made its tables in this database."""
    return await asyncio.to_thread(transact, database_url, _current_revision) is not None


def _upgrade(connection: Connection) -> None:
    current = _current_revision(connection)
    if current == SCHEMA_REVISION:
        return
    _refuse_newer(current)
    upgrade_in(connection)


def upgrade_in(connection: Connection, revision: str = "head") -> None:
    """Migrate to a revision, in a transaction under way that nobody else works beside."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def revisions() -> set[str]:
    """Return the revisions of the schema that this Quire knows."""
    return {script.revision for script in _scripts().walk_revisions()}


def _require_current(connection: Connection) -> None:
    current = _current_revision(connection)
    if current == SCHEMA_REVISION:
        return
    _refuse_newer(current)
    raise SchemaError(
        f"the database has schema {current or 'none'}, this Quire needs {SCHEMA_REVISION}: "
        "run `quire db upgrade`"
    )


def _refuse_newer(current: str | None) -> None:
    if current is not None and current not in revisions():
        raise SchemaError(
            f"the database has schema {current}, which this Quire does not know: a newer one wrote "
            f"it. This one knows schemas up to {SCHEMA_REVISION}"
        )


def _current_revision(connection: Connection) -> str | None:
    """The revision that Alembic has noted in the database; None if it has noted none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    # Alembic reads the option with interpolation: a % in the path would start a variable.
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    return config


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())


def _migrations() -> Path:
    here = Path(__file__).resolve().parent
    installed = here / "migrations"
    return installed if installed.is_dir() else here.parent / "alembic"


def transact(database_url: str, work: Callable[[Connection], T]) -> T:
    """Run `work` in one write transaction, alone with this database. For a thread of its own."""
    url = read_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _transact_sqlite(url, work)
    return asyncio.run(_transact_postgresql(url, work))


def _transact_sqlite(url: URL, work: Callable[[Connection], T]) -> T:
    patience = (f"busy_timeout = {_BUSY_TIMEOUT_MS}",)
    engine = sqlite_engine(database_path(url), begin="BEGIN IMMEDIATE", pragmas=patience)
    try:
        with store_errors(), engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


async def _transact_postgresql(url: URL, work: Callable[[Connection], T]) -> T:
    # Imported only here: it costs a third of a second, which SQLite need not pay.
    from storage.postgresql import postgresql_engine

    engine = postgresql_engine(url, pool_size=1, timeout_s=None)
    try:
        with store_errors():
            async with engine.begin() as connection:
                encoding = (await connection.execute(text("SHOW server_encoding"))).scalar_one()
                if encoding != "UTF8":
                    raise SchemaError(
                        f"the database has the encoding {encoding}, Quire needs one with UTF8: "
                        "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
                    )
                await connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _POSTGRESQL_LOCK}
                )
                return await connection.run_sync(work)
    finally:
        await engine.dispose()
