"""Histories written into a store: through a room, as in use, or straight into the log."""

from collections.abc import Iterator
from secrets import token_hex, token_urlsafe
from typing import Any, Final, NamedTuple

from pycrdt import Doc, Text

from bench.history_source import Session, Step
from storage.store import Store
from sync.limit import Limits
from sync.port import Checkpoint, EventRecord, NewDocument
from sync.shells.clock import now_ms
from sync.shells.rooms.rooms import Rooms
from sync.submission import UpdateSubmission, update_digest
from sync.text.composition import chain_all
from sync.text.delta import canonical
from sync.user import User
from sync.yjs.known import NO_PAIRS
from sync.yjs.nonce import SessionNonces

_PER_COMMIT: Final = 100
_PER_APPEND: Final = 5_000
_SPACING_EVENTS: Final = 2_500
"""Of the texts in checkpoints, as `storage.checkpoint` leaves them."""
_CHECKPOINT_EVENTS: Final = 500


class History(NamedTuple):
    """A history to be measured."""

    name: str
    steps: list[Step]
    is_page: bool
    """The clients are pages, which number their edits; else the server makes ids up."""


async def type_history(store: Store, history: History, session: Session) -> list[int]:
    """Write a history through a room; return the recorded times of its events."""
    secret = await store.log.nonce_secret()
    sessions = [token_hex(8) for _ in range(2)]
    tags = [token_urlsafe(15) for _ in range(2)]
    users = [User(f"open-{token_hex(10)}", f"Guest {n}", "#123456") for n in (1, 2)]
    nonces = [SessionNonces(secret, session) for session in sessions]
    counts = [0, 0]
    times: list[int] = []
    async with Rooms(store.log, Limits(), flush_interval_s=0.0) as rooms:
        room = await rooms.open(history.name, users[0])
        for step, update in session.typed():
            if not update:
                continue
            agent = step.agent
            counts[agent] += 1
            count = counts[agent]
            event_id = f"{tags[agent]}.{count}"
            if not history.is_page:
                event_id = f"{sessions[agent]}-{count}-{nonces[agent].of(count).hex()}"
            submission = UpdateSubmission(
                sessions[agent],
                users[agent],
                event_id,
                update,
                update_digest(update),
                len(update),
                not history.is_page,
                role="editor",
            )
            rooms.take(room, submission)
            times.append(step.at_ms)
            if len(times) % _PER_COMMIT == 0:
                await rooms.settle()
        await rooms.settle()
        assert room.version == len(times), "nothing was refused"
    return times


async def append_history(store: Store, history: History, session: Session) -> list[int]:
    """Write a history of one person straight into the log, with the checkpoints of a room."""
    user = User(f"open-{token_hex(10)}", "Guest 1", "#123456")
    new = NewDocument(history.name, "", "content", token_hex(8), 7, user.id, now_ms())
    record, _ = await store.log.create(new)
    head = len(history.steps)
    kept = {head - _CHECKPOINT_EVENTS, head}
    batch: list[EventRecord] = []
    for event in _events(history, session, user, await store.log.nonce_secret()):
        batch.append(event)
        is_kept = event.version in kept
        if is_kept or len(batch) == _PER_APPEND or event.version % _SPACING_EVENTS == 0:
            await _append(store, record.key, batch)
            batch.clear()
            state = _state(session) if is_kept else None
            checkpoint = Checkpoint(event.version, session.content, state, NO_PAIRS)
            await store.log.save_checkpoint(record.key, checkpoint)
    return [step.at_ms for step in history.steps]


def _events(history: History, session: Session, user: User, secret: bytes) -> Iterator[EventRecord]:
    name = token_hex(8)
    nonces = SessionNonces(secret, name)
    for version, (step, update) in enumerate(session.typed(), 1):
        parts = [canonical((at, inserted, -deleted)) for at, deleted, inserted in step.patches]
        yield EventRecord(
            version,
            f"{name}-{version}-{nonces.of(version).hex()}",
            canonical(chain_all(parts)),
            update,
            user.id,
            user.name,
            name,
            step.at_ms,
            update_digest(update),
        )


async def _append(store: Store, key: int, events: list[EventRecord]) -> None:
    async with store.log.append() as transaction:
        await transaction.lock_heads([key])
        await transaction.insert([(key, each) for each in events], updated_at_ms=now_ms())


def _state(session: Session) -> bytes:
    """The state that the server has: without what was deleted."""
    doc: Doc[Any] = Doc()
    doc.get("content", type=Text)
    doc.apply_update(session.yjs_file())
    update: bytes = doc.get_update()
    return update
