"""One statement for many rows, with the driver's `executemany`.

SQLAlchemy writes the statement, but does not handle the rows: for values that need no conversion
that costs more than all of SQLite's work on them.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.sql.elements import ClauseElement


class Bulk:
    """A statement to run for many rows.

    Args:
        statement: its values need no conversion by SQLAlchemy.
        names: of its parameters, in the order in which rows give them.
    """

    def __init__(self, statement: Executable, *names: str) -> None:
        assert isinstance(statement, ClauseElement), "it can be compiled"
        self._statement = statement
        self._names = names
        self._sql: dict[str, str] = {}

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it for each row; there is at least one."""
        dialect = connection.dialect
        sql = self._sql.get(dialect.name)
        if sql is None:
            compiled = self._statement.compile(dialect=dialect)
            order = tuple(getattr(compiled, "positiontup", None) or ())
            assert order == self._names, f"the order of the parameters is {order}"
            sql = self._sql[dialect.name] = str(compiled)
        connection.exec_driver_sql(sql, list(rows))
