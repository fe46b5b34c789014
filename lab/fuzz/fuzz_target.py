"""The decoders and the gate, each as a function of one frame that raises if a promise is broken.

Frames of peers are bytes. A target lets the protocol's own answers pass (`MalformedError`,
`Rejected`, a verdict) and nothing else. What the gate calls ready is merged
by pycrdt too, in this process, whose death is then the finding.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final, NamedTuple

import msgspec
from pycrdt import Array, Doc, Map, Text

from sync.text.delta import (
    Delta,
    DeltaError,
    apply,
    canonical,
    deletion,
    from_wire,
    insertion,
    valid_text,
)
from sync.text.rebase import rebase, transform
from sync.wire import hocuspocus, ysync
from sync.wire.message import (
    AwarenessIn,
    Encoding,
    Rejected,
    TextDelete,
    TextEdit,
    TextInsert,
    Update,
    decode_client,
    encode,
)
from sync.yjs.awareness import decode_awareness
from sync.yjs.gate import KnownState, Malformed, Ready, Waiting, inspect, judge
from sync.yjs.keystroke import recognise_keystroke
from sync.yjs.replica import Replica
from sync.yjs.statevector import decode_state_vector
from sync.yjs.update import parse_update
from sync.yjs.varint import MalformedError
from tests.property.hostile_update import accepted_vectors, invent, mutate

_ENCODINGS: Final[Sequence[Encoding]] = ("json", "msgpack")
_TEXT: Final = "Old 😀 text\n"
_LOGGED: Final[Delta] = (2, "new", -3, 2, "é")


class PromiseBroken(Exception):
    """A frame made something happen that no frame may."""


# --- decoders -------------------------------------------------------------------------------------


def read_quire(data: bytes) -> None:
    """Decode a frame of `quire.v1`; the first byte says in which encoding, as text or as bytes."""
    if not data:
        return
    encoding, frame = _ENCODINGS[data[0] & 1], data[1:]
    text = frame.decode("utf-8", "replace") if data[0] & 2 else frame
    message = decode_client(text, encoding)
    if not isinstance(message, Rejected):
        again = decode_client(encode(message, "msgpack"), "msgpack")
        _require(again == message, "a message is another one after its own encoding")
        _read_on(message)


def _read_on(message: object) -> None:
    """Read on in what a session hands on: deltas, updates, awareness."""
    with suppress(DeltaError, MalformedError):
        match message:
            case TextInsert(pos=pos, text=text) if valid_text(text):
                _rebase(insertion(pos, text))
            case TextDelete(pos=pos, len=length):
                _rebase(deletion(pos, length))
            case TextEdit(ops=ops):
                _rebase(from_wire(ops))
            case Update(update=update):
                inspect(update, KnownState())
            case AwarenessIn(update=update):
                decode_awareness(update)
            case _:
                pass


def _rebase(ops: Delta) -> None:
    """Apply an edit, and move it over logged ones, both ways in which the product does that."""
    apply(_TEXT, ops)
    moved = rebase(ops, [_LOGGED])
    apply(apply(_TEXT, _LOGGED), moved)
    _require(moved == canonical(transform(ops, _LOGGED)), "the quick way rebases otherwise")


def read_y_websocket(data: bytes) -> None:
    """Decode a frame of y-websocket, in both ways."""
    message = _decoded(ysync.decode_frame, data)
    _require(message == _decoded(ysync.read_frame, data), "the quick way reads something else")
    _read_carried(message)


def read_hocuspocus(data: bytes) -> None:
    """Decode a frame of Hocuspocus, in both ways."""
    addressed = _decoded(hocuspocus.decode_frame, data)
    _require(
        addressed == _decoded(hocuspocus.read_frame, data), "the quick way reads something else"
    )
    if isinstance(addressed, hocuspocus.Addressed):
        hocuspocus.document_name(addressed.address)
        _read_carried(addressed.message)


def _decoded(decode: Callable[[bytes], object], frame: bytes) -> object:
    try:
        return decode(frame)
    except MalformedError:
        return None


def _read_carried(message: object) -> None:
    """Read on in what sessions hand on: state vectors, updates, awareness."""
    try:
        match message:
            case ysync.SyncRequest(state_vector):
                decode_state_vector(state_vector)
            case ysync.SyncUpdate(update):
                inspect(update, KnownState())
            case ysync.AwarenessUpdate(update):
                decode_awareness(update)
            case _:
                pass
    except MalformedError:
        pass


# --- the gate -------------------------------------------------------------------------------------


class _Situation(NamedTuple):
    """A document as far as it has come: the updates that the log has, and what the gate knows."""

    base: list[bytes]
    known: KnownState


def _situations() -> list[_Situation]:
    found = []
    for document in accepted_vectors():
        for cut in sorted({0, len(document) // 2, len(document)}):
            known = KnownState()
            for update in document[:cut]:
                verdict = inspect(update, known)
                assert isinstance(verdict, Ready), "real updates are ready, one after the other"
                known.advance(verdict)
            found.append(_Situation(document[:cut], known))
    return found


_SITUATIONS: Final = _situations()
_SERVER: Final = 0x7FFF_FFF0
"""The CRDT client id of the replica; none of the documents has it."""
_UPDATES: Final = [update for document in accepted_vectors() for update in document]


def read_update(data: bytes) -> None:
    """Have the gate judge an update; the first byte chooses what is in the log already."""
    if not data:
        return
    base, known = _SITUATIONS[data[0] % len(_SITUATIONS)]
    update = data[1:]
    verdict = inspect(update, known)
    if not isinstance(verdict, Ready):
        _require(isinstance(verdict, Waiting | Malformed), "the gate says nothing that it may say")
        return
    if recognise_keystroke(update) is not None:
        _require(verdict == judge(parse_update(update), known), "the quick way judges otherwise")
    after = known.copy()
    after.advance(verdict)
    if not _merge(base, update, after.clocks):
        _see_replica(base, known.copy(), update, verdict)


def other_update(frame: bytes, dice: Random) -> bytes:
    """Return an update that differs from that of a frame in a few places, or an invented one."""
    if dice.randrange(2):
        return invent(dice, _SITUATIONS[frame[0] % len(_SITUATIONS)].known.clocks)
    return mutate(dice, frame[1:], dice.choice(_UPDATES))


def _merge(base: Sequence[bytes], update: bytes, clocks: Mapping[int, int]) -> bool:
    """Merge by pycrdt alone; return whether a clone shows the same text."""
    doc, text = _opened(base)
    doc.apply_update(update)
    shown, vector = str(text), doc.get_state()
    _require(decode_state_vector(vector) == clocks, "the state vector is not what the gate expects")
    doc.apply_update(update)
    _require(
        (str(text), doc.get_state()) == (shown, vector), "a second application changes something"
    )
    _, clone = _opened([doc.get_update()])
    return str(clone) == shown


def _see_replica(base: list[bytes], known: KnownState, update: bytes, ready: Ready) -> None:
    """See that the replica refuses such an update, or that its clone shows its text.

    The gate cannot tell an item that was made between neighbours from one that was not; the replica
    merges it to see (`sync.yjs.neighbours`).
    """
    replica, clone = Replica(_SERVER), Replica(_SERVER + 1)
    replica.load(base)
    replica.known = known
    replica.apply(update, ready)
    clone.load([replica.state()])
    _require(clone.text == replica.text, "a clone shows another text")


def _opened(updates: Sequence[bytes]) -> tuple["Doc[Any]", Text]:
    doc: Doc[Any] = Doc()
    text = doc.get("content", type=Text)
    doc.get("meta", type=Map)
    doc.get("list", type=Array)
    for update in updates:
        doc.apply_update(update)
    return doc, text


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise PromiseBroken(otherwise)


# --- all ------------------------------------------------------------------------------------------

TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "quire": read_quire,
    "y-websocket": read_y_websocket,
    "hocuspocus": read_hocuspocus,
    "gate": read_update,
}


def seeds(target: str) -> list[bytes]:
    """Return good frames to begin with."""
    updates = [update for document in accepted_vectors() for update in document]
    match target:
        case "quire":
            return [bytes([msgpack]) + frame for msgpack, frame in _messages()]
        case "y-websocket":
            return _frames(updates)
        case "hocuspocus":
            return [hocuspocus.encode_address("doc") + frame for frame in _frames(updates)] + [
                b"\x03doc\x02\x00\x03tok\x054.8.0",
                b"\x03doc\x05\x02hi",
                b"\x03doc\x07",
                b"\x09",
            ]
        case _:
            return [bytes([number]) + update for number, update in enumerate(updates[:200])]


def _frames(updates: Sequence[bytes]) -> list[bytes]:
    frames = [ysync.encode_sync(ysync.SyncKind.UPDATE, update) for update in updates[:60]]
    frames.append(ysync.encode_sync(ysync.SyncKind.STEP1, b"\1\1\1"))
    frames.append(ysync.encode_sync(ysync.SyncKind.STEP2, b"\0\0"))
    frames.append(ysync.encode_awareness_message(b"\1\1\1\x0d" + b'{"cursor":{}}'))
    return [*frames, b"\3"]


def _messages() -> list[tuple[int, bytes]]:
    messages: list[dict[str, Any]] = [
        {"type": "auth", "name": "Ana"},
        {"type": "join", "doc": "d", "mode": "yjs", "since": 1, "epoch": "e"},
        {"type": "leave", "doc": "d"},
        {"type": "text_insert", "doc": "d", "id": "a.1", "base": None, "pos": 0, "text": "hé"},
        {"type": "text_delete", "doc": "d", "id": "a.2", "base": 1, "pos": 0, "len": 1},
        {"type": "text_edit", "doc": "d", "id": "a.3", "base": 0, "ops": [{"retain": 1}]},
        {
            "type": "text_edit",
            "doc": "d",
            "id": "a.4",
            "base": 0,
            "ops": [{"retain": 1}, {"insert": "x"}, {"delete": 2}],
        },
        {"type": "cursor_move", "doc": "d", "base": 0, "anchor": 1, "head": None},
        {"type": "check", "doc": "d", "version": 1, "hash": "0" * 64},
        {"type": "update", "doc": "d", "id": "u.1", "update": b"\0\0"},
        {"type": "awareness", "doc": "d", "update": b"\1\1\1\2{}"},
        {"type": "ping", "nonce": 1},
    ]
    frames = [(3, msgspec.json.encode(message)) for message in messages]
    return [(2, frame) for _, frame in frames] + [
        (1, msgspec.msgpack.encode(message)) for message in messages
    ]
