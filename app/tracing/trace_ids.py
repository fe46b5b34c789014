"""The ids of an edit's trace, pure: they follow from the document and the id of its event.

So every process finds the trace of an event that it reads from the log, and nothing has to travel
with it: not in the log, not over the bus.
"""

import hashlib
from typing import Final

from msgspec import Struct

_TRACE_BYTES: Final = 16
_SPAN_BYTES: Final = 8
_ALL: Final = 1 << 64


class TraceIds(Struct, frozen=True):
    """The trace of one edit, and its first span."""

    trace: int
    root: int

    def is_sampled(self, ratio: float) -> bool:
        """Return whether the trace is among those that are kept; all processes say the same.

        Args:
            ratio: of the traces, 0 to 1.
        """
        return (self.trace & (_ALL - 1)) < ratio * _ALL


def trace_ids(document_key: int, event_id: str) -> TraceIds:
    """Return the ids of an edit; neither is 0, which means none."""
    digest = hashlib.sha256(f"{document_key}\0{event_id}".encode()).digest()
    trace = int.from_bytes(digest[:_TRACE_BYTES], "big")
    root = int.from_bytes(digest[_TRACE_BYTES : _TRACE_BYTES + _SPAN_BYTES], "big")
    return TraceIds(trace or 1, root or 1)
