"""Measure what compression of WebSocket messages (RFC 7692) costs and saves, with 100 receivers.

The messages are those that the server sends while a recorded session is typed again, each keystroke
on its own (as `live`), and the whole state that somebody gets who joins (as `join`). For each kind
of use: the bytes on the wire for one receiver, the processor time for 100, and the memory that a
socket keeps while it idles. The library compresses, with the settings that uvicorn gives it.

`off`       nothing is compressed
`above`     messages of 1 KiB or more, each on its own: no memory is kept, the result fits everybody
`own`       the same messages, compressed for each receiver again, as uvicorn's way of sending does
`on`        every message, with the memory of the ones before, for each receiver: what browsers and
            servers agree on by default
"""

import gc
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from pycrdt import Doc
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from bench.figures import show
from bench.trace import load_trace, sequential_updates
from sync.wire.ysync import SyncKind, encode_sync

_RECEIVERS: Final = 100
_SIZE: Final = 1_024
_SOCKETS: Final = 500
_TRACE: Final = "seph-blog1-first-20000"
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def _extension(*, keeps_memory: bool) -> PerMessageDeflate:
    return PerMessageDeflate(
        remote_no_context_takeover=not keeps_memory,
        local_no_context_takeover=not keeps_memory,
        remote_max_window_bits=12,
        local_max_window_bits=12,
        compress_settings={"memLevel": 5},
    )


def _frame_bytes(payload: bytes, extension: PerMessageDeflate | None) -> int:
    frame = Frame(Opcode.BINARY, payload)
    return len(frame.serialize(mask=False, extensions=None if extension is None else [extension]))


def _send(messages: Iterable[bytes], kind: str) -> tuple[int, float]:
    """Return the bytes for one receiver, and the processor seconds for all."""
    sent = 0
    extensions = [_extension(keeps_memory=kind == "on") for _ in range(_RECEIVERS)]
    started = time.process_time()
    for message in messages:
        is_long = len(message) >= _SIZE
        if kind == "off" or (kind != "on" and not is_long):
            # Encoded once, and written to all.
            sent += _frame_bytes(message, None)
        elif kind == "above":
            sent += _frame_bytes(message, extensions[0])
        else:
            sent += sum(_frame_bytes(message, each) for each in extensions) // _RECEIVERS
    return sent, time.process_time() - started


def _rss_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def _memory_bytes(kind: str) -> int:
    """Return what one socket keeps while it idles, after it has sent and received."""
    gc.collect()
    before = _rss_bytes()
    held = []
    for _ in range(_SOCKETS if kind != "off" else 0):
        extension = _extension(keeps_memory=kind == "on")
        out = extension.encode(Frame(Opcode.BINARY, os.urandom(8_192)))
        extension.decode(out)
        held.append(extension)
    grown = max(0, _rss_bytes() - before)
    return round(grown / max(1, len(held)))


async def compression() -> dict[str, Any]:
    """The table: four ways to compress, for typing and for joining."""
    doc: Doc[Any] = Doc()
    live = []
    for update in sequential_updates(load_trace(_TRACE)):
        live.append(encode_sync(SyncKind.UPDATE, update))
        doc.apply_update(update)
    join = [encode_sync(SyncKind.STEP2, doc.get_update())]
    rows = []
    for kind in ("off", "above", "own", "on"):
        live_bytes, live_s = _send(live, kind)
        join_bytes, join_s = _send(join, kind)
        rows.append(
            {
                "kind": kind,
                "live_bytes_per_message": round(live_bytes / len(live), 1),
                "live_us_per_message": round(live_s / len(live) * 1e6, 1),
                "join_bytes": join_bytes,
                "join_ms": round(join_s * 1e3, 2),
                "idle_bytes_per_socket": _memory_bytes(kind),
            }
        )
    return {
        "bench": "compression for 100 receivers",
        "trace": _TRACE,
        "messages": len(live),
        "rows": rows,
    }


if __name__ == "__main__":
    import asyncio

    show(asyncio.run(compression()))
