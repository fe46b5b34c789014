"""References to images in texts: which ones an edit makes, and the fate of an image without any.

An image is kept while any version of any document refers to it, and history keeps every version:
so one reference is enough for ever. Pure.
"""

import re
from collections.abc import Iterable
from enum import Enum, auto
from typing import Final
from urllib.parse import quote

from sync.text.delta import Delta

DIGEST_CHARS: Final = 64
_DIGEST: Final = re.compile(r"(?=([0-9a-f]{64}))")


class Fate(Enum):
    """The fate of an image at one moment."""

    KEEP = auto()
    LOOK = auto()
    """Look for references; remove it if there are none."""
    REMOVE = auto()


def fate(
    *, is_referenced: bool, has_document: bool, uploaded_at_ms: int, now_ms: int, grace_ms: int
) -> Fate:
    """Return the fate of an image.

    Args:
        is_referenced: some version of some document is known to refer to it.
        has_document: the document that it was uploaded to exists, in the trash or not.
        grace_ms: how long an image without a reference is kept: whoever uploaded it may be offline.
    """
    if not has_document:
        # It could only be read as an image of that document.
        return Fate.REMOVE
    if is_referenced or now_ms - uploaded_at_ms < grace_ms:
        return Fate.KEEP
    return Fate.LOOK


def digests_in(text: str) -> set[str]:
    """Return all that may be the digest of an image in a text, overlapping ones too."""
    return set(_DIGEST.findall(text))


def moved_references(text: str, source: str, target: str) -> tuple[str, list[str]]:
    """Return a text whose references to the images of one document are to those of another.

    Also returns the digests of these images, each once, as they follow each other.
    """
    names = {re.escape(source), re.escape(quote(source, safe=""))}
    reference = re.compile(
        rf"(/api/documents/)(?:{'|'.join(sorted(names))})(/files/([0-9a-f]{{64}}))"
    )
    digests = dict.fromkeys(match[3] for match in reference.finditer(text))
    place = quote(target, safe="")
    return reference.sub(lambda match: f"{match[1]}{place}{match[2]}", text), list(digests)


class DigestWalk:
    """Finds every digest that is in some version of a text, however many edits it was made of.

    Only the surroundings of what an edit changed are looked at: a digest that is not there was in
    the version before.

    Args:
        text: the first version.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.found = digests_in(text)

    def take(self, ops: Delta) -> None:
        """Go on to the next version."""
        pieces: list[str] = []
        changed: list[tuple[int, int]] = []
        read = written = 0
        for op in ops:
            if isinstance(op, str):
                pieces.append(op)
                changed.append((written, written + len(op)))
                written += len(op)
            elif op > 0:
                pieces.append(self._text[read : read + op])
                read += op
                written += op
            else:
                read -= op
                changed.append((written, written))
        pieces.append(self._text[read:])
        self._text = "".join(pieces)
        for begin, end in _spans(changed):
            self.found |= digests_in(self._text[begin:end])


def _spans(changed: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the stretches in which a digest may have come into being."""
    spans: list[tuple[int, int]] = []
    for first, last in changed:
        begin, end = max(0, first - DIGEST_CHARS), last + DIGEST_CHARS
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans
