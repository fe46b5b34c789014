"""The server's replica of one document: a Yjs document with its text kept beside it.

It hides the pitfalls of pycrdt:

- Positions are UTF-8 bytes in pycrdt and code points here.
- A panic in the native library is a `BaseException`. Every call goes through `guarded`, and a
  replica that panicked is never used again (`ReplicaBrokenError`).
- An update applied out of causal order can end in a wrong text, and a hostile update can end the
  process. Only updates that `sync.yjs.gate` called ready are applied here.
- An observer that refers to its document is a reference cycle that is never collected. Observers
  here refer to a plain list only.
- The position of a change costs a walk over all blocks of the text. `sync.yjs.tails` remembers the
  positions of the last writers, so that a keystroke in a long document needs no walk.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from sync.names import DEFAULT_TEXT_ROOT
from sync.text.delta import Delta, DeltaOutOfRange, apply, canonical
from sync.text.gaps import GAP, around_gaps
from sync.text.replacement import replacement
from sync.yjs.block import read_blocks
from sync.yjs.gate import Ready
from sync.yjs.keystroke import TypingInsert
from sync.yjs.known import KnownState
from sync.yjs.native import (
    Assoc,
    Doc,
    ReplicaBrokenError,
    StickyIndex,
    Text,
    guarded,
    merge_updates,
)
from sync.yjs.neighbours import is_sure
from sync.yjs.origins import CrossedError
from sync.yjs.statevector import encode_state_vector
from sync.yjs.tails import Tails

__all__ = [
    "Applied",
    "Replica",
    "ReplicaBrokenError",
    "merged",
    "shown_by",
]

_MAX_TAILS: Final = 128


class Applied(Struct, frozen=True):
    """The effect of an update: the canonical delta of the text, and if anything changed at all."""

    ops: Delta
    changed: bool
    refused: str = ""
    """The reason why it was not merged, fit for a peer: the state would show another text."""


class Replica:
    """A document's CRDT state and text at one version.

    Args:
        client_id: the CRDT client id under which `edit` writes.
        root: the name of the root text.
        tails: the number of writers whose positions are remembered; see `sync.yjs.tails`.
    """

    def __init__(
        self, client_id: int, root: str = DEFAULT_TEXT_ROOT, *, tails: int = _MAX_TAILS
    ) -> None:
        self.text = ""
        self._doc: Doc[Any] = Doc(client_id=client_id)
        self._ytext: Text = self._doc.get(root, type=Text)
        self._deltas: list[list[dict[str, Any]]] = []
        self._watch: Any = None
        self._mixed = False
        self._tails = Tails(tails)
        self._root = root
        self.known: KnownState | None = None
        """The knowledge of the gate. Without it, no update is verified."""

    def load(self, updates: list[bytes], text: str | None = None) -> None:
        """Apply updates from the log, in order, without computing deltas.

        Args:
            text: the text that must result, if the caller knows it.

        Raises:
            ReplicaBrokenError: the state does not load, or ends in another text.
        """
        self._unwatch()
        self._tails.clear()

        def run() -> str:
            for update in updates:
                self._doc.apply_update(update)
            return str(self._ytext)

        found = guarded(run)
        if text is not None and found != text:
            raise ReplicaBrokenError("the CRDT state and the logged text differ")
        self.text = found
        self._mixed = len(self._ytext) != len(found.encode())

    def turn_to(self, root: str) -> None:
        """Show the text of another root from now on.

        Raises:
            ReplicaBrokenError: as for `apply`.
        """
        self._unwatch()
        self._tails.clear()
        self._root = root
        self._ytext = guarded(lambda: self._doc.get(root, type=Text))
        self.text = guarded(lambda: str(self._ytext))
        self._mixed = len(self._ytext) != len(self.text.encode())

    def texts(self) -> dict[str, str]:
        """Return the characters directly in each root, whatever its type, by the name of the root.

        Raises:
            ReplicaBrokenError: as for `apply`.
        """
        return guarded(
            lambda: {root: str(self._doc.get(root, type=Text)) for root in sorted(self._doc.keys())}
        )

    def apply(self, update: bytes, ready: Ready, *, is_logged: bool = False) -> Applied:
        """Merge a peer's update that the gate called ready.

        Args:
            is_logged: whether the log has it.

        Returns:
            The delta; `changed` is False if the replica had all of the update, or refused it.

        Raises:
            ReplicaBrokenError: the native library failed; the document's state is unknown.
        """
        if self._mixed or not ready.plain:
            applied = None if is_logged else self._apply_doubtful(update, ready)
            return applied or self._apply_by_comparison(update, bool(ready.authored))
        changed = True
        ops = self._tails.predict(ready)
        if ops is not None:
            if self._watch is not None:
                self._unwatch()
            self._apply_unobserved(update)
        elif not is_logged and (applied := self._apply_doubtful(update, ready)) is not None:
            return applied
        else:
            self._watch_text()
            if ready.authored:
                guarded(lambda: self._doc.apply_update(update))
            else:
                changed = self._apply_observed(update)
            deltas, self._deltas[:] = list(self._deltas), []
            ops = canonical(_in_codepoints(deltas[0], self.text)) if deltas else ()
            self._tails.follow(ops)
            if isinstance(ready.hint, TypingInsert):
                self._tails.remember(ready.hint, ready.inserted_units, ops)
        if ops:
            try:
                self.text = apply(self.text, ops)
            except DeltaOutOfRange as error:
                raise ReplicaBrokenError("the delta of an update does not fit") from error
        return Applied(ops, changed)

    def edit(self, ops: Delta) -> bytes:
        """Change the text, under the server's own CRDT client id.

        Args:
            ops: a canonical delta that fits the text; see `takes_edits`.

        Returns:
            The change as a Yjs v1 update.

        Raises:
            ReplicaBrokenError: as for `apply`.
        """
        self._unwatch()
        updates: list[bytes] = []

        def run() -> None:
            subscription = self._doc.observe(lambda event: updates.append(event.update))
            try:
                with self._doc.transaction():
                    self._write(ops)
            finally:
                self._doc.unobserve(subscription)

        guarded(run)
        self._tails.follow(ops)
        self.text = apply(self.text, ops)
        if self._mixed:
            self.verify()
        if len(updates) != 1:
            raise ReplicaBrokenError("an edit of the text did not become one update")
        return updates[0]

    def state(self, since: bytes | None = None) -> bytes:
        """Return the state as a Yjs v1 update.

        Args:
            since: the state vector of another replica, whose content is left out; None: all is
                encoded. No clock in it may be beyond the document's or inside a surrogate pair.
        """
        return guarded(lambda: self._doc.get_update(since))

    def state_vector(self) -> bytes:
        """Return the encoded Yjs state vector."""
        return guarded(self._doc.get_state)

    def verify(self) -> None:
        """Compare the text kept here with that of the Yjs document.

        Raises:
            ReplicaBrokenError: the two differ.
        """
        if guarded(lambda: str(self._ytext)) != self.text:
            raise ReplicaBrokenError("the text kept beside the replica and its own text differ")

    # --- positions --------------------------------------------------------------------------

    def shown(self) -> str | None:
        """Return the text with a NUL for each thing in it that is no character.

        Returns:
            None if that cannot be told, as with an embed that is itself a string.
        """
        if not self._mixed:
            return self.text
        parts = guarded(self._ytext.diff)
        text = "".join(part if isinstance(part, str) else "\0" for part, _ in parts)
        return text if len(text.encode()) == len(self._ytext) else None

    def takes_edits(self) -> bool:
        """Return False if the text holds what `edit` cannot go around: its place is unknown."""
        if not self._mixed:
            return True
        shown = self.shown()
        return shown is not None and shown.replace(GAP, "") == self.text

    def item_at(self, at: int) -> tuple[int, int]:
        """Return the block shown at a byte: the client, and the clock of its first unit plus the
        offset into the block in bytes.

        Args:
            at: the offset in UTF-8 bytes of `shown`, less than their number.
        """
        item = guarded(lambda: self._ytext.sticky_index(at, Assoc.AFTER).to_json())["item"]
        return item["client"], item["clock"]

    def byte_of(self, client: int, clock: int) -> int:
        """Return the byte at which the block of a unit starts, plus the offset into it in units.

        The byte counts from the start of the shared type that contains the block. For a deleted
        block it is the position that the block had.

        Args:
            clock: of a unit that exists and was not garbage-collected, else the library panics.
        """
        place = {"item": {"client": client, "clock": clock}, "assoc": 0}
        return guarded(lambda: StickyIndex.from_json(place, self._ytext).get_index())

    def character_at(self, client: int, clock: int, clocks: Mapping[int, int]) -> str | None:
        """Return the character whose first unit has this clock; None if it is deleted.

        Args:
            clocks: the document's state vector.
        """
        state = self.state(encode_state_vector({**clocks, client: clock}))
        block = next(read_blocks(state), None)
        if block is None or block.start != clock or block.text is None:
            return None
        return block.text[0]

    def is_plain(self) -> bool:
        """Return True if the text has characters only: no embed, no nested type, no formatting.

        Raises:
            ReplicaBrokenError: as for `apply`.
        """
        return guarded(
            lambda: all(isinstance(part, str) and not marks for part, marks in self._ytext.diff())
        )

    # --- pycrdt -----------------------------------------------------------------------------

    def _apply_doubtful(self, update: bytes, ready: Ready) -> Applied | None:
        """Merge an update after which the state may show another text; refuse it if that does.

        Returns:
            None if the update is not merged and beyond doubt.

        Raises:
            ReplicaBrokenError: as for `apply`.
        """
        known, is_plain = self.known, not self._mixed
        try:
            if not known or is_sure(self, known, update, ready, self._root, is_plain=is_plain):
                return None
        except CrossedError as error:
            return Applied((), False, str(error))
        text, state, root = self.text, self.state(), self._root
        applied = self.apply(update, ready, is_logged=True)
        if shown_by(self.state(), root) == self.text or shown_by(state, root) != text:
            return applied
        self._doc = Doc(client_id=self._doc.client_id)
        self.turn_to(root)
        self.load([state], text)
        if shown_by(self.state(), root) != text:
            raise ReplicaBrokenError("the state before an update shows another text")
        return Applied((), False, "an item between two that never were neighbours")

    def _apply_unobserved(self, update: bytes) -> None:
        """Apply an update as `Doc.apply_update` does, but without its Python transaction objects.

        Raises:
            ReplicaBrokenError: as for `guarded`.
        """
        native = self._doc._doc
        try:
            transaction = native.create_transaction()
            try:
                native.apply_update(transaction, update)
                transaction.commit()
            finally:
                transaction.drop()
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # a native panic is no Exception
            raise ReplicaBrokenError("the CRDT library failed") from error

    def _apply_by_comparison(self, update: bytes, authored: bool) -> Applied:
        """Apply an update and find its delta by comparing the texts before and after.

        This is for documents whose text root has more than characters.
        """
        self._unwatch()
        self._tails.clear()
        changed = self._apply_observed(update)
        after = guarded(lambda: str(self._ytext))
        ops = replacement(self.text, after)
        self.text = after
        self._mixed = len(self._ytext) != len(after.encode())
        return Applied(ops, changed or authored)

    def _apply_observed(self, update: bytes) -> bool:
        """Apply an update; return True if anything at all changed."""
        fired: list[bool] = []

        def run() -> None:
            subscription = self._doc.observe(lambda _: fired.append(True))
            try:
                self._doc.apply_update(update)
            finally:
                self._doc.unobserve(subscription)

        guarded(run)
        return bool(fired)

    def _write(self, ops: Delta) -> None:
        text = self.text
        if self._mixed and (shown := self.shown()) is not None:
            # Each thing that is no character has a place of its own in the Yjs text.
            text, ops = shown, around_gaps(ops, shown)
        ascii_only = text.isascii()
        at = index = 0
        for op in ops:
            if isinstance(op, str):
                self._ytext.insert(at, op)
                at += len(op.encode())
                continue
            count = abs(op)
            size = count if ascii_only else len(text[index : index + count].encode())
            index += count
            if op > 0:
                at += size
            else:
                del self._ytext[at : at + size]

    def _watch_text(self) -> None:
        if self._watch is None:
            deltas = self._deltas
            deltas.clear()

            def record(event: Any) -> None:
                deltas.append(event.delta)

            self._watch = guarded(lambda: self._ytext.observe(record))

    def _unwatch(self) -> None:
        if self._watch is not None:
            watch, self._watch = self._watch, None
            guarded(lambda: self._ytext.unobserve(watch))
            self._deltas.clear()


def _in_codepoints(delta: list[dict[str, Any]], text: str) -> list[int | str]:
    """Convert a delta from UTF-8 bytes of a text to code points.

    Raises:
        ReplicaBrokenError: the delta cuts a character.
    """
    ascii_only = text.isascii()
    encoded = b"" if ascii_only else text.encode()
    ops: list[int | str] = []
    at = 0
    for part in delta:
        if "insert" in part:
            ops.append(part["insert"])
            continue
        retain = "retain" in part
        size: int = part["retain"] if retain else part["delete"]
        try:
            count = size if ascii_only else len(encoded[at : at + size].decode())
        except UnicodeDecodeError as error:
            raise ReplicaBrokenError("the delta of an update cuts a character") from error
        at += size
        ops.append(count if retain else -count)
    return ops


def shown_by(state: bytes, root: str) -> str:
    """Return the text of a replica that is given a state at once.

    Raises:
        ReplicaBrokenError: the state does not load.
    """
    fresh = Replica(0, root, tails=0)
    fresh.load([state])
    return fresh.text


def merged(updates: list[bytes]) -> bytes:
    """Merge updates, which are in causal order, into one Yjs v1 update.

    The cost grows with the square of their number, so merge a few hundred at a time.

    Raises:
        ReplicaBrokenError: one of them is not an update.
    """
    if len(updates) == 1:
        return updates[0]
    return guarded(lambda: merge_updates(*updates))
