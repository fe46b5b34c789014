"""Updates to attack the gate with: mutations of good ones, and well-formed ones nobody would write.

All dice come from the `random.Random` that is passed in, so a failing seed is a failing test.
"""

import json
from collections import Counter
from pathlib import Path
from random import Random

from sync.yjs.content import DELETED, FORMAT, GC, STRING, TYPE
from sync.yjs.layout import read_layout
from sync.yjs.update import UpdateLimits, parse_update
from sync.yjs.varint import MalformedError, write_data, write_text, write_varint

_SURE = (GC, DELETED, STRING, FORMAT, TYPE)
"""The kinds of content that have one place among the characters, or none."""
VECTORS = Path(__file__).parents[1] / "vectors" / "yjs_updates.json"


def load_vectors() -> list[dict[str, object]]:
    """Return the vectors of real Yjs; see scripts/make_yjs_vectors.mjs."""
    loaded: list[dict[str, object]] = json.loads(VECTORS.read_text())["vectors"]
    return loaded


def accepted_vectors() -> list[list[bytes]]:
    """Return the updates of each document that the gate accepts."""
    documents: list[list[bytes]] = []
    for vector in load_vectors():
        updates = vector["updates"]
        assert isinstance(updates, list)
        if vector["refused"] is None:
            documents.append([bytes.fromhex(update) for update in updates])
    return documents


_NUMBERS = (0, 1, 2, 3, 0x7F, 0x80, 2**14, 2**28, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**56)


def varint(value: int) -> bytes:
    """Encode any non-negative number, also one that the writer of the product refuses."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def mutate(rng: Random, data: bytes, other: bytes) -> bytes:
    """Return `data` with one to three random damages; `other` is spliced in at times."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(8):
            case 0 if out:
                out[rng.randrange(len(out))] = rng.randrange(256)
            case 1 if out:
                out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
            case 2:
                del out[at : at + rng.randrange(1, 4)]
            case 3:
                out[at:at] = rng.randbytes(rng.randrange(1, 4))
            case 4:
                out[at : at + 1] = varint(rng.choice(_NUMBERS))
            case 5:
                start = rng.randrange(len(other) + 1)
                out[at:at] = other[start : start + rng.randrange(1, 12)]
            case 6:
                del out[at:]
            case _ if out:
                # A small step keeps most of the structure: the mutations that get far.
                index = rng.randrange(len(out))
                out[index] = (out[index] + rng.choice((-1, 1, 2))) % 256
    return bytes(out)


_TEXTS = ("a", "bc", "déf", "😀", "x😀y", "�", "中文字", "", "longer text here")
_JSON = ('{"a":1}', "null", "true", '"s"', "[1,[2]]", "undefined", "{", "1e999", '"\\ud800"')


def _values(rng: Random, out: bytearray, depth: int = 0) -> None:
    tag = rng.choice((116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 115))
    out.append(tag)
    if tag == 116:
        write_data(out, rng.randbytes(rng.randrange(4)))
    elif tag in (117, 118):
        count = rng.randrange(3) if depth < 3 else 0
        write_varint(out, count)
        for _ in range(count):
            if tag == 118:
                write_text(out, rng.choice(_TEXTS))
            _values(rng, out, depth + 1)
    elif tag == 119:
        write_text(out, rng.choice(_TEXTS))
    elif tag in (122, 123):
        out += rng.randbytes(8)
    elif tag == 124:
        out += rng.randbytes(4)
    elif tag == 125:
        out += rng.choice((b"\x00", b"\x40", b"\x7f", b"\xbf\x7f", b"\xff\xff\xff\x7f"))


def _content(rng: Random, out: bytearray, kind: int) -> int:
    """Append content of `kind`; return its length in units."""
    if kind in (0, 1, 10):
        units = rng.choice((1, 1, 2, 3, 7))
        write_varint(out, units)
        return units
    if kind == 4:
        text = rng.choice(_TEXTS)
        write_text(out, text)
        return len(text.encode("utf-16-le")) // 2
    if kind == 2:
        count = rng.randrange(1, 3)
        write_varint(out, count)
        for _ in range(count):
            write_text(out, rng.choice(_JSON))
        return count
    if kind == 8:
        count = rng.randrange(1, 4)
        write_varint(out, count)
        for _ in range(count):
            _values(rng, out)
        return count
    if kind == 3:
        write_data(out, rng.randbytes(rng.randrange(5)))
    elif kind == 5:
        write_text(out, rng.choice(_JSON))
    elif kind == 6:
        write_text(out, rng.choice(("bold", "", "__proto__")))
        write_text(out, rng.choice(_JSON))
    elif kind == 7:
        shared = rng.choice((0, 1, 2, 3, 4, 5, 6))
        write_varint(out, shared)
        if shared in (3, 5):
            write_text(out, "p")
    elif kind == 9:
        write_text(out, "guid")
        _values(rng, out)
    return 1


_KINDS = (4,) * 8 + (0, 1, 1, 2, 3, 5, 6, 6, 7, 7, 7, 8, 8)


def invent(rng: Random, clocks: dict[int, int]) -> bytes:
    """Return a well-formed update with arbitrary references into a document that has `clocks`."""
    clients = rng.sample(sorted({*clocks, 1, 2, 77}), rng.choice((1, 1, 2, 3)))
    ends: dict[int, int] = {}

    def some_id(out: bytearray) -> None:
        pool = sorted({*clocks, *clients})
        client = rng.choice(pool)
        top = max(clocks.get(client, 0), ends.get(client, 0)) + rng.choice((0, 0, 0, 0, 1))
        write_varint(out, client)
        write_varint(out, rng.randrange(max(1, top)))

    out = bytearray()
    write_varint(out, len(clients))
    for client in clients:
        have = clocks.get(client, 0)
        clock = max(0, have - rng.choice((0, 0, 0, 0, 1, 2, 5)))
        count = rng.choice((1, 1, 2, 3, 5))
        write_varint(out, count)
        write_varint(out, client)
        write_varint(out, clock)
        for _ in range(count):
            kind = rng.choice(_KINDS)
            if kind == 0:
                out.append(0)
            else:
                flags = rng.choice((0, 0x20, 0x40, 0x80, 0x80, 0xC0, 0xC0, 0xA0, 0xE0))
                out.append(kind | flags)
                if flags & 0x80:
                    some_id(out)
                if flags & 0x40:
                    some_id(out)
                if not flags & 0xC0:
                    if rng.randrange(3):
                        write_varint(out, 1)
                        write_text(out, rng.choice(("content", "content", "meta", "list")))
                    else:
                        write_varint(out, 0)
                        some_id(out)
                    if flags & 0x20:
                        write_text(out, rng.choice(("k", "key")))
            clock += _content(rng, out, kind)
        ends[client] = clock
    deleters = rng.sample(
        sorted({*clocks, *clients}), rng.choice((0, 0, 1, 1, 2)) % (len(clocks) + 1)
    )
    write_varint(out, len(deleters))
    for client in deleters:
        top = max(clocks.get(client, 0), ends.get(client, 0), 1)
        cuts = sorted(rng.sample(range(top + 1), min(top + 1, rng.choice((2, 2, 4)))))
        cuts = cuts[: len(cuts) // 2 * 2]
        write_varint(out, client)
        write_varint(out, len(cuts) // 2)
        for start, end in zip(cuts[::2], cuts[1::2], strict=True):
            write_varint(out, start)
            write_varint(out, end - start)
    return bytes(out)


def has_both_origins(update: bytes) -> bool:
    """Return whether an item has two origins: see the one difference in `test_gate_fuzz`."""
    try:
        parsed = parse_update(update)
    except MalformedError:
        return False
    sides = Counter((each.client, each.start) for each in parsed.dependencies)
    return any(count == 2 for count in sides.values())


def has_values(update: bytes) -> bool:
    """Return whether anything in an update is neither text nor a type, such as may be repaired.

    Values in the text root have no certain place: text events are refused then, honest ones too.
    """
    try:
        sections, _ = read_layout(update, UpdateLimits())
    except MalformedError:
        return False
    return any(piece.kind not in _SURE for section in sections for piece in section.pieces)
