"""Changes that the laboratory makes to a server at its start; none of them is in the product.

This folder stands first in the server's PYTHONPATH. Variables of its environment say what is
changed:

- `LAB_CLOCK_FILE`: eight bytes, a signed number of milliseconds by which the clock is wrong. The
  laboratory writes it while the server runs.
- `LAB_ACK_FIRST`: acknowledgements and fan-out leave before the commit, and the commit comes
  100 ms later: the defect that a crash test has to find.
- `LAB_AUDIT_RECORDS`: so many records of the audit trail may wait, instead of 10,000.
"""

import asyncio
import mmap
import os
import struct
import time
from typing import Any

_COMMIT_AFTER_S = 0.1


def _shift_clock(path: str) -> None:
    from sync.shells import clock

    with open(path, "rb") as file:
        offset = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def shifted_ns() -> int:
        (wrong_by_ms,) = struct.unpack("<q", offset[:8])
        return time.time_ns() + int(wrong_by_ms) * 1_000_000

    clock.time_ns = shifted_ns  # type: ignore[attr-defined]


def _acknowledge_first() -> None:
    from sync.fact import Committed
    from sync.shells.rooms.appender import Appender

    async def flush(self: Any) -> None:
        batches = self._take()
        if not batches:
            return
        async with self._log.append() as transaction:
            rows = await self._merge(transaction, batches)
            if rows.events:
                await transaction.insert(
                    rows.events,
                    authors=rows.bindings,
                    checkpoints=rows.checkpoints,
                    text_roots=rows.text_roots,
                    updated_at_ms=self._now_ms(),
                )
            for batch in batches:
                if batch.merged:
                    self._tell(batch.room, Committed())
            await asyncio.sleep(_COMMIT_AFTER_S)

    Appender._flush = flush  # type: ignore[method-assign]


def _bound_audit(most: int) -> None:
    from app.audit.audit_queue import AuditQueue

    defaults = AuditQueue.__init__.__kwdefaults__
    assert defaults is not None, "it has a bound"
    defaults["max_records"] = most


if path := os.environ.get("LAB_CLOCK_FILE"):
    _shift_clock(path)
if os.environ.get("LAB_ACK_FIRST"):
    _acknowledge_first()
if most := os.environ.get("LAB_AUDIT_RECORDS"):
    _bound_audit(int(most))
