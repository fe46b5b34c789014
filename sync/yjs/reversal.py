"""Reversal of a document: the update that brings an old version of it back.

Every root is read, whatever its type. Reading a list as an `Array` never returns if the list has a
string with a surrogate pair, so lists with strings are not read that way. Since other content may
have the same effect, `reverse` must run in a process that can be ended.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from sync.yjs.native import (
    Array,
    Doc,
    Map,
    Text,
    UndoManager,
    XmlElement,
    XmlFragment,
    XmlText,
    guarded,
    merge_updates,
)


class Reversal(Struct, frozen=True):
    """The way to bring an old version of a document back."""

    kind: Literal["nothing", "text", "update", "impossible"]
    """`text`: only characters differ, so an edit of the text is enough."""
    update: bytes = b""
    """For kind `update`: a Yjs v1 update by one client, to be merged into the newer version."""


def reverse(
    before: Sequence[bytes], after: Sequence[bytes], client_id: int, text_root: str
) -> Reversal:
    """Find the way to bring a version back, with every root, nested type, mark and attribute.

    The result was tried on a replica of the newer version, where it made every root what it was. It
    restores what was deleted and deletes what was added, so that concurrent edits of everything
    else still merge. It may take long and, for content that no editor makes, never return.

    Args:
        before: the updates up to the version to bring back.
        after: the updates since.
        client_id: a CRDT client id under which nobody has written.
        text_root: the root that holds the text.

    Raises:
        ReplicaBrokenError: the native library failed, or the content nests too deep for it.
    """
    return guarded(lambda: _reverse(before, after, client_id, text_root))


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
        # yrs may leave a map entry deleted for others if several clients had overwritten it.
        mended = _recorded(new, lambda: _mend_roots(old, new, roots))
        updates += mended
        if not mended or _contents(_loaded((*before, *after, *updates)), roots) != wanted:
            return Reversal("impossible")
    return Reversal("update", merge_updates(*updates))


def _loaded(updates: Iterable[bytes], client_id: int | None = None) -> Doc[Any]:
    doc: Doc[Any] = Doc(client_id=client_id)
    for update in updates:
        # One transaction each: a pair that an update cuts must have been collected before.
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
    """Return the updates by which `client_id` undoes all of `after`.

    It is one undo step: step by step, content that was made and deleted in between would interfere.
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
    """The visible content of a root of any type, in a form that can be compared."""

    parts: list[Any]
    """Strings with their marks, embeds and nested types, in order."""
    elements: list[Any]
    """The elements of a list, if there are more of them than parts."""
    entries: list[Any]

    @property
    def is_text(self) -> bool:
        """True if there is nothing but characters without marks."""
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
    """Return a value in a form that compares unequal for 1, 1.0 and True."""
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
