"""The command `quire`: runs the server, and talks to one."""
