"""The ids of a segment as columns: most are the writer's last one with the next number.

Such an id is a prefix and a number (`tag.17`), and if it was made up a nonce (`session-17-1f2e…`).
Ids of no such form are kept as they are.
"""

import re
from collections.abc import Sequence
from itertools import accumulate, islice, pairwise
from typing import Final, NamedTuple

import msgspec

from storage.segments.numbers import pack_numbers, unpack_numbers, unzigzag, zigzag
from sync.yjs.nonce import KeyedNonces, key_number, nonce_key, nonces_from

_NUMBERED: Final = r"(|.*[^0-9])(0|[1-9][0-9]{0,14})"
_MAX_NUMBER: Final = 10**15 - 1
_FORM: Final = re.compile(_NUMBERED, re.ASCII | re.DOTALL).fullmatch
_MADE_UP: Final = re.compile(_NUMBERED + "(-[0-9a-f]{12})", re.ASCII | re.DOTALL).fullmatch
_NONCE: Final = re.compile(r"-[0-9a-f]{12}", re.ASCII).fullmatch
_encode = msgspec.msgpack.Encoder().encode


class _Nonce(NamedTuple):
    writer: int
    number: int
    text: str


class _IdColumns(msgspec.Struct, array_like=True, frozen=True):
    prefixes: list[str | None]
    """Of each writer; None: its ids have no number."""
    has_nonce: list[bool]
    steps: bytes
    """Of each id with its writer's prefix the distance from the number before, less one."""
    nonce_keys: list[tuple[int, int, bytes]]
    """Writer, number of the key, key: nonces that they make are not stored (`sync.yjs.nonce`)."""
    other_places: bytes
    """Of the other ids the distance in the segment from the one before, less one."""
    other_sizes: bytes
    """In code points."""


_decode = msgspec.msgpack.Decoder(_IdColumns).decode


def encode_ids(
    ids: Sequence[str],
    writing: Sequence[int],
    sessions: Sequence[str],
    nonce_secret: bytes | None = None,
) -> dict[str, bytes]:
    """Return the columns `ids`, `nonces` and `other_ids`.

    Args:
        writing: the number of each id's writer.
        sessions: of each writer.
        nonce_secret: makes nonces again, see `sync.yjs.nonce`; None: all are stored.
    """
    columns = _counting(ids, writing, sessions, nonce_secret)
    if columns is not None:
        return {"ids": _encode(columns), "nonces": b"", "other_ids": b""}
    return _encode_any(ids, writing, sessions, nonce_secret)


def _counting(
    ids: Sequence[str], writing: Sequence[int], sessions: Sequence[str], secret: bytes | None
) -> _IdColumns | None:
    """The columns of ids that do nothing but count, writer by writer; None: some do not.

    Most segments are so, and what is done for each id here is little.
    """
    own: list[list[str]] = [[] for _ in sessions]
    for event_id, writer in zip(ids, writing, strict=True):
        own[writer].append(event_id)
    prefixes: list[str | None] = []
    has_nonce: list[bool] = []
    steps = [0] * len(ids)
    keys: list[tuple[int, int, bytes]] = []
    for writer, (session, mine) in enumerate(zip(sessions, own, strict=True)):
        made_up = _MADE_UP(mine[0])
        found = made_up or _FORM(mine[0])
        if found is None or (made_up and (secret is None or found[1] != f"{session}-")):
            return None
        prefix, first = found[1], int(found[2])
        numbers = range(first, first + len(mine))
        if numbers[-1] > _MAX_NUMBER:
            return None
        if made_up and secret is not None:
            nonces = nonces_from(secret, session, first)
            made = [f"{prefix}{n}-{nonce}" for n, nonce in zip(numbers, nonces, strict=False)]
            needed = range(key_number(first), key_number(numbers[-1]) + 1)
            keys += [(writer, key, nonce_key(secret, session, key)) for key in needed]
        else:
            made = [f"{prefix}{n}" for n in numbers]
        if made != mine:
            return None
        prefixes.append(prefix)
        has_nonce.append(made_up is not None)
        steps[writing.index(writer)] = first
    return _IdColumns(prefixes, has_nonce, pack_numbers(zigzag(steps)), keys, b"", b"")


def _encode_any(
    ids: Sequence[str],
    writing: Sequence[int],
    sessions: Sequence[str],
    nonce_secret: bytes | None,
) -> dict[str, bytes]:
    writers = len(sessions)
    prefixes: list[str | None] = [None] * writers
    has_nonce = [False] * writers
    last = [-1] * writers
    steps: list[int] = []
    nonces: list[_Nonce] = []
    others: list[str] = []
    places: list[int] = []
    for index, (event_id, writer) in enumerate(zip(ids, writing, strict=True)):
        prefix = prefixes[writer]
        number = last[writer] + 1
        if prefix is not None:
            stem = f"{prefix}{number}"
            if event_id == stem and not has_nonce[writer]:
                last[writer] = number
                steps.append(0)
                continue
            if has_nonce[writer] and event_id.startswith(stem):
                nonce = event_id[len(stem) :]
                if _NONCE(nonce):
                    last[writer] = number
                    steps.append(0)
                    nonces.append(_Nonce(writer, number, nonce[1:]))
                    continue
        made_up = _MADE_UP(event_id)
        found = made_up or _FORM(event_id)
        if found is not None and prefix is None:
            prefix = prefixes[writer] = found[1]
            has_nonce[writer] = made_up is not None
        if found is None or found[1] != prefix or (made_up is not None) != has_nonce[writer]:
            others.append(event_id)
            places.append(index)
            continue
        steps.append(int(found[2]) - number)
        last[writer] = int(found[2])
        if made_up is not None:
            nonces.append(_Nonce(writer, last[writer], made_up[3][1:]))
    keys = {} if nonce_secret is None else _keys_of(nonces, prefixes, sessions, nonce_secret)
    kept = [nonce.text for nonce in nonces if (nonce.writer, key_number(nonce.number)) not in keys]
    columns = _IdColumns(
        prefixes,
        has_nonce,
        pack_numbers(zigzag(steps)),
        [(*of, key) for of, key in keys.items()],
        pack_numbers([at - before - 1 for before, at in pairwise([-1, *places])]),
        pack_numbers([len(event_id) for event_id in others]),
    )
    return {
        "ids": _encode(columns),
        "nonces": bytes.fromhex("".join(kept)),
        "other_ids": "".join(others).encode(),
    }


def _keys_of(
    nonces: Sequence[_Nonce],
    prefixes: Sequence[str | None],
    sessions: Sequence[str],
    secret: bytes,
) -> dict[tuple[int, int], bytes]:
    """The keys, by writer and number of the key, that make all nonces which they would make."""
    keys: dict[tuple[int, int], bytes] = {}
    made: dict[tuple[int, int], KeyedNonces | None] = {}
    for writer, number, text in nonces:
        of = writer, key_number(number)
        if of not in made:
            made[of] = None
            if prefixes[writer] == f"{sessions[writer]}-":
                keys[of] = nonce_key(secret, sessions[writer], of[1])
                made[of] = KeyedNonces(keys[of])
        source = made[of]
        if source is not None and source.of(number).hex() != text:
            del keys[of]
            made[of] = None
    return keys


def decode_ids(writing: Sequence[int], ids: bytes, nonces: bytes, other_ids: bytes) -> list[str]:
    """Return the ids of these columns.

    Raises:
        ValueError, IndexError, StopIteration: they do not fit together.
    """
    columns = _decode(ids)
    others = _others(columns, other_ids.decode())
    steps = iter(unzigzag(unpack_numbers(columns.steps)))
    secret = nonces.hex()
    keyed = {(writer, key): KeyedNonces(made) for writer, key, made in columns.nonce_keys}
    last = [-1] * len(columns.prefixes)
    at = 0
    out: list[str] = []
    for index, writer in enumerate(writing):
        other = others.get(index)
        if other is not None:
            out.append(other)
            continue
        number = last[writer] = last[writer] + 1 + next(steps)
        if columns.has_nonce[writer]:
            source = keyed.get((writer, key_number(number))) if keyed else None
            if source is not None:
                out.append(f"{columns.prefixes[writer]}{number}-{source.of(number).hex()}")
                continue
            out.append(f"{columns.prefixes[writer]}{number}-{secret[at : at + 12]}")
            at += 12
        else:
            out.append(f"{columns.prefixes[writer]}{number}")
    return out


def _others(columns: _IdColumns, joined: str) -> dict[int, str]:
    """The ids that are kept as they are, by their place in the segment."""
    distances = unpack_numbers(columns.other_places)
    ends = accumulate(unpack_numbers(columns.other_sizes), initial=0)
    texts = [joined[start:end] for start, end in pairwise(ends)]
    places = accumulate((distance + 1 for distance in distances), initial=-1)
    return dict(zip(islice(places, 1, None), texts, strict=True))
