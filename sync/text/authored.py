"""Authored deltas: consecutive events of one document in columns, for who reads very many.

They have what concerns the text and its authors, and no updates and ids.
"""

from collections.abc import Sequence

from msgspec import Struct

from sync.text.delta import Delta


class TextWriter(Struct, frozen=True):
    """A user, through one session."""

    actor_id: str
    actor_name: str
    session: str


class AuthoredDeltas(Struct, frozen=True):
    """The events with `after < version <= upto`, a column each, in order."""

    after: int
    writers: Sequence[TextWriter]
    """Those of these events, each once."""
    writer: Sequence[int]
    """Of each event, its index in `writers`."""
    at_ms: Sequence[int]
    ops: Sequence[Delta]
    """Canonical; `()`: the text did not change."""

    @property
    def upto(self) -> int:
        """The version of the last event."""
        return self.after + len(self.ops)
