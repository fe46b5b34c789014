"""The ids of a segment as columns: most are the writer's last one with the next number.

Such an id is a prefix and a number (`tag.17`), and if it was made up a nonce (`session-17-1f2e…`).
Ids of no such form are kept as they are.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from storage.segments.numbers import pack_numbers, unpack_numbers, unzigzag, zigzag

_NUMBERED: Final = r"(|.*[^0-9])(0|[1-9][0-9]{0,14})"
_FORM: Final = re.compile(_NUMBERED, re.ASCII | re.DOTALL).fullmatch
_MADE_UP: Final = re.compile(_NUMBERED + "(-[0-9a-f]{12})", re.ASCII | re.DOTALL).fullmatch
_NONCE: Final = re.compile(r"-[0-9a-f]{12}", re.ASCII).fullmatch
_encode = msgspec.msgpack.Encoder().encode


class _IdColumns(msgspec.Struct, array_like=True, frozen=True):
    prefixes: list[str | None]
    """Of each writer; None: its ids have no number."""
    has_nonce: list[bool]
    steps: bytes
    """For each id with its writer's prefix the distance from the number before, less one; 0 for
    others."""
    others: dict[int, str]
    """By the place in the segment."""


_decode = msgspec.msgpack.Decoder(_IdColumns).decode


def encode_ids(ids: Sequence[str], writing: Sequence[int], writers: int) -> dict[str, bytes]:
    """Return the columns `ids` and `nonces`; `writing` has the number of each id's writer."""
    prefixes: list[str | None] = [None] * writers
    has_nonce = [False] * writers
    last = [-1] * writers
    steps: list[int] = []
    nonces: list[str] = []
    others: dict[int, str] = {}
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
                    nonces.append(nonce[1:])
                    continue
        made_up = _MADE_UP(event_id)
        found = made_up or _FORM(event_id)
        if found is not None and prefix is None:
            prefix = prefixes[writer] = found[1]
            has_nonce[writer] = made_up is not None
        if found is None or found[1] != prefix or (made_up is not None) != has_nonce[writer]:
            others[index] = event_id
            steps.append(0)
            continue
        steps.append(int(found[2]) - number)
        last[writer] = int(found[2])
        if made_up is not None:
            nonces.append(made_up[3][1:])
    columns = _IdColumns(prefixes, has_nonce, pack_numbers(zigzag(steps)), others)
    return {"ids": _encode(columns), "nonces": bytes.fromhex("".join(nonces))}


def decode_ids(writing: Sequence[int], ids: bytes, nonces: bytes) -> list[str]:
    """Return the ids of these columns.

    Raises:
        ValueError, IndexError: they do not fit together.
    """
    columns = _decode(ids)
    others = columns.others
    secret = nonces.hex()
    last = [-1] * len(columns.prefixes)
    at = 0
    out: list[str] = []
    numbers = unzigzag(unpack_numbers(columns.steps))
    for index, (step, writer) in enumerate(zip(numbers, writing, strict=True)):
        if index in others:
            out.append(others[index])
            continue
        number = last[writer] = last[writer] + 1 + step
        if columns.has_nonce[writer]:
            out.append(f"{columns.prefixes[writer]}{number}-{secret[at : at + 12]}")
            at += 12
        else:
            out.append(f"{columns.prefixes[writer]}{number}")
    return out
