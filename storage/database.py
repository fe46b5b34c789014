"""The choice of a database by its URL: SQLite or PostgreSQL."""

from storage.engine import Database, read_url
from storage.sqlite import SqliteDatabase, database_path


def open_database(database_url: str, *, pool_size: int, timeout_s: float) -> Database:
    """The database of a URL; connects at its first use.

    Args:
        pool_size: connections to PostgreSQL, at least two: who writes may have to read beside that.
        timeout_s: how long PostgreSQL may take to answer; see `storage.postgresql`.

    Raises:
        StoreError: the URL names no database.
    """
    url = read_url(database_url)
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(database_path(url))
    # Imported only here: it costs a third of a second, which SQLite need not pay.
    from storage.postgresql import PostgresqlDatabase

    return PostgresqlDatabase(url, pool_size=pool_size, timeout_s=timeout_s)
