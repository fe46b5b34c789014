"""The server's replica of one document: a Yjs document with its text kept beside it.

This is the only module that knows pycrdt, and it hides what is sharp about it:

- positions are UTF-8 bytes there and code points here;
- a panic in the native library is a `BaseException`: every call goes through `_guarded`, and a
  replica that panicked is never used again (`ReplicaBrokenError`);
- an update applied out of causal order can end in wrong text, and a hostile one can end the
  process: nothing reaches this module that `sync.yjs.gate` has not called ready;
- an observer that can reach its document is a cycle that nothing collects: observers here close
  over a plain list, and are dropped when the replica is;
- the position of a change costs a walk over all fragments of the text: `sync.yjs.tails` remembers
  where the last writers stand, so that a keystroke in a long document costs none;
- a list read as an `Array` never ends if it holds a string with a surrogate pair: `reverse`, which
  reads whatever the types are, asks whether there are strings first, and belongs into a process
  that can be ended.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

from msgspec import Struct
from pycrdt import (
    Array,
    Assoc,
    Doc,
    Map,
    StickyIndex,
    Text,
    UndoManager,
    XmlElement,
    XmlFragment,
    XmlText,
    merge_updates,
)

from sync.names import DEFAULT_TEXT_ROOT
from sync.text.delta import Delta, apply, canonical
from sync.yjs.block import read_blocks
from sync.yjs.gate import Ready
from sync.yjs.keystroke import TypingInsert
from sync.yjs.statevector import encode_state_vector
from sync.yjs.tails import Tails

_PIECE_CHARS: Final = 4_096
"""Of two texts that are compared at a time."""
_MAX_TAILS: Final = 128
_Result = TypeVar("_Result")


class ReplicaBrokenError(Exception):
    """The native library failed: throw this replica away and load the document from the log."""


class Applied(Struct, frozen=True):
    """What an update did: the canonical delta of the text, and whether it changed anything."""

    ops: Delta
    changed: bool


class Replica:
    """A document's CRDT state and text at one version.

    Args:
        client_id: the CRDT client id under which `edit` writes.
        root: the name of the root text.
        tails: of how many writers it is remembered where they type.
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

    def load(self, updates: list[bytes], text: str | None = None) -> None:
        """Apply what the log holds, in order, without asking for positions.

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

        found = self._guarded(run)
        if text is not None and found != text:
            raise ReplicaBrokenError("the CRDT state and the logged text differ")
        self.text = found
        self._mixed = len(self._ytext) != len(found.encode())

    def turn_to(self, root: str) -> None:
        """Take another root for the text from here on.

        Raises:
            ReplicaBrokenError: as for `apply`.
        """
        self._unwatch()
        self._tails.clear()
        self._ytext = self._guarded(lambda: self._doc.get(root, type=Text))
        self.text = self._guarded(lambda: str(self._ytext))
        self._mixed = len(self._ytext) != len(self.text.encode())

    def texts(self) -> dict[str, str]:
        """The characters directly in each root, whatever type it is for others; by name.

        Raises:
            ReplicaBrokenError: as for `apply`.
        """
        return self._guarded(
            lambda: {root: str(self._doc.get(root, type=Text)) for root in sorted(self._doc.keys())}
        )

    def apply(self, update: bytes, ready: Ready) -> Applied:
        """Merge a peer's update that the gate called ready.

        Returns:
            Its delta; `changed` is false if every part of it was known.

        Raises:
            ReplicaBrokenError: the native library failed; the document's state is unknown.
        """
        if self._mixed or not ready.plain:
            return self._apply_by_comparison(update, bool(ready.authored))
        changed = True
        ops = self._tails.foresee(ready)
        if ops is not None:
            if self._watch is not None:
                self._unwatch()
            self._apply_unobserved(update)
        else:
            self._watch_text()
            if ready.authored:
                self._guarded(lambda: self._doc.apply_update(update))
            else:
                changed = self._apply_observed(update)
            deltas, self._deltas[:] = list(self._deltas), []
            ops = canonical(self._in_codepoints(deltas[0])) if deltas else ()
            self._tails.follow(ops)
            if isinstance(ready.hint, TypingInsert):
                self._tails.remember(ready.hint, ready.inserted_units, ops)
        if ops:
            self.text = apply(self.text, ops)
        return Applied(ops, changed)

    def edit(self, ops: Delta) -> bytes:
        """Make a change of the text as the server's own client.

        Args:
            ops: canonical, fits the text.

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

        self._guarded(run)
        self._tails.follow(ops)
        self.text = apply(self.text, ops)
        if len(updates) != 1:
            raise ReplicaBrokenError("an edit of the text did not become one update")
        return updates[0]

    def state(self, since: bytes | None = None) -> bytes:
        """A Yjs v1 update that holds everything, or what a replica with that state vector lacks.

        Args:
            since: names no clock that the document does not have, and none inside a pair.
        """
        return self._guarded(lambda: self._doc.get_update(since))

    def state_vector(self) -> bytes:
        """The Yjs state vector."""
        return self._guarded(self._doc.get_state)

    def verify(self) -> None:
        """Compare the text kept here with the document's own.

        Raises:
            ReplicaBrokenError: they differ.
        """
        if self._guarded(lambda: str(self._ytext)) != self.text:
            raise ReplicaBrokenError("the text kept beside the replica and its own text differ")

    # --- where things stand -----------------------------------------------------------------

    def shown(self) -> str | None:
        """The text, with a NUL for everything in it that is no character; None if there are things
        of which that cannot be told, an embed that is itself a string, say.
        """
        if not self._mixed:
            return self.text
        parts = self._guarded(self._ytext.diff)
        text = "".join(part if isinstance(part, str) else "\0" for part, _ in parts)
        return text if len(text.encode()) == len(self._ytext) else None

    def item_at(self, at: int) -> tuple[int, int]:
        """What is shown at a byte: its client, and the clock of its block's first unit plus how
        many bytes into the block it is.

        Args:
            at: in UTF-8 bytes of `shown`, less than there are.
        """
        item = self._guarded(lambda: self._ytext.sticky_index(at, Assoc.AFTER).to_json())["item"]
        return item["client"], item["clock"]

    def byte_of(self, client: int, clock: int) -> int:
        """The byte, in whatever shared type it is, at which the block of a unit starts, plus how
        many units into the block it is; where it was, for one that was deleted.

        Args:
            clock: must be there and must not have been collected: that is a panic.
        """
        place = {"item": {"client": client, "clock": clock}, "assoc": 0}
        return self._guarded(lambda: StickyIndex.from_json(place, self._ytext).get_index())

    def character_at(self, client: int, clock: int, clocks: Mapping[int, int]) -> str | None:
        """The character whose first unit is there; None if it is deleted.

        Args:
            clocks: the document's state vector.
        """
        state = self.state(encode_state_vector({**clocks, client: clock}))
        block = next(read_blocks(state), None)
        if block is None or block.start != clock or block.text is None:
            return None
        return block.text[0]

    def is_plain(self) -> bool:
        """Whether the text is characters alone: no embed, no nested type, no mark on any of them.

        Raises:
            ReplicaBrokenError: as for `apply`.
        """
        return self._guarded(
            lambda: all(isinstance(part, str) and not marks for part, marks in self._ytext.diff())
        )

    # --- pycrdt -----------------------------------------------------------------------------

    def _apply_unobserved(self, update: bytes) -> None:
        """What `Doc.apply_update` does, without the objects that it makes for a transaction.

        Raises:
            ReplicaBrokenError: as `_guarded`.
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
        """For documents whose text root holds more than characters: compare before and after."""
        self._unwatch()
        self._tails.clear()
        changed = self._apply_observed(update)
        after = self._guarded(lambda: str(self._ytext))
        ops = _replaced(self.text, after)
        self.text = after
        self._mixed = len(self._ytext) != len(after.encode())
        return Applied(ops, changed or authored)

    def _apply_observed(self, update: bytes) -> bool:
        """Apply an update, and tell whether anything at all changed."""
        fired: list[bool] = []

        def run() -> None:
            subscription = self._doc.observe(lambda _: fired.append(True))
            try:
                self._doc.apply_update(update)
            finally:
                self._doc.unobserve(subscription)

        self._guarded(run)
        return bool(fired)

    def _write(self, ops: Delta) -> None:
        text, ascii_only = self.text, self.text.isascii()
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

    def _in_codepoints(self, delta: list[dict[str, Any]]) -> list[int | str]:
        """A delta in UTF-8 bytes against the text before it, as one in code points."""
        ascii_only = self.text.isascii()
        encoded = b"" if ascii_only else self.text.encode()
        ops: list[int | str] = []
        at = 0
        for part in delta:
            if "insert" in part:
                ops.append(part["insert"])
                continue
            retain = "retain" in part
            size: int = part["retain"] if retain else part["delete"]
            count = size if ascii_only else len(encoded[at : at + size].decode())
            at += size
            ops.append(count if retain else -count)
        return ops

    def _watch_text(self) -> None:
        if self._watch is None:
            deltas = self._deltas
            deltas.clear()

            def record(event: Any) -> None:
                deltas.append(event.delta)

            self._watch = self._guarded(lambda: self._ytext.observe(record))

    def _unwatch(self) -> None:
        if self._watch is not None:
            watch, self._watch = self._watch, None
            self._guarded(lambda: self._ytext.unobserve(watch))
            self._deltas.clear()

    @staticmethod
    def _guarded(call: Callable[[], _Result]) -> _Result:
        try:
            return call()
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # a native panic is no Exception
            raise ReplicaBrokenError("the CRDT library failed") from error


def merged(updates: list[bytes]) -> bytes:
    """One Yjs v1 update that does what these do, in causal order.

    The cost grows with the square of their number: a few hundred at a time.

    Raises:
        ReplicaBrokenError: one of them is not an update.
    """
    if len(updates) == 1:
        return updates[0]
    return Replica._guarded(lambda: merge_updates(*updates))


class Reversal(Struct, frozen=True):
    """What brings an old version of a document back."""

    kind: Literal["nothing", "text", "update", "impossible"]
    """`text`: only characters differ, so that an edit of the text does it."""
    update: bytes = b""
    """For `update`: a Yjs v1 update on top of the newer version, by one client."""


def reverse(
    before: Sequence[bytes], after: Sequence[bytes], client_id: int, text_root: str
) -> Reversal:
    """Find what brings a version back, with every root, nested type, mark and attribute.

    What it gives was tried: on a replica at the newer version every root is then as it was. Undoing
    revives what was deleted and deletes what was added, so that concurrent edits of what stays
    merge. It may take long and, for content that no editor makes, never end.

    Args:
        before: the updates up to the version that is to come back.
        after: those since.
        client_id: the CRDT client id to write under; nobody wrote under it.
        text_root: the root that holds the text.

    Raises:
        ReplicaBrokenError: the native library failed, or the content nests too deep for it.
    """
    return Replica._guarded(lambda: _reverse(before, after, client_id, text_root))


def _reverse(
    before: Sequence[bytes], after: Sequence[bytes], client_id: int, text_root: str
) -> Reversal:
    old, new = _loaded(before), _loaded((*before, *after), client_id)
    roots = sorted(new.keys())
    wanted, found = _contents(old, roots), _contents(new, roots)
    different = [root for root in roots if wanted[root] != found[root]]
    if not different:
        return Reversal("nothing")
    if different == [text_root] and wanted[text_root].is_text and found[text_root].is_text:
        return Reversal("text")
    updates = _undone(before, after, client_id, roots)
    for update in updates:
        new.apply_update(update)
    if _contents(new, roots) != wanted:
        # yrs may leave a map entry, which several clients had overwritten, deleted for others.
        mended = _recorded(new, lambda: _mend_roots(old, new, roots))
        updates += mended
        if not mended or _contents(_loaded((*before, *after, *updates)), roots) != wanted:
            return Reversal("impossible")
    return Reversal("update", merge_updates(*updates))


def _loaded(updates: Iterable[bytes], client_id: int | None = None) -> Doc[Any]:
    doc: Doc[Any] = Doc(client_id=client_id)
    for update in updates:
        # Not as one transaction: a pair that is cut has to be collected before.
        doc.apply_update(update)
    return doc


def _recorded(doc: Doc[Any], change: Callable[[], object]) -> list[bytes]:
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    try:
        change()
    finally:
        doc.unobserve(subscription)
    return updates


def _undone(
    before: Sequence[bytes], after: Sequence[bytes], client_id: int, roots: Sequence[str]
) -> list[bytes]:
    """The updates by which `client_id` undoes all of `after`.

    As one step: undone one by one, what was made and deleted in between gets in the way.
    """
    doc: Doc[Any] = Doc(client_id=client_id, skip_gc=True)
    with doc.transaction():
        for update in before:
            doc.apply_update(update)
    manager = UndoManager(scopes=[doc.get(root, type=Text) for root in roots])
    manager.include_origin("after")
    with doc.transaction(origin="after"):
        for update in after:
            doc.apply_update(update)
    return _recorded(doc, manager.undo)


class _Content(Struct, frozen=True):
    """All that can be seen in a root, whatever its type is; fit to be compared."""

    parts: list[Any]
    """Strings with their marks, embeds and nested types, in order."""
    elements: list[Any]
    """All elements, if there are some besides the parts."""
    entries: list[Any]

    @property
    def is_text(self) -> bool:
        """Whether there is nothing but characters."""
        plain = all(kind == "characters" and marks == {} for kind, _, marks in self.parts)
        return plain and not self.elements and not self.entries


def _contents(doc: Doc[Any], roots: Sequence[str]) -> dict[str, _Content]:
    return {root: _content(doc, root) for root in roots}


def _content(doc: Doc[Any], root: str) -> _Content:
    diff = doc.get(root, type=Text).diff()
    elements: list[Any] = []
    if not any(isinstance(part, str) for part, _ in diff):
        array: Array[Any] = doc.get(root, type=Array)
        if len(array) != len(diff):
            elements = [_seen(value) for value in array]
    entries: Map[Any] = doc.get(root, type=Map)
    return _Content(_seen_parts(diff), elements, _seen_entries(dict(entries.items())))


def _seen(value: Any) -> Any:
    """A value, with types that Python does not tell apart (1, 1.0, true) told apart."""
    match value:
        case XmlElement():
            attributes = _seen_entries(_attributes(value))
            return "element", value.tag, attributes, [_seen(child) for child in value.children]
        case XmlText():
            return "xml text", _seen_entries(_attributes(value)), _seen_parts(value.diff())
        case XmlFragment():
            return "fragment", [_seen(child) for child in value.children]
        case Text():
            return "text", _seen_parts(value.diff())
        case Array():
            return "array", [_seen(element) for element in value]
        case Map():
            return "map", _seen_entries(dict(value.items()))
        case list():
            return [_seen(element) for element in value]
        case dict():
            return {key: _seen(element) for key, element in value.items()}
    return type(value).__name__, repr(value)


def _attributes(value: Any) -> dict[str, Any]:
    return dict(value.attributes)


def _seen_entries(entries: Mapping[str, Any]) -> list[Any]:
    return sorted((key, _seen(value)) for key, value in entries.items())


def _seen_parts(diff: Iterable[tuple[Any, Mapping[str, Any] | None]]) -> list[Any]:
    parts: list[Any] = []
    for part, marked in diff:
        marks = _seen(marked or {})
        if not isinstance(part, str):
            parts.append(("object", _seen(part), marks))
        elif parts and parts[-1][0] == "characters" and parts[-1][2] == marks:
            parts[-1] = ("characters", parts[-1][1] + part, marks)
        else:
            parts.append(("characters", part, marks))
    return parts


def _mend_roots(old: Doc[Any], new: Doc[Any], roots: Sequence[str]) -> None:
    with new.transaction():
        for root in roots:
            for kind in (Text, Map):
                _mend(old.get(root, type=kind), new.get(root, type=kind))


def _mend(old: Any, new: Any) -> None:
    """Set the values of maps and attributes, at any depth, to what they were."""
    if type(old) is not type(new):
        return
    if isinstance(old, XmlElement | XmlText):
        _mend_entries(_attributes(old), _attributes(new), new.attributes)
    if isinstance(old, Map):
        _mend_entries(dict(old.items()), dict(new.items()), new)
    for was, now in zip(_children(old), _children(new), strict=False):
        _mend(was, now)


def _mend_entries(old: dict[str, Any], new: dict[str, Any], target: Any) -> None:
    for key in sorted(new.keys() - old.keys()):
        del target[key]
    for key, value in sorted(old.items()):
        if isinstance(value, Text | Array | Map | XmlElement | XmlFragment | XmlText):
            _mend(value, new.get(key))
        elif key not in new or _seen(new[key]) != _seen(value):
            target[key] = value


def _children(value: Any) -> list[Any]:
    if isinstance(value, XmlElement | XmlFragment):
        return list(value.children)
    if isinstance(value, Text | XmlText):
        return [part for part, _ in value.diff() if not isinstance(part, str)]
    return list(value) if isinstance(value, Array) else []


def _replaced(old: str, new: str) -> Delta:
    """The one replaced range between two texts."""
    if old == new:
        return ()
    shorter = min(len(old), len(new))
    start = _common_start(old, new, shorter)
    end = _common_end(old, new, shorter - start)
    ops: list[int | str] = [start, new[start : len(new) - end], -(len(old) - start - end)]
    return canonical([op for op in ops if op])


def _common_start(old: str, new: str, shorter: int) -> int:
    """How many of the first `shorter` characters are the same; looks at a piece at a time."""
    for start in range(0, shorter, _PIECE_CHARS):
        upto = min(start + _PIECE_CHARS, shorter)
        if old[start:upto] != new[start:upto]:
            return next(at for at in range(start, upto) if old[at] != new[at])
    return shorter


def _common_end(old: str, new: str, shorter: int) -> int:
    """How many of the last `shorter` characters are the same, likewise."""
    for start in range(0, shorter, _PIECE_CHARS):
        upto = min(start + _PIECE_CHARS, shorter)
        if old[len(old) - upto : len(old) - start] != new[len(new) - upto : len(new) - start]:
            return next(at for at in range(start, upto) if old[-1 - at] != new[-1 - at])
    return shorter
