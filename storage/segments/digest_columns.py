"""The digests of a segment as columns: most are hashes of what the event has anyway.

A Yjs update's digest is its hash. A text event's is that of its ops as they were sent, against
their base: mostly the ops that were logged, and a version just before.
"""

from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from itertools import compress
from operator import methodcaller, ne
from typing import Final

import msgspec

from storage.segments.numbers import pack_numbers, unpack_numbers
from sync.submission import text_digest
from sync.text.delta import Delta, event_type

# `sync.submission.update_digest` in two steps, neither of them in Python.
_update_hash: Final = partial(blake2b, digest_size=16, person=b"update")
_digest: Final = methodcaller("digest")

_UPDATE, _OTHER, _TEXT = range(3)
"""Forms: of the update; none of these; from `_TEXT` on, of the ops, see `_text_forms`."""
_MOST_BEHIND: Final = 8
"""Bases are looked for at most so many versions before an event."""

_encode = msgspec.msgpack.Encoder().encode
_decode_list = msgspec.msgpack.Decoder(list[bytes]).decode


def encode_digests(
    first: int, ops: Sequence[Delta], updates: Sequence[bytes], digests: Sequence[bytes]
) -> dict[str, bytes]:
    """Return the columns `digests` and `odd_digests`; without bytes if all are of updates."""
    own = map(_digest, map(_update_hash, updates))
    differing = list(compress(range(len(digests)), map(ne, digests, own)))
    if not differing:
        return {"digests": b"", "odd_digests": b""}
    forms = [_UPDATE] * len(digests)
    odd: list[bytes] = []
    last = _TEXT
    for index in differing:
        found = _form_of(first + index, ops[index], digests[index], last)
        if found == _OTHER:
            odd.append(digests[index])
        else:
            last = found
        forms[index] = found
    return {"digests": pack_numbers(forms), "odd_digests": _encode(odd) if odd else b""}


class Digests:
    """The digests of a segment, made again when they are asked for.

    Raises:
        ValueError: the columns do not fit together.
    """

    def __init__(self, first: int, count: int, forms: bytes, odd: bytes) -> None:
        self._first = first
        self._forms = unpack_numbers(forms) or [_UPDATE] * count
        places = [index for index, form in enumerate(self._forms) if form == _OTHER]
        found = _decode_list(odd) if odd else []
        self._odd = dict(zip(places, found, strict=True))
        if len(self._forms) != count or max(self._forms) >= _TEXT + 2 * (_MOST_BEHIND + 1):
            raise ValueError("the forms of digests")

    def part(self, start: int, ops: Sequence[Delta], updates: Sequence[bytes]) -> list[bytes]:
        """The digests of events from the one at `start` on, which have these ops and updates."""
        digests = list(map(_digest, map(_update_hash, updates)))
        forms = self._forms[start : start + len(digests)]
        for index in compress(range(len(digests)), forms):
            form = forms[index]
            if form == _OTHER:
                digests[index] = self._odd[start + index]
            else:
                digests[index] = _of_text(form, self._first + start + index, ops[index])
        return digests


def _form_of(version: int, ops: Delta, digest: bytes, likely: int) -> int:
    """The form that gives a digest; `likely` is tried first."""
    if _of_text(likely, version, ops) == digest:
        return likely
    for form in range(_TEXT, _TEXT + 2 * (_MOST_BEHIND + 1)):
        if _of_text(form, version, ops) == digest:
            return form
    return _OTHER


def _of_text(form: int, version: int, ops: Delta) -> bytes:
    """The digest of a text event that was sent under its type or as `text_edit`.

    Its base is so many versions before it as the form says; the last two forms have none.
    """
    behind, is_plain = divmod(form - _TEXT, 2)
    base = version - 1 - behind if behind < _MOST_BEHIND else None
    return text_digest("text_edit" if is_plain else event_type(ops), base, ops)
