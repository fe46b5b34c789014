"""The check of a history that somebody brings along: nothing of it is believed.

It passes the same gate as what peers send, each event after those before it, so that every prefix
is a complete document; and at the end text and CRDT have to agree.
"""

from collections.abc import Sequence
from typing import Final

from sync.document.merged_event import MergedEvent
from sync.limit import Limits
from sync.names import DEFAULT_TEXT_ROOT, MAX_INTEGER
from sync.port import Checkpoint, EventRecord
from sync.text.delta import DeltaError, DeltaOutOfRange, canonical
from sync.text.merging import Share, composed
from sync.text.replay import replay
from sync.yjs.gate import KnownState, Ready, inspect_logged
from sync.yjs.replica import Replica, ReplicaBrokenError, shown_by

_MAX_ID_CHARS: Final = 96
"""Of ids, which the server may have made longer than those that clients choose."""
_MAX_NAME_CHARS: Final = 1024
_DIGEST_BYTES: Final = 16


class ImportRefused(Exception):
    """The history cannot be a document's; the text says at which version."""


class ImportCheck:
    """A document that grows by the events of a history.

    Args:
        text_root: the Yjs root of the text; empty: none of the events changes a text.
        limits: the bounds of a document.
    """

    def __init__(self, text_root: str, limits: Limits) -> None:
        self.version = 0
        self.text = ""
        self._limits = limits
        self._root = text_root or DEFAULT_TEXT_ROOT
        self._replica = Replica(0, self._root)
        self._known = KnownState()
        self._ids: set[str] = set()

    def add(self, events: Sequence[EventRecord]) -> None:
        """Add the next events.

        Raises:
            ImportRefused: they do not follow, or hold what no document holds.
        """
        for event in events:
            if event.first != self.version + 1 or event.version < event.first:
                raise ImportRefused(f"version {event.first} comes after {self.version}")
            self.version = event.version
            self._check_fields(event)
            if isinstance(event, MergedEvent):
                _check_shares(event)
            verdict = inspect_logged(event.update, self._known)
            if not isinstance(verdict, Ready):
                raise ImportRefused(f"the update of version {self.version} does not fit")
            self._known.advance(verdict)
        try:
            self.text = replay(self.text, (event.ops for event in events))
        except DeltaOutOfRange as error:
            raise ImportRefused(f"up to version {self.version}: {error}") from error
        most = self._limits.max_document_chars
        if len(self.text) > most:
            raise ImportRefused(f"a document holds at most {most} characters")
        self._load([event.update for event in events])

    def text_checkpoint(self) -> Checkpoint:
        """Return a checkpoint of the text alone."""
        return Checkpoint(self.version, self.text, None)

    def finish(self) -> Checkpoint:
        """Return the checkpoint of the head, without a state if that would show another text.

        Raises:
            ImportRefused: text and CRDT do not agree, or the document is too large.
        """
        if self._replica.text != self.text:
            raise ImportRefused("the text and the updates do not agree")
        state = self._replica.state()
        if len(state) > self._limits.max_document_bytes:
            raise ImportRefused(f"its state has more than {self._limits.max_document_bytes} bytes")
        try:
            is_true = shown_by(state, self._root) == self.text
        except ReplicaBrokenError:
            is_true = False
        if not is_true:
            return self.text_checkpoint()
        return Checkpoint(self.version, self.text, state, self._known.encode_pairs())

    def _load(self, updates: list[bytes]) -> None:
        try:
            self._replica.load(updates)
        except ReplicaBrokenError as error:
            raise ImportRefused(f"the updates up to version {self.version} do not load") from error

    def _check_fields(self, event: EventRecord) -> None:
        names = (event.actor_id, event.actor_name, event.session)
        is_sound = (
            0 < len(event.id) <= _MAX_ID_CHARS
            and event.id.isascii()
            and event.id.isprintable()
            and all(map(_is_name, names))
            and 0 <= event.at_ms <= MAX_INTEGER
            and len(event.digest) == _DIGEST_BYTES
            and canonical(event.ops) == event.ops
        )
        if not is_sound:
            raise ImportRefused(f"version {event.version} holds what no event holds")
        if event.id in self._ids:
            raise ImportRefused(f"version {event.version} has the id of an earlier one")
        self._ids.add(event.id)


def _check_shares(event: MergedEvent) -> None:
    """Refuse a merged event unless its shares are what it says of itself."""
    shares = event.shares
    lasts = [share.last for share in shares]
    is_sound = (
        bool(shares)
        and lasts == sorted({*lasts})
        and lasts[0] >= event.first
        and lasts[-1] == event.version
        and all(share.events >= 0 for share in shares)
        and sum(share.events for share in shares) == event.version - event.first + 1
        and all(0 <= share.from_ms <= share.to_ms <= MAX_INTEGER for share in shares)
        and all(canonical(share.ops) == share.ops for share in shares)
        and all(_is_name(each) for share in shares for each in _names(share))
    )
    try:
        is_sound = is_sound and composed(shares) == event.ops
    except DeltaError:
        is_sound = False
    if not is_sound:
        raise ImportRefused(f"version {event.version} holds what no merged event holds")


def _names(share: Share) -> tuple[str, str, str]:
    return share.writer.actor_id, share.writer.actor_name, share.writer.session


def _is_name(name: str) -> bool:
    return len(name) <= _MAX_NAME_CHARS and "\0" not in name
