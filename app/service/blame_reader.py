"""The authors of a text, as they are shown: spans, and what each person contributed."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from app.identity.display_name import color_of
from app.service.backend import Backend
from app.service.version_reader import read_text, require_version
from sync.error import ErrorCode, QuireError
from sync.names import PositionEncoding
from sync.port import DocumentRecord
from sync.text.blame import Blame, Contribution, Person
from sync.text.delta import DeltaOutOfRange
from sync.text.position import to_codepoints, to_utf16
from sync.text.span import by_version

MAX_PAGE_SPANS: Final = 50_000

Grain: TypeAlias = Literal["version", "author"]
"""`version`: a span is of one version; `author`: of one author, with the newest of its versions."""


@dataclass(frozen=True, slots=True)
class BlamedSpan:
    """A part of a text, and who wrote it."""

    length: int
    version: int
    person: Person
    at_ms: int


@dataclass(frozen=True, slots=True)
class BlamePage:
    """Spans of a text, in order."""

    version: int
    spans: list[BlamedSpan]
    next: int | None
    """The place at which the next page begins; None: this one is the last."""


@dataclass(frozen=True, slots=True)
class Contributor:
    """The part of one user in a document up to a version, under all its names."""

    person: Person
    """With its newest name."""
    color: str
    sums: Contribution
    standing: int
    """The code points of it that stand in the text."""


async def read_blame(
    backend: Backend,
    document: DocumentRecord,
    version: int,
    *,
    grain: Grain = "version",
    after: int = 0,
    limit: int = MAX_PAGE_SPANS,
    encoding: PositionEncoding = "codepoint",
) -> BlamePage:
    """Return who wrote the spans of a text, from a place on.

    Args:
        after: a place in the text; the first span may be a part of one.
        limit: of spans, 1 to `MAX_PAGE_SPANS`.
        encoding: what places and lengths count.

    Raises:
        ServiceError: `unknown_version`.
        QuireError: `out_of_range`: the place is inside a character.
        StoreError: the store does not answer.
    """
    require_version(document, version)
    await backend.retention.require_kept(document, version)
    blame = await backend.blames.blame(document, version)
    text = None
    if encoding == "utf-16":
        read = await read_text(backend, document, version)
        text = None if read.isascii() else read
    return await asyncio.to_thread(_page, blame, grain, after, limit, text)


async def read_contributions(
    backend: Backend, document: DocumentRecord, version: int
) -> list[Contributor]:
    """Return what each user did up to a version; those of whom most stands in the text first.

    Raises:
        ServiceError: `unknown_version`.
        StoreError: the store does not answer.
    """
    require_version(document, version)
    await backend.retention.require_kept(document, version)
    blame = await backend.blames.blame(document, version)
    ids = sorted({person.id for person in blame.people})
    known = await backend.identity.colors(ids)
    standing = await asyncio.to_thread(blame.standing)
    found: dict[str, Contributor] = {}
    # Names as they came: the last one is the newest.
    for person, sums, stands in zip(blame.people, blame.contributions, standing, strict=True):
        before = found.get(person.id)
        found[person.id] = Contributor(
            person,
            known.get(person.id) or color_of(person.id),
            sums if before is None else before.sums.plus(sums),
            stands if before is None else before.standing + stands,
        )
    return sorted(found.values(), key=lambda each: (-each.standing, -each.sums.events))


def _page(blame: Blame, grain: Grain, after: int, limit: int, text: str | None) -> BlamePage:
    begin = after if text is None else _codepoints(text, after)
    spans: list[BlamedSpan] = []
    at = 0
    for span in _merged(blame, grain):
        end = at + span.length
        if end > begin:
            if len(spans) == limit:
                return BlamePage(blame.version, spans, at if text is None else to_utf16(text, at))
            low = max(at, begin)
            length = end - low if text is None else _units(text[low:end])
            spans.append(BlamedSpan(length, span.version, span.person, span.at_ms))
        at = end
    return BlamePage(blame.version, spans, None)


def _codepoints(text: str, offset: int) -> int:
    try:
        return to_codepoints(text, offset)
    except DeltaOutOfRange as error:
        # Behind the end there is nothing, as there is when code points are counted.
        if offset > _units(text):
            return len(text)
        raise QuireError(ErrorCode.OUT_OF_RANGE, f"after: {error}") from None


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _merged(blame: Blame, grain: Grain) -> Iterator[BlamedSpan]:
    length = newest = 0
    author: Person | None = None
    for count, version in by_version(blame.spans):
        person = blame.people[blame.written[version][0]]
        if grain == "author" and author is not None and person.id == author.id:
            length += count
            if version > newest:
                newest, author = version, person
            continue
        if author is not None:
            yield BlamedSpan(length, newest, author, blame.written[newest][1])
        length, newest, author = count, version, person
    if author is not None:
        yield BlamedSpan(length, newest, author, blame.written[newest][1])
