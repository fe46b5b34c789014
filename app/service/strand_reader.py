"""Strands of a document: all code points since a version, with the events that changed them."""

import asyncio
from typing import Final

from app.service.service_error import ServiceCode, ServiceError
from sync.event_origin import TakeBack, actor_mark, restored_version, taken_back
from sync.port import EventLog, StoreError
from sync.shells.log_reader import text_at
from sync.text.authored import AuthoredDeltas
from sync.text.take_back import Chosen, Piece, Strand, TakenBack, Wanted

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
        divides = self._divides(borders | {taken.after + 1, taken.upto + 1})
        strand = Strand(self._text, divides)
        version = self.after
        for page in self.pages:
            for ops in page.ops:
                version += 1
                strand.take(ops, version, wanted.get(version))
        return strand

    def _returns(self) -> tuple[dict[int, Wanted], set[int]]:
        """Return what each event was to bring back, and the versions at which that divides."""
        wanted: dict[int, Wanted] = {}
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
                want = _standing_without(self.chosen(taken))
                borders |= {taken.after + 1, taken.upto + 1}
            for index, each in enumerate(self._sessions):
                if each == session:
                    wanted[self.after + index + 1] = want
        return wanted, borders

    def _divides(self, borders: set[int]) -> Chosen:
        actors, first = self._actors, self.after + 1

        def divides(version: int) -> bool:
            index = version - first
            return version in borders or index == 0 or actors[index] != actors[index - 1]

        return divides


def _standing_at(version: int, begin: int) -> Wanted:
    """Return the text of a version: of one before the strand what stands there at its beginning."""

    def is_wanted(piece: Piece) -> bool:
        return piece.span.version == 0 if version < begin else piece.visible_at(version)

    return is_wanted


def _standing_without(chosen: Chosen) -> Wanted:
    return lambda piece: piece.visible_without(chosen)


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
        return chapter.strand(taken).without(chapter.chosen(taken))

    try:
        return await asyncio.to_thread(work)
    except ValueError as error:
        raise StoreError(f"the ops do not fit: {error}") from error


def _too_far(much: str) -> ServiceError:
    return ServiceError(
        ServiceCode.NOT_RESTORABLE,
        f"It reaches too far back: from there on there are {much} can be read for it.",
    )
