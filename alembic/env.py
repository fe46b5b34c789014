"""Run by Alembic, on the connection that `storage.migrate` gives it: locked, in a transaction."""

from alembic import context
from sqlalchemy import Connection

from storage.table import metadata

connection = context.config.attributes.get("connection")
if not isinstance(connection, Connection):
    raise SystemExit("Quire's migrations are run by `quire db upgrade`, not by the alembic command")
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
