"""The error of a segment whose bytes have changed."""

from sync.port import HistoryError


class HistoryDamagedError(HistoryError):
    """Old events of one document cannot be read: its text and its newer events can."""
