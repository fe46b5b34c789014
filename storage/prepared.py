"""Statements of the hot path: SQLAlchemy compiles each once, and the driver runs it.

For values that need no conversion, what SQLAlchemy does at each execution, and to each row, costs
more than all of SQLite's work. On SQLite the statement goes to `sqlite3` itself, past SQLAlchemy's
events and its translation of errors: `storage.engine.store_errors` knows them both.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.sql.elements import ClauseElement


class Prepared:
    """A statement whose values need no conversion.

    Args:
        statements: the same statement for each dialect, or one for all.
        names: of its parameters, in the order in which values are given.
    """

    def __init__(self, statements: Executable | dict[str, Any], *names: str) -> None:
        self._statements = statements
        self._names = names
        self._sql: dict[str, str] = {}

    def run_many(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run the statement for each row of values; there is at least one."""
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.executemany(self._sql_for(connection), rows)
        else:
            connection.exec_driver_sql(self._sql_for(connection), list(rows))

    def fetch(self, connection: Connection, *values: Any) -> Sequence[Sequence[Any]]:
        """Run the statement once, and return all rows."""
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            return driver.execute(self._sql_for(connection), values).fetchall()
        return connection.exec_driver_sql(self._sql_for(connection), values).all()

    def _sql_for(self, connection: Connection) -> str:
        dialect = connection.dialect
        sql = self._sql.get(dialect.name)
        if sql is None:
            each = self._statements
            statement = each[dialect.name] if isinstance(each, dict) else each
            assert isinstance(statement, ClauseElement), "it can be compiled"
            compiled = statement.compile(dialect=dialect)
            order = tuple(getattr(compiled, "positiontup", None) or ())
            assert order == self._names, f"the order of the parameters is {order}"
            sql = self._sql[dialect.name] = str(compiled)
        return sql
