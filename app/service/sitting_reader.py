"""Reading the sittings of a document: its history as people read it, a page at a time."""

from dataclasses import dataclass
from typing import Final

from app.identity.display_name import color_of
from app.service.backend import Backend
from sync.port import SITTING_CUT, DocumentRecord, Sitting

MAX_PAGE_SITTINGS: Final = 200
MAX_PAGE_READ: Final = 3 * SITTING_CUT
"""So many events are grouped for one page; it may then have fewer sittings than its limit."""


@dataclass(frozen=True, slots=True)
class SittingPage:
    """Sittings, newest first, and the colours of their authors by user id."""

    sittings: list[Sitting]
    colors: dict[str, str]
    before: int | None
    """The bound of the next page; None: there is none."""


async def list_sittings(
    backend: Backend,
    document: DocumentRecord,
    *,
    after: int | None,
    before: int | None,
    limit: int,
    pause_ms: int,
) -> SittingPage:
    """Return the newest sittings of events with `after < version < before`.

    Args:
        limit: 1 to `MAX_PAGE_SITTINGS`.
        pause_ms: the longest pause within a sitting.

    Raises:
        StoreError: the store does not answer.
    """
    floor = after or 0
    top = document.version if before is None else min(before - 1, document.version)
    found: list[Sitting] = []
    read = 0
    while top > floor and len(found) < limit and read < MAX_PAGE_READ:
        # From one cut to the next, so that what is read begins where a sitting does.
        bottom = max(floor, (top - 1) // SITTING_CUT * SITTING_CUT)
        found += await backend.log.sittings(document.key, bottom, top, pause_ms)
        read += top - bottom
        top = bottom
    page = found[:limit]
    lowest = page[-1].first if page else floor + 1
    return SittingPage(page, await _colors(backend, page), lowest if lowest > floor + 1 else None)


async def _colors(backend: Backend, sittings: list[Sitting]) -> dict[str, str]:
    ids = sorted({author.actor_id for sitting in sittings for author in sitting.authors})
    known = await backend.identity.colors(ids)
    return {user_id: known.get(user_id) or color_of(user_id) for user_id in ids}
