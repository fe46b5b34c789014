"""Reading who wrote which part of a text: from the nearest blame that is known, and the log since.

    in memory, or kept beside the log ──▶ the events since, in pages ──▶ the blame of that version
                                          (a thread walks them)

What a restore inserts keeps the authors that it had in the version which was restored; so the blame
of that one is needed, too, and found in the same way. What a take-back inserts is found by doing it
once more.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from weakref import WeakValueDictionary

from app.service.strand_reader import MAX_STRAND_EVENTS, read_chapter, walk_back
from storage.retention.history_thinned import HistoryThinnedError
from storage.versions.sql_versions import SqlVersions
from sync.event_origin import TakeBack, restored_version, taken_back
from sync.port import DocumentRecord, EventLog, StoreError
from sync.shells.log_reader import text_at
from sync.text.authored import AuthoredDeltas
from sync.text.blame import Blame, BlameWalk, returned_by
from sync.text.delta import Delta, inserted_text
from sync.text.span import Span, sliced
from sync.text.textdiff import diff

_PAGE_EVENTS: Final = 20_000
_PAGE_BYTES: Final = 8 << 20
SAVE_AFTER: Final = 4_000
"""So many events after the blame that is kept, the next one takes its place: 20 ms of walking."""
_MAX_BLAMES: Final = 64
_MAX_SPANS: Final = 500_000
"""The spans of all blames in memory, and the versions that they name."""
_MAX_STEPS_SIZE: Final = 2_000_000
"""The spans and versions of the blames along a way that are remembered, for restores of them."""
_MAX_DETOURS: Final = 2_000_000
"""The events that are walked once more to learn what restores brought back; after that, restored
text is that of whoever restored it. Only restores of restores of restores come there."""


class Blames:
    """The blames of one store. Every method may raise `StoreError`."""

    def __init__(self, log: EventLog, rows: SqlVersions) -> None:
        self._log = log
        self._rows = rows
        self._known: OrderedDict[tuple[int, str], Blame] = OrderedDict()
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def blame(self, document: DocumentRecord, version: int) -> Blame:
        """Return the blame of a version, 0 up to the head; one that is gone is not asked for."""
        lock = self._locks.setdefault(document.key, asyncio.Lock())
        # Whoever asks at the same time finds in memory what the first one has walked.
        async with lock:
            return await self._find(document, version)

    async def keep(self, document: DocumentRecord) -> None:
        """Keep the blame of the head beside the log."""
        found = await self.blame(document, document.version)
        await self._rows.save_blame(document.key, found)

    async def _find(self, document: DocumentRecord, version: int) -> Blame:
        place = (document.key, document.epoch)
        known = self._known.get(place)
        if known is not None and known.version == version:
            self._known.move_to_end(place)
            return known
        kept = None
        if known is None or not known.version <= version <= known.version + SAVE_AFTER:
            kept = await self._rows.blame(document.key)
        candidates = [each for each in (known, kept, Blame()) if each and each.version <= version]
        begin = max(candidates, key=lambda each: each.version)
        try:
            found = await _Way(self._log, document.key, begin).to(version)
        except HistoryThinnedError:
            # The version at which it begins may be gone since.
            found = await _Way(self._log, document.key, Blame()).to(version)
        if known is None or known.version < version:
            self._remember(place, found)
        if kept is not None or known is None:
            kept_version = 0 if kept is None else kept.version
            if version - kept_version >= SAVE_AFTER:
                await self._rows.save_blame(document.key, found)
        return found

    def _remember(self, place: tuple[int, str], blame: Blame) -> None:
        self._known[place] = blame
        self._known.move_to_end(place)
        size = sum(_size(each) for each in self._known.values())
        while len(self._known) > 1 and (size > _MAX_SPANS or len(self._known) > _MAX_BLAMES):
            _, forgotten = self._known.popitem(last=False)
            size -= _size(forgotten)


def _size(blame: Blame) -> int:
    return len(blame.spans) + len(blame.written)


class _Way:
    """The way from one blame to later ones."""

    def __init__(self, log: EventLog, key: int, begin: Blame) -> None:
        self._log = log
        self._key = key
        self._steps = {begin.version: begin}
        self._steps_size = _size(begin)
        self._detours = 0

    async def to(self, version: int) -> Blame:
        """Return the blame of a version: on the way if it has been passed, or is ahead."""
        earlier = [each for each in self._steps if each <= version]
        begin = self._steps[max(earlier)] if earlier else Blame()
        if begin.version == version:
            return begin
        walk = BlameWalk(begin)
        while walk.version < version:
            upto = min(version, walk.version + _PAGE_EVENTS)
            page = await self._log.authored(self._key, walk.version, upto, _PAGE_BYTES)
            await self._through(walk, page)
            if walk.version < version:
                self._note(walk.blame())
        found = await asyncio.to_thread(walk.blame)
        if len(found.written) > 2 * found.length() + _PAGE_EVENTS:
            found = await asyncio.to_thread(found.pruned)
        self._note(found)
        return found

    async def _through(self, walk: BlameWalk, page: AuthoredDeltas) -> None:
        """Walk through the events of a page."""
        returns = list(_returns(page))
        stops = sorted({begin for _, begin, _ in returns if page.after < begin})
        for version, begin, taken in returns:
            for stop in stops:
                if walk.version < stop < version:
                    await _take(walk, page, stop)
                    self._note(walk.blame())
            await _take(walk, page, version - 1)
            if self._detours > _MAX_DETOURS:
                continue
            ops = page.ops[version - page.after - 1]
            try:
                source = await self._source(walk, begin, version)
                if taken is None:
                    returned = await self._returned(source, version, ops)
                else:
                    returned, source = await self._taken_back(source, version, taken, ops)
            except HistoryThinnedError:
                continue  # nobody knows any more where it comes from
            with _fitting(version):
                walk.take_returned(page, returned, source)
        await _take(walk, page, page.upto)

    async def _source(self, walk: BlameWalk, begin: int, version: int) -> Blame:
        """Return the blame of the version that an event brought text back from."""
        if begin == version - 1:
            return walk.blame()
        before = max((each for each in self._steps if each <= begin), default=0)
        self._detours += begin - before
        return await self.to(begin)

    async def _returned(self, source: Blame, version: int, ops: Delta) -> list[Span]:
        old = await text_at(self._log, self._key, source.version)
        new = await text_at(self._log, self._key, version)
        changed = await asyncio.to_thread(diff, old, new)
        return returned_by(source.spans, changed, ops)

    async def _taken_back(
        self, source: Blame, version: int, taken: TakeBack, ops: Delta
    ) -> tuple[list[Span], Blame]:
        """Return where the text comes from that a take-back inserts, and a blame that knows it."""
        new = [Span(len(inserted_text(ops)), 0, 0)]
        if not inserted_text(ops) or version - taken.after > MAX_STRAND_EVENTS:
            return new, source
        self._detours += version - taken.after
        chapter = await read_chapter(self._log, self._key, taken.after, version - 1)
        found = await walk_back(chapter, taken)
        if inserted_text(found.ops) != inserted_text(ops):
            # Somebody has written meanwhile, just there.
            return new, source
        returned: list[Span] = []
        for piece in found.returned:
            if piece.span.version:
                returned.append(piece.span)
            else:
                returned += sliced(source.spans, piece.start, len(piece.text))
        walk = BlameWalk(source)
        for page in chapter.pages:
            walk.note(page)
        return returned, walk.blame()

    def _note(self, blame: Blame) -> None:
        """Remember a blame, and forget those that were noted long ago."""
        if blame.version in self._steps:
            return
        self._steps[blame.version] = blame
        self._steps_size += _size(blame)
        while self._steps_size > _MAX_STEPS_SIZE and len(self._steps) > 1:
            self._steps_size -= _size(self._steps.pop(next(iter(self._steps))))


async def _take(walk: BlameWalk, page: AuthoredDeltas, upto: int) -> None:
    if upto > walk.version:
        with _fitting(upto):
            await asyncio.to_thread(walk.take, page, upto)


@contextmanager
def _fitting(version: int) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise StoreError(f"the ops up to version {version} do not fit: {error}") from error


def _returns(page: AuthoredDeltas) -> Iterator[tuple[int, int, TakeBack | None]]:
    """Yield the events that brought text back: version, the one it comes from, what was taken."""
    of_writer = [_return_of(writer.session) for writer in page.writers]
    if any(each is not None for each in of_writer):
        for version, writer in enumerate(page.writer, page.after + 1):
            found = of_writer[writer]
            if found is not None and found[0] < version:
                yield version, *found


def _return_of(session: str) -> tuple[int, TakeBack | None] | None:
    restored, taken = restored_version(session), taken_back(session)
    if restored is not None:
        return restored, None
    return None if taken is None else (taken.after, taken)
