"""`/api/search`: full-text search over the documents that whoever asks may read."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.http.access import AddressOf, EncodingOf, PrincipalOf, StateOf, problems
from app.http.answer import document_answer
from app.http.schema import Text
from app.http.shelf_schema import Finding, FoundExcerpt, Hit, SearchAnswer
from app.service import text_search
from storage.search.search_record import Rank
from sync.error import ErrorCode, QuireError
from sync.text.wanted import MAX_QUERY_CHARS, Place

router = APIRouter(prefix="/api/search", tags=["documents"])

_CURSOR: Final = re.compile(r"([01])-([0-9]{1,15})-([0-9]{1,15})")


@router.get("", responses=problems(429))
async def search_documents(
    state: StateOf,
    principal: PrincipalOf,
    address: AddressOf,
    q: Annotated[
        Text,
        Query(
            description="Words that title, name or text must have, each perhaps as the beginning "
            'of a longer one; `"in quotation marks"`: exactly so, one after the other.',
            max_length=MAX_QUERY_CHARS,
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=text_search.MAX_RESULTS)] = 20,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    encoding: EncodingOf = "codepoint",
) -> SearchAnswer:
    """Find documents by title and text: titles first, then the last changed."""
    after = _decode_cursor(cursor)
    state.searches.count(principal, address)
    page = await text_search.search(
        state.backend,
        state.search_bounds,
        principal,
        q,
        after=after,
        limit=limit,
        encoding=encoding,
    )
    return SearchAnswer(
        results=[
            Finding(
                document=document_answer(found.hit.document, found.role),
                title_hits=[_hit(place) for place in found.title_hits],
                excerpts=[
                    FoundExcerpt(
                        pos=each.pos, text=each.text, hits=[_hit(place) for place in each.hits]
                    )
                    for each in found.excerpts
                ],
            )
            for found in page.results
        ],
        next=None if page.next is None else _encode_cursor(page.next),
    )


def _hit(place: Place) -> Hit:
    return Hit(pos=place.pos, len=place.len)


def _encode_cursor(rank: Rank) -> str:
    return f"{int(rank.is_title)}-{rank.updated_at_ms}-{rank.key}"


def _decode_cursor(cursor: str | None) -> Rank | None:
    if cursor is None:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "cursor: not the `next` of a page.")
    return Rank(match[1] == "1", int(match[2]), int(match[3]))
