"""The awareness of a room's Yjs clients: who is there, and where.

A session speaks only for awareness client ids that are its own: the first to name one owns it,
until it leaves; an id under which somebody else writes CRDT content is never given. The `user` of
every state is the session's, whatever the state claims. Clocks that go out start at 1, because
y-protocols takes 0 for what it knows of a stranger and ignores it, and only ever grow, so a client
that reconnects, or starts its clock anew, is not ignored by the others either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from sync.awareness import AwarenessLimits, decode_awareness, encode_awareness
from sync.error import ErrorCode, Refusal, refusal
from sync.limit import Limits, User
from sync.varint import MalformedError

_MAX_PAST: Final = 1_024
"""Clocks of clients that left, remembered so that theirs go on growing when they return."""


@dataclass(slots=True)
class _State:
    session: str
    user_id: str
    clock: int
    state: str | None


class Presence:
    """Presence of one room. Nothing of it is durable."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._codec = AwarenessLimits(
            max_clients=limits.max_awareness_clients, max_state_bytes=limits.max_awareness_bytes
        )
        self._states: dict[int, _State] = {}
        self._past: dict[int, int] = {}

    def accept(
        self, session: str, user: User, update: bytes, authors: Mapping[int, str]
    ) -> bytes | Refusal:
        """Take a session's awareness update; returns what the others are to be sent.

        Args:
            authors: the users to whom CRDT client ids are bound in this document.
        """
        if len(update) > self._limits.max_awareness_clients * (
            self._limits.max_awareness_bytes + 32
        ):
            return refusal(ErrorCode.TOO_LARGE, "The awareness update is too large.")
        try:
            entries = decode_awareness(update, self._codec)
        except MalformedError as error:
            return refusal(ErrorCode.INVALID_MESSAGE, f"Not an awareness update: {error}.")
        mine = {client for client, held in self._states.items() if held.session == session}
        for entry in entries:
            held = self._states.get(entry.client)
            owner = authors.get(entry.client)
            if (owner is not None and owner != user.id) or (
                held is not None and held.state is not None and held.user_id != user.id
            ):
                return refusal(
                    ErrorCode.FORBIDDEN, f"Awareness client id {entry.client} is somebody else's."
                )
            mine.add(entry.client)
        if len(mine) > self._limits.max_awareness_clients:
            return refusal(ErrorCode.FORBIDDEN, "Too many awareness client ids for one session.")
        out: list[tuple[int, int, str | None]] = []
        for entry in entries:
            held = self._states.get(entry.client)
            last = self._past.get(entry.client, 0) if held is None else held.clock
            clock = max(entry.clock, last + 1)
            state = None if entry.fields is None else _signed(entry.fields, user)
            self._states[entry.client] = _State(session, user.id, clock, state)
            out.append((entry.client, clock, state))
        return encode_awareness(out)

    def snapshot(self, *, but: str) -> bytes | None:
        """The awareness of everyone except one session, for one that joins."""
        out = [
            (client, held.clock, held.state)
            for client, held in self._states.items()
            if held.state is not None and held.session != but
        ]
        return encode_awareness(out) if out else None

    def leave(self, session: str) -> bytes | None:
        """Forget a session; returns the awareness update that tells the others."""
        gone = [client for client, held in self._states.items() if held.session == session]
        if not gone:
            return None
        out: list[tuple[int, int, str | None]] = []
        for client in gone:
            held = self._states.pop(client)
            self._past[client] = held.clock + 1
            if len(self._past) > _MAX_PAST:
                del self._past[next(iter(self._past))]
            if held.state is not None:
                out.append((client, held.clock + 1, None))
        return encode_awareness(out) if out else None


def _signed(fields: dict[str, object], user: User) -> str:
    """An awareness state whose `user` is the session's."""
    claimed = fields.get("user")
    own = dict(claimed) if isinstance(claimed, dict) else {}
    own.update(id=user.id, name=user.name, color=user.color)
    return msgspec.json.encode({**fields, "user": own}).decode()
