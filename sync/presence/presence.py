"""The awareness of a room: the state of each Yjs client, with its owner.

A session sets only the states of awareness client ids that it owns. The first session to name an
id owns it until it leaves; an id under which another user writes CRDT content is refused. The
`user` of every state is the session's user, whatever the state claims. The clocks that are sent out
start at 1, because y-protocols assumes 0 for an unknown client and would ignore that. They only
grow, so that the others do not ignore a client that reconnects or starts its clock again.

Stock clients of the other dialects send the states of others back. Such entries are ignored; they
are told from forged ones by their clocks, which are not newer than those that were sent.

For a session in text mode the room sets the state, under a client id that no client has.

The states of other processes are here too, each under the sender that relayed it. They keep their
clocks unless a clock would go back, as when a client moves from one process to another.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import msgspec

from sync.error import ErrorCode, Refusal, refusal
from sync.limit import Limits
from sync.rate import Rates
from sync.user import User
from sync.yjs.awareness import (
    AwarenessEntry,
    AwarenessLimits,
    decode_awareness,
    encode_awareness,
    parse_state,
    scan_awareness,
)
from sync.yjs.varint import MalformedError

_MAX_PAST: Final = 1_024
"""The most former clients that are remembered, so that their clocks grow when they return."""
_RENEWAL_MS: Final = 15_000
"""The time between renewals of the room's own states: y-protocols drops them after 30 s."""
_GONE: Final = b"null"
_RELAYED_BYTES: Final = 32 << 10
"""The approximate size limit of an update that relays states to other processes."""

_Sent = tuple[int, int, str | None]
"""A client id, clock and state, as they are sent."""


@dataclass(slots=True)
class _State:
    session: str
    user_id: str
    clock: int
    state: str | None
    seen_ms: int
    """The time at which its owner last sent it."""
    waits: bool = False
    """True while the others have not been sent it, because its owner exceeds the rate."""
    reserved: bool = False
    """True if the room sets it for the session; no client may then use the id."""
    relayed: int | None = None
    """Its clock at the sender `session` in another process; None: a session of this process."""


@dataclass(frozen=True, slots=True)
class _Past:
    user_id: str
    clock: int
    state: str | None
    """The last state, which other clients may still repeat."""


class Presence:
    """Presence of one room. Nothing of it is durable."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._codec = AwarenessLimits(
            max_clients=limits.max_awareness_clients, max_state_bytes=limits.max_awareness_bytes
        )
        self._states: dict[int, _State] = {}
        self._past: dict[int, _Past] = {}
        self._rates = Rates(limits.awareness_per_s)
        self._reserved: dict[str, int] = {}
        """The client ids under which the room sets states, by session."""
        self._waiting = False

    @property
    def wants_ticks(self) -> bool:
        """True if something waits for the next tick and should not wait long."""
        return self._waiting

    def accept(
        self,
        session: str,
        user: User,
        update: bytes,
        authors: Mapping[int, str],
        now_ms: int,
        *,
        repeats: bool = False,
    ) -> bytes | Refusal | None:
        """Take a session's awareness update.

        Args:
            authors: the users to whom CRDT client ids are bound in this document.
            repeats: the session's client sends the states of others back, as those of
                y-websocket and Hocuspocus do; such entries are ignored.

        Returns:
            The awareness update for the others; None if there is nothing to send now.
        """
        try:
            entries = self._others_left_out(session, update) if repeats else self._all(update)
        except MalformedError as error:
            return refusal(ErrorCode.INVALID_MESSAGE, f"Not an awareness update: {error}.")
        if isinstance(entries, Refusal):
            return entries
        mine = {client for client, held in self._states.items() if held.session == session}
        for entry in entries:
            if not self._may_set(user, entry, authors):
                return refusal(
                    ErrorCode.FORBIDDEN, f"Awareness client id {entry.client} is somebody else's."
                )
            mine.add(entry.client)
        if len(mine) > self._limits.max_awareness_clients:
            return refusal(ErrorCode.FORBIDDEN, "Too many awareness client ids for one session.")
        out = [self._set(session, user, entry, now_ms) for entry in entries]
        if not out:
            return None
        if self.exceeds_rate(session, now_ms):
            for client, _, _ in out:
                self._states[client].waits = True
            self._waiting = True
            return None
        return encode_awareness(out)

    def set_for(
        self,
        session: str,
        user: User,
        fields: dict[str, object],
        authors: Mapping[int, str],
        now_ms: int,
    ) -> bytes:
        """Set the state of a text-mode session; return the awareness update for the others."""
        client = self._reserved.get(session)
        if client is None:
            client = self._reserved[session] = self._free_client(session, authors)
        out = self._set(session, user, AwarenessEntry(client, 0, None, fields), now_ms)
        self._states[client].reserved = True
        return encode_awareness((out,))

    def _free_client(self, session: str, authors: Mapping[int, str]) -> int:
        name = session.encode()
        while True:
            name = blake2b(name, digest_size=16).digest()
            client = int.from_bytes(name[:4], "big")
            if not (client in self._states or client in self._past or client in authors):
                return client

    def state_of(self, session: str) -> dict[str, object] | None:
        """Return the newest state that a session has set and not taken back."""
        said = [
            held
            for held in self._states.values()
            if held.session == session and held.state is not None and not held.reserved
        ]
        newest = max(reversed(said), key=lambda held: held.seen_ms, default=None)
        if newest is None or newest.state is None:
            return None
        fields: dict[str, object] = msgspec.json.decode(newest.state)
        return fields

    def speaks(self, session: str) -> bool:
        """Return whether a session has a state, its own or one that the room sets."""
        return any(
            held.session == session and held.state is not None for held in self._states.values()
        )

    def knows_any(self, clients: Collection[int]) -> bool:
        """Return whether one of these clients has a state."""
        held = map(self._states.get, clients)
        return any(each is not None and each.state is not None for each in held)

    def sessions_with_state(self) -> set[str]:
        """Return the sessions that have a state."""
        return {held.session for held in self._states.values() if held.state is not None}

    def is_held_back(self, session: str) -> bool:
        """Return whether the newest state of a session is held back by its rate."""
        return self._waiting and any(
            held.waits and held.session == session for held in self._states.values()
        )

    # --- other processes ------------------------------------------------------------------------

    def receive(self, sender: str, update: bytes, now_ms: int) -> bytes | None:
        """Take the states that a sender relays; return the awareness update for the sessions here.

        Raises:
            MalformedError: it is no awareness update.
        """
        out: list[_Sent] = []
        for client, clock, raw in scan_awareness(update):
            held = self._states.get(client)
            if raw == _GONE:
                if held is not None and held.session == sender:
                    out.append(self._forget(client, held))
                continue
            user_id = str(_user_id(raw))
            if held is not None and not _may_replace(held, sender, user_id, clock):
                continue
            past = self._past.get(client)
            last = held.clock if held is not None else past.clock if past is not None else 0
            sent = (client, max(clock, last + 1), raw.decode())
            self._states[client] = _State(sender, user_id, *sent[1:], now_ms, relayed=clock)
            out.append(sent)
        return encode_awareness(out) if out else None

    def clients_of(self, sender: str) -> set[int]:
        """Return the awareness client ids that a sender has relayed."""
        return {client for client, held in self._states.items() if held.session == sender}

    def forget(self, clients: Collection[int]) -> bytes | None:
        """Forget some client ids; return the awareness update that tells the sessions here."""
        out = [self._forget(client, self._states[client]) for client in clients]
        return encode_awareness(out) if out else None

    def relayed(self) -> Iterator[bytes]:
        """Yield all states of this process, in updates of bounded size."""
        part: list[_Sent] = []
        size = 0
        for client, held in self._states.items():
            if held.relayed is not None or held.state is None:
                continue
            part.append((client, held.clock, held.state))
            size += len(held.state)
            if size > _RELAYED_BYTES:
                yield encode_awareness(part)
                part, size = [], 0
        if part:
            yield encode_awareness(part)

    # --- updates of sessions --------------------------------------------------------------------

    def _all(self, update: bytes) -> tuple[AwarenessEntry, ...] | Refusal:
        most = self._limits.max_awareness_clients * (self._limits.max_awareness_bytes + 32)
        if len(update) > most:
            return refusal(ErrorCode.TOO_LARGE, "The awareness update is too large.")
        return decode_awareness(update, self._codec)

    def _others_left_out(self, session: str, update: bytes) -> list[AwarenessEntry] | Refusal:
        """Return the entries of an update that do not repeat what others were sent."""
        news: list[AwarenessEntry] = []
        for client, clock, state in scan_awareness(update):
            if self._is_repetition(session, client, clock, state):
                continue
            if len(state) > self._limits.max_awareness_bytes:
                return refusal(ErrorCode.TOO_LARGE, "The awareness state is too large.")
            news.append(AwarenessEntry(client, clock, *parse_state(state, self._codec.max_depth)))
        return news

    def _is_repetition(self, session: str, client: int, clock: int, state: bytes) -> bool:
        held = self._states.get(client)
        if held is not None and held.session == session:
            return False
        if state == _GONE:
            return held is None or held.state is None or clock <= held.clock
        known = self._past.get(client) if held is None else held
        if known is None or known.state is None or clock > known.clock:
            return False
        if state == known.state.encode():
            return True
        # An older state, or the same one in other JSON. An owner's own updates do not have the
        # user id that is added to states which are sent out.
        return _user_id(state) == known.user_id

    def _may_set(self, user: User, entry: AwarenessEntry, authors: Mapping[int, str]) -> bool:
        owner = authors.get(entry.client)
        held = self._states.get(entry.client)
        there = held is not None and held.state is not None
        return (owner is None or owner == user.id) and not (
            held is not None and there and (held.reserved or held.user_id != user.id)
        )

    def _set(self, session: str, user: User, entry: AwarenessEntry, now_ms: int) -> _Sent:
        held = self._states.get(entry.client)
        past = self._past.get(entry.client)
        last = held.clock if held is not None else past.clock if past is not None else 0
        clock = max(entry.clock, last + 1)
        state = None if entry.fields is None else _signed(entry.fields, user)
        self._states[entry.client] = _State(session, user.id, clock, state, now_ms)
        return entry.client, clock, state

    def exceeds_rate(self, session: str, now_ms: int) -> bool:
        """Count one more update of a session; return whether it exceeds the rate."""
        return self._rates.exceeds(session, now_ms)

    def tick(self, now_ms: int) -> bytes | None:
        """Return the awareness update that is due at this time.

        It has the states that were held back, the removal of silent clients, and renewals of the
        states that the room sets.
        """
        out: list[_Sent] = []
        self._waiting = False
        for client, held in list(self._states.items()):
            if held.relayed is not None:
                # Its own process expires it.
                continue
            if held.reserved:
                if now_ms - held.seen_ms >= _RENEWAL_MS:
                    held.clock, held.seen_ms = held.clock + 1, now_ms
                    out.append((client, held.clock, held.state))
            elif held.state is not None and now_ms - held.seen_ms > self._limits.awareness_ms:
                out.append(self._forget(client, held))
            elif held.waits:
                held.waits = False
                out.append((client, held.clock, held.state))
        return encode_awareness(out) if out else None

    def snapshot(self, *, but: str) -> bytes | None:
        """Return the awareness of everyone except one session, for one that joins."""
        out = [
            (client, held.clock, held.state)
            for client, held in self._states.items()
            if held.state is not None and held.session != but
        ]
        return encode_awareness(out) if out else None

    def leave(self, session: str) -> bytes | None:
        """Forget a session, or a sender; return the awareness update that tells the others."""
        self._rates.forget(session)
        self._reserved.pop(session, None)
        gone = [(client, held) for client, held in self._states.items() if held.session == session]
        out = [self._forget(client, held) for client, held in gone]
        there = [sent for sent, (_, held) in zip(out, gone, strict=True) if held.state is not None]
        return encode_awareness(there) if there else None

    def _forget(self, client: int, held: _State) -> _Sent:
        del self._states[client]
        self._past[client] = _Past(held.user_id, held.clock + 1, held.state)
        if len(self._past) > _MAX_PAST:
            del self._past[next(iter(self._past))]
        return client, held.clock + 1, None


def _may_replace(held: _State, sender: str, user_id: str, clock: int) -> bool:
    """Return whether a relayed state is newer than the one that is held."""
    if held.session == sender and held.relayed is not None:
        return clock > held.relayed
    # A client has moved to another process with its clock. An id never belongs to two users.
    return clock > held.clock and held.user_id == user_id


def _user_id(state: bytes) -> object:
    """Return the user id that a state names, if it can be read."""
    try:
        fields = msgspec.json.decode(state)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    user = fields.get("user") if isinstance(fields, dict) else None
    return user.get("id") if isinstance(user, dict) else None


def _signed(fields: dict[str, object], user: User) -> str:
    """Return a state with the session's `user`; an anonymous one may name itself."""
    claimed = fields.get("user")
    own = dict(claimed) if isinstance(claimed, dict) else {}
    own["id"] = user.id
    for key, value in (("name", user.name), ("color", user.color)):
        if not (user.anonymous and isinstance(own.get(key), str)):
            own[key] = value
    return msgspec.json.encode({**fields, "user": own}).decode()
