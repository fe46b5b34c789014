"""The parts of `sync` that wait: rooms and their appender, sessions and their outboxes."""
