"""Full-text search over the documents that whoever asks may read."""

import asyncio
from dataclasses import dataclass
from typing import Final

from app.identity.principal import Principal
from app.service.backend import Backend
from storage.search.search_record import Rank, SearchHit, SearchQuery
from sync.names import PositionEncoding, Role
from sync.shells.clock import now_ms
from sync.text.position import to_utf16
from sync.text.segment import segment
from sync.text.wanted import Excerpt, Place, Term, excerpts, hits, parse_query

MAX_RESULTS: Final = 50
EXCERPTS: Final = 2
_AROUND: Final = 60


@dataclass(frozen=True, slots=True)
class Found:
    """A document that was found, and where."""

    hit: SearchHit
    role: Role
    title_hits: list[Place]
    excerpts: list[Excerpt]


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of what was found, best first."""

    results: list[Found]
    next: Rank | None
    """The `after` of the next page; None: this page is the last."""


async def search(
    backend: Backend,
    principal: Principal,
    query: str,
    *,
    after: Rank | None,
    limit: int,
    encoding: PositionEncoding,
) -> FoundPage:
    """Return documents whose title, name or text has all words of a query.

    Raises:
        StoreError: the store does not answer.
    """
    terms = parse_query(query)
    if not terms:
        return FoundPage([], None)
    found = await backend.search.find(
        SearchQuery(terms, limit + 1, after), principal.reader, now_ms()
    )
    page = found[:limit]
    roles = await backend.authority.roles(principal, [each.document for each in page])
    # In a thread: the texts may be long, and many.
    results = await asyncio.to_thread(
        lambda: [
            _described(each, role, terms, encoding)
            for each, role in zip(page, roles, strict=True)
            if role is not None
        ]
    )
    return FoundPage(results, page[-1].rank if len(found) > limit else None)


def _described(
    hit: SearchHit, role: Role, terms: tuple[Term, ...], encoding: PositionEncoding
) -> Found:
    # What a list shows: a document without a title goes by its name.
    title = hit.document.shown_title or hit.document.name
    in_title = hits(list(segment(title)), terms)
    in_text = excerpts(hit.text, terms, most=EXCERPTS, around=_AROUND)
    if encoding == "codepoint":
        return Found(hit, role, in_title, in_text)
    return Found(
        hit,
        role,
        [_in_utf16(place, title) for place in in_title],
        [
            Excerpt(
                to_utf16(hit.text, each.pos),
                each.text,
                tuple(_in_utf16(place, each.text) for place in each.hits),
            )
            for each in in_text
        ],
    )


def _in_utf16(place: Place, text: str) -> Place:
    start = to_utf16(text, place.pos)
    return Place(start, to_utf16(text, place.pos + place.len) - start)
