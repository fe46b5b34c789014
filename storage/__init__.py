"""Quire in SQL: tables, the event log, checkpoints, engines, migrations. Knows nothing of rooms."""
