"""The file of a document of which old versions are gone: two sittings are one event each."""

import time
from itertools import pairwise
from typing import Final

from storage.retention.merged_codec import encode_merged
from storage.segments.document_file import DocumentFileWriter, FileHead
from storage.segments.event_segment import encode_segment
from sync.document.event_merger import EventMerger
from sync.event_origin import kept_session
from sync.names import DEFAULT_TEXT_ROOT
from sync.port import EventRecord
from sync.submission import update_digest
from sync.text.textdiff import diff
from sync.yjs.replica import Replica

TEXTS: Final = (
    "# Choir\n",
    "# Choir\n\nWe meet on Monday.\n",
    "# Choir\n\nWe meet on Tuesday at seven.\n",
    "# Choir\n\nWe meet on Tuesday at seven.\n\n- Ana brings the notes\n",
    "# Choir\n\nWe meet on Tuesday at half past seven.\n\n- Ana brings the notes\n",
    "# Choir\n\nWe meet on Tuesday at half past seven.\n\n- Ana brings the notes\n- Ben the tea\n",
    "# Choir\n\nWe meet on Tuesday at eight.\n\n- Ana brings the notes\n- Ben the tea\n",
    "# Choir\n\nWe meet on Tuesday at eight.\n\n- Ana brings the notes\n- Ben tea and cake\n",
    "# Choir\n\nTuesday at eight, in the hall.\n\n- Ana brings the notes\n- Ben tea and cake\n",
)
"""The text at each version, from the first on."""
MERGED: Final = ((1, 3), (4, 6))
KEPT: Final = (0, 3, 6, 7, 8, 9)
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_WRITERS: Final = ("Ana", "Ben", "Mira")


def thinned_file(name: str) -> bytes:
    """Return a document's file: versions of last month are thinned, those of today are not."""
    now = time.time_ns() // 1_000_000
    old = now - 40 * _DAY_MS
    times = [old, old + 60_000, old + 90_000]
    times += [old + _HOUR_MS + n * 20_000 for n in range(3)]
    times += [now - _HOUR_MS + n * 20_000 for n in range(3)]
    events = _events(times)
    merger = EventMerger(DEFAULT_TEXT_ROOT, "", (), kept_session)
    writer = DocumentFileWriter()
    head = FileHead(name, "Choir", DEFAULT_TEXT_ROOT, len(events), times[0], times[-1], now, [])
    parts = [writer.begin(head, has_merged=True)]
    for first, last in MERGED:
        parts.append(writer.merged(encode_merged(merger.merge(events[first - 1 : last]))))
    parts.append(writer.segment(encode_segment(events[MERGED[-1][1] :])))
    parts.append(writer.end((), len(events)))
    return b"".join(parts)


def _events(times: list[int]) -> list[EventRecord]:
    replica = Replica(1, DEFAULT_TEXT_ROOT)
    events = []
    steps = zip(pairwise(("", *TEXTS)), times, strict=True)
    for version, ((before, after), at_ms) in enumerate(steps, 1):
        who = _WRITERS[version % 3]
        ops = diff(before, after)
        update = replica.edit(ops)
        events.append(
            EventRecord(
                version,
                f"s{who}-{version}",
                ops,
                update,
                who.lower(),
                who,
                f"s{who}",
                at_ms,
                update_digest(update),
            )
        )
    return events
