"""Every bound of a room and a session, by name, with its default; promise P7.

`app.settings` offers those that an operator may want to change; `docs/limits.md` lists them all
with what happens at each.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of rooms and sessions; chars are code points, times say their unit."""

    max_message_bytes: int = 1 << 20
    """One frame, one HTTP body. Answer: close 1009, HTTP 413."""
    max_document_chars: int = 2_000_000
    """The text of a document. Answer: `document_full`."""
    max_document_bytes: int = 64 << 20
    """A document's whole state as a Yjs update, with all its roots and what is kept of deletions;
    found to within a sixteenth. Answer: `document_full`."""
    max_document_structs: int = 1_000_000
    """The structs of a document's Yjs state, deleted ones included: characters typed one after the
    other are one, all others are one each; found to within a sixteenth. Answer: `document_full`."""
    max_crdt_clients: int = 4_000
    """Distinct CRDT client ids in one document. Answer: `document_full`."""
    max_documents: int = 100
    """Documents joined on one socket. Answer: `rate_limited`."""
    max_members: int = 2_000
    """Sessions in one room. Answer: `rate_limited`."""
    max_rooms: int = 10_000
    """Open rooms in one process. Answer: `rate_limited`."""
    max_sessions: int = 20_000
    """Open sockets in one process. Answer: close 1013."""
    max_sockets_per_user: int = 1_000
    """Open sockets of one user in one process; not of those who gave no name. Answer:
    `rate_limited` with the time to wait and close 4429; in the Yjs dialects close 1013."""
    max_sockets_per_address: int = 1_000
    """Open sockets from one address (of IPv6: one /64) in one process; not from this machine.
    Answer: close 4429; in the Yjs dialects close 1013."""
    max_early_frames: int = 1_000
    """Frames of a socket before it has said who it is. Answer: close 1008."""
    max_early_bytes: int = 256 << 10
    """The same in bytes."""
    edits_per_s: int = 50_000
    """Submissions of one session, averaged over 10 s. Answer: `rate_limited`."""
    request_edits_per_s: int = 500
    """Edits of one user over HTTP, averaged over 10 s, in one process. Answer: `rate_limited` with
    the time to wait."""
    max_unacknowledged: int = 2_048
    """Submissions of one session that are not settled; past it, its socket is not read. The same
    for one user's requests over HTTP. Answer there: `rate_limited`."""
    max_unacknowledged_bytes: int = 8 << 20
    """The same in bytes of frames, or of edits."""
    max_batch_events: int = 512
    """Submissions merged in one transaction, over all rooms; the rest waits for the next."""
    max_batch_bytes: int = 8 << 20
    """The same in bytes of content."""
    max_parked: int = 4_096
    """Updates of one session that wait for others. Answer: `malformed_update`, retryable."""
    max_parked_bytes: int = 4 << 20
    """The same in bytes."""
    parked_ms: int = 30_000
    """The longest wait of an update for others. Answer: `malformed_update`, retryable."""
    resync_after_ms: int = 500
    """The wait of an update before its sender is asked to resync."""
    window_events: int = 1_024
    """Recent events a room keeps in memory, for rebasing and short replays."""
    window_bytes: int = 1 << 20
    """The same in bytes of content."""
    max_rebase_events: int = 20_000
    """Events between a `base` and the head. Answer: `base_unknown`."""
    max_rebase_work: int = 200_000
    """Parts of a text event's `ops` times the events since its `base`. Answer: `base_unknown`."""
    max_batch_work: int = 50_000
    """The same for what one room merges in one transaction; the rest waits for the next."""
    checkpoint_events: int = 500
    """A checkpoint is written each time this many events have been appended."""
    states_per_min: int = 300
    """Whole states and texts that one socket asks for, by joining or by a sync step 1. Answer:
    `rate_limited` with the time to wait; in the Yjs dialects close 1013."""
    max_state_vector_bytes: int = 64 << 10
    """A state vector. Answer: `invalid_message`; y-websocket: close 4400; Hocuspocus: the document
    is closed."""
    max_state_vector_clients: int = 5_000
    """The CRDT clients in it. The same answers."""
    max_history_events: int = 500
    """A page of history. Answer: the page is shorter, `next` goes on."""
    max_diff_chars: int = 4_000_000
    """A diff as `diff -u` prints it. Answer: `too_large`."""
    max_awareness_bytes: int = 4_096
    """One client's awareness state. Answer: `too_large`."""
    max_awareness_clients: int = 4
    """Awareness client ids of one session in one document. Answer: `forbidden`."""
    awareness_per_s: int = 30
    """Awareness updates, and cursor moves, of one session that go out in a second; the last of the
    rest follows."""
    stateless_per_s: int = 200
    """Hocuspocus: stateless messages of one session that go out in a second; the rest does not."""
    awareness_ms: int = 60_000
    """The life of an awareness state that its owner does not renew."""
    max_queued_frames: int = 1_000
    """Hocuspocus: frames of one document that wait for its token. Answer: close 1008."""
    page_events: int = 500
    """Events read from the log at a time, for replays and history."""
