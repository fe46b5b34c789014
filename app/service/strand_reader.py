"""Strands of a document: all code points since a version, with the events that changed them."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias

from app.service.service_error import ServiceCode, ServiceError
from sync.event_origin import TakeBack, actor_mark, restored_version, taken_back
from sync.port import EventLog, StoreError
from sync.shells.log_reader import text_at
from sync.text.authored import AuthoredDeltas
from sync.text.take_back import Chosen, Piece, Strand, TakenBack, Wanted, Within

WantedIn: TypeAlias = Callable[[Strand], Wanted]
"""The pieces that an event is to have brought back, in the strand as it is then."""

MAX_STRAND_EVENTS: Final = 50_000
_PAGE_EVENTS: Final = 10_000
_PAGE_BYTES: Final = 4 << 20
_MAX_BYTES: Final = 64 << 20


class Chapter:
    """The events of a document from one version to another, and the strand that they leave.

    Args:
        text: of the version before the first.
        pages: of their columns, consecutive; at least one.
    """

    def __init__(self, text: str, pages: list[AuthoredDeltas]) -> None:
        self.after = pages[0].after
        self.upto = pages[-1].upto
        self.pages = pages
        self._text = text
        self._actors = [page.writers[each].actor_id for page in pages for each in page.writer]
        self._sessions = [page.writers[each].session for page in pages for each in page.writer]

    def chosen(self, taken: TakeBack) -> Chosen:
        """Return which events are to be taken back."""
        if taken.who == "all":
            return lambda version: taken.after < version <= taken.upto
        theirs = {actor for actor in set(self._actors) if actor_mark(actor) == taken.who}

        def is_chosen(version: int) -> bool:
            if not taken.after < version <= taken.upto or version <= self.after:
                return False
            return self._actors[version - self.after - 1] in theirs

        return is_chosen

    def count(self, taken: TakeBack) -> int:
        """Return how many events are to be taken back."""
        return sum(map(self.chosen(taken), range(self.after + 1, self.upto + 1)))

    def strand(self, taken: TakeBack) -> Strand:
        """Walk through the events, of which some are to be taken back.

        Raises `ValueError` if one reaches beyond the text.
        """
        wanted, borders = self._returns()
        divides = self._divides(borders | _borders(taken))
        strand = Strand(self._text, divides)
        version = self.after
        for page in self.pages:
            for ops in page.ops:
                version += 1
                want = wanted.get(version)
                strand.take(ops, version, None if want is None else want(strand))
        return strand

    def without(self, taken: TakeBack) -> TakenBack:
        """Return the edit that takes events back; raises as `strand`."""
        strand = self.strand(taken)
        return strand.without(self.chosen(taken), self._within(strand, taken))

    def _within(self, strand: Strand, taken: TakeBack) -> Within | None:
        """Return the part in which events are taken back; None: all of it, or it is not known."""
        if taken.place is None or taken.place.version < self.after:
            return None
        return strand.within(*taken.place)

    def _returns(self) -> tuple[dict[int, WantedIn], set[int]]:
        """Return what each event was to bring back, and the versions at which that divides."""
        wanted: dict[int, WantedIn] = {}
        borders: set[int] = set()
        for session in dict.fromkeys(self._sessions):
            restored, taken = restored_version(session), taken_back(session)
            if restored is None and taken is None:
                continue
            if restored is not None:
                want = _standing_at(restored, self.after)
                borders.add(restored + 1)
            else:
                assert taken is not None, "one of them is there"
                want = self._standing_without(taken)
                borders |= _borders(taken)
            for index, each in enumerate(self._sessions):
                if each == session:
                    wanted[self.after + index + 1] = want
        return wanted, borders

    def _standing_without(self, taken: TakeBack) -> WantedIn:
        chosen = self.chosen(taken)

        def wanted_in(strand: Strand) -> Wanted:
            within = self._within(strand, taken)

            def is_wanted(piece: Piece) -> bool:
                if within is not None and id(piece) not in within:
                    return piece.is_visible
                return piece.visible_without(chosen)

            return is_wanted

        return wanted_in

    def _divides(self, borders: set[int]) -> Chosen:
        actors, first = self._actors, self.after + 1

        def divides(version: int) -> bool:
            index = version - first
            return version in borders or index == 0 or actors[index] != actors[index - 1]

        return divides


def _borders(taken: TakeBack) -> set[int]:
    """Return the versions that are to be told from the ones before them."""
    borders = {taken.after + 1, taken.upto + 1}
    return borders if taken.place is None else borders | {taken.place.version + 1}


def _standing_at(version: int, begin: int) -> WantedIn:
    """Return the text of a version: of one before the strand what stands there at its beginning."""

    def is_wanted(piece: Piece) -> bool:
        return piece.span.version == 0 if version < begin else piece.visible_at(version)

    return lambda _: is_wanted


async def read_chapter(log: EventLog, key: int, after: int, upto: int) -> Chapter:
    """Read the events with `after < version <= upto`; there is at least one.

    Raises:
        ServiceError: `not_restorable`: they are too many.
        StoreError: the log does not answer.
    """
    if upto - after > MAX_STRAND_EVENTS:
        raise _too_far(f"{upto - after:,} events, of which at most {MAX_STRAND_EVENTS:,}")
    pages: list[AuthoredDeltas] = []
    at, size = after, 0
    while at < upto:
        pages.append(await log.authored(key, at, min(upto, at + _PAGE_EVENTS), _PAGE_BYTES))
        at = pages[-1].upto
        size += sum(len(op) for ops in pages[-1].ops for op in ops if isinstance(op, str))
        if size > _MAX_BYTES:
            raise _too_far("more text than")
    return Chapter(await text_at(log, key, after), pages)


async def walk_back(chapter: Chapter, taken: TakeBack) -> TakenBack:
    """Return the edit that takes events back; works in a thread.

    Raises:
        StoreError: the events do not fit.
    """

    def work() -> TakenBack:
        return chapter.without(taken)

    try:
        return await asyncio.to_thread(work)
    except ValueError as error:
        raise StoreError(f"the ops do not fit: {error}") from error


def _too_far(much: str) -> ServiceError:
    return ServiceError(
        ServiceCode.NOT_RESTORABLE,
        f"It reaches too far back: from there on there are {much} can be read for it.",
    )
