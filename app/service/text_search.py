"""Full-text search over the documents that whoever asks may read."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from app.identity.principal import Principal
from app.service.backend import Backend
from app.service.service_error import ServiceCode, ServiceError
from storage.search.search_record import Rank, SearchHit, SearchQuery
from storage.time_bound import TooSlowError
from sync.error import ErrorCode, QuireError
from sync.names import PositionEncoding, Role
from sync.shells.clock import now_ms
from sync.text.position import to_utf16
from sync.text.segment import segment
from sync.text.wanted import Excerpt, Place, Term, excerpts, hits, parse_query

MAX_RESULTS: Final = 50
_AT_ONCE: Final = 2
"""Searches of one process at the same time: they leave readers of the database to others."""
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


class SearchBounds:
    """The bounds of searches in one process.

    Args:
        most_s: how long one may take in the database, and how long it may wait for others.
    """

    def __init__(self, most_s: float) -> None:
        self.most_s = most_s
        self._places = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait until one may search.

        Raises:
            QuireError: `rate_limited`: too many others do.
        """
        try:
            async with asyncio.timeout(self.most_s):
                await self._places.acquire()
        except TimeoutError:
            raise QuireError(
                ErrorCode.RATE_LIMITED,
                "Too many search at once.",
                retryable=True,
                retry_after_s=self.most_s,
            ) from None
        try:
            yield
        finally:
            self._places.release()


async def search(
    backend: Backend,
    bounds: SearchBounds,
    principal: Principal,
    query: str,
    *,
    after: Rank | None,
    limit: int,
    encoding: PositionEncoding,
) -> FoundPage:
    """Return documents whose title, name or text has all words of a query.

    Raises:
        ServiceError: `search_too_slow`.
        QuireError: `rate_limited`.
        StoreError: the store does not answer.
    """
    terms = parse_query(query)
    if not terms:
        return FoundPage([], None)
    async with bounds.place():
        try:
            found = await backend.search.find(
                SearchQuery(terms, limit + 1, after),
                principal.reader,
                now_ms(),
                most_s=bounds.most_s,
            )
        except TooSlowError:
            raise ServiceError(
                ServiceCode.SEARCH_TOO_SLOW, "The search takes too long; longer words help."
            ) from None
        page = found[:limit]
        roles = await backend.authority.roles(principal, [each.document for each in page])
        # In a thread: the texts may be long, and many.
        results = await asyncio.to_thread(
            _describe_all, page, roles, terms, encoding, bounds.most_s
        )
    return FoundPage(results, page[-1].rank if len(found) > limit else None)


def _describe_all(
    page: Sequence[SearchHit],
    roles: Sequence[Role | None],
    terms: tuple[Term, ...],
    encoding: PositionEncoding,
    most_s: float,
) -> list[Found]:
    """Describe what was found; when the time is up, without excerpts of the texts."""
    deadline_s = time.monotonic() + most_s
    found: list[Found] = []
    for hit, role in zip(page, roles, strict=True):
        if role is not None:
            most = EXCERPTS if time.monotonic() < deadline_s else 0
            found.append(_described(hit, role, terms, encoding, most))
    return found


def _described(
    hit: SearchHit, role: Role, terms: tuple[Term, ...], encoding: PositionEncoding, most: int
) -> Found:
    # What a list shows: a document without a title goes by its name.
    title = hit.document.shown_title or hit.document.name
    in_title = hits(list(segment(title)), terms)
    in_text = excerpts(hit.text, terms, most=most, around=_AROUND) if most else []
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
