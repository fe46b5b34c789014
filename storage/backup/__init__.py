"""Backups: an installation as one file, written beside a server, and brought back from it."""
