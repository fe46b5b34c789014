"""Presence: awareness, cursors, and the sessions in other processes."""
