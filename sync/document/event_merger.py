"""Merging of consecutive events, with the proof that nothing else is merged than they were.

    replica with every event  ══ same text, same clocks ══  replica with the merged update

What the second one shows is what a reader of the shortened log will have; a merge without this
proof is refused.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from sync.document.merged_event import MergedEvent, shares_of
from sync.names import DEFAULT_TEXT_ROOT
from sync.port import EventRecord
from sync.text.authored import TextWriter
from sync.text.delta import DeltaError, apply
from sync.text.merging import Share, composed, merge_shares
from sync.text.replay import replay
from sync.yjs.replica import Replica, ReplicaBrokenError, merged
from sync.yjs.statevector import decode_state_vector

_UPDATES_AT_ONCE: Final = 64


class UnmergeableError(Exception):
    """Events would not be the same once merged; they are to be left as they are."""


class EventMerger:
    """A document that grows by events, of which some are merged.

    Args:
        text_root: the Yjs root of the text; empty: undecided.
        text: the text before the first event.
        updates: all updates before it.
        session_of: the name of a session in what is merged of several: `event_origin.kept_session`.

    Raises:
        UnmergeableError: they do not give that text.
    """

    def __init__(
        self,
        text_root: str,
        text: str,
        updates: Sequence[bytes],
        session_of: Callable[[str], str],
    ) -> None:
        root = text_root or DEFAULT_TEXT_ROOT
        self.text = text
        self._session_of = session_of
        self._truth = Replica(0, root, tails=0)
        self._check = Replica(0, root, tails=0)
        for replica in (self._truth, self._check):
            _load(replica, updates, text)

    def merge(
        self,
        events: Sequence[EventRecord],
        *,
        forgets: bool = False,
        authors: Iterable[tuple[int, Share]] = (),
    ) -> MergedEvent:
        """Return the next events as one.

        Args:
            events: consecutive, at least one. One alone stays exactly as it is.
            forgets: whether the update is made without content that is deleted after them.
            authors: see `sync.text.merging.merge_shares`.

        Raises:
            UnmergeableError: it cannot be proven that nothing else changes.
        """
        try:
            text = replay(self.text, (event.ops for event in events))
        except DeltaError as error:
            raise UnmergeableError(f"the ops up to {events[-1].version} do not fit") from error
        before = self._truth.state_vector()
        _load(self._truth, [event.update for event in events], text)
        last = events[-1]
        if len(events) == 1 and not forgets:
            update, shares = last.update, list(shares_of(last))
        else:
            own = [share for event in events for share in shares_of(event)]
            if len(own) > 1:
                own = [self._of_no_session(share) for share in own]
            told = [(length, self._of_no_session(share)) for length, share in authors]
            shares = merge_shares(len(self.text), text, own, told)
            update = self._truth.state(before) if forgets else _merged_update(events)
            if apply(self.text, composed(shares)) != text:
                raise UnmergeableError(f"the shares up to {last.version} give another text")
        _load(self._check, [update], text)
        if not self._is_proven():
            raise UnmergeableError(f"the merged update up to {last.version} has not everything")
        ops = composed(shares)
        self.text = text
        return MergedEvent(
            last.version,
            last.id,
            ops,
            update,
            last.actor_id,
            last.actor_name,
            last.session if len(events) == 1 else shares[-1].writer.session,
            last.at_ms,
            last.digest,
            events[0].first,
            tuple(shares),
        )

    def _of_no_session(self, share: Share) -> Share:
        writer = share.writer
        kept = self._session_of(writer.session)
        return replace(share, writer=TextWriter(writer.actor_id, writer.actor_name, kept))

    def _is_proven(self) -> bool:
        truth, check = (
            decode_state_vector(each.state_vector()) for each in (self._truth, self._check)
        )
        return truth == check


def _load(replica: Replica, updates: Sequence[bytes], text: str) -> None:
    try:
        replica.load(list(updates), text)
    except ReplicaBrokenError as error:
        raise UnmergeableError(f"the updates do not show the text: {error}") from error


def _merged_update(events: Sequence[EventRecord]) -> bytes:
    """Return the updates as one, merged in parts: the cost of a part is square."""
    updates = [event.update for event in events]
    try:
        while len(updates) > 1:
            updates = [
                merged(updates[at : at + _UPDATES_AT_ONCE])
                for at in range(0, len(updates), _UPDATES_AT_ONCE)
            ]
    except ReplicaBrokenError as error:
        raise UnmergeableError(f"the updates up to {events[-1].version} do not merge") from error
    return updates[0]
