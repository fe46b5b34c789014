"""A document of a Quire that is crashed: its writers, its record, and the verdict on it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pycrdt import Doc

from lab.crash.crash_verdict import Verdict
from lab.crash.crash_writer import CrashWriter, Door
from lab.crash.document_record import DocumentRecord
from lab.crash.native_writer import TextEventWriter, UpdateWriter
from lab.crash.quire_log import QuireLog, read_events, read_text
from lab.crash.stock_writer import StockWriter


class WatchedDocument:
    """One document, written by two clients of each mode of `quire.v1` and one of each dialect."""

    def __init__(self, name: str, seed: int, problems: list[str]) -> None:
        self.name = name
        self.record = DocumentRecord()
        self.writers = _writers(name, seed, self.record, problems)
        self._log = QuireLog(name)
        self._problems = problems
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, door: Door) -> None:
        """Let its writers come."""
        self._tasks = [asyncio.create_task(writer.live(door)) for writer in self.writers]

    async def close(self) -> None:
        """Send its writers away."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def judge(self, url: str) -> Verdict:
        """Hold what was told and shown up to now against the log as it is now."""
        notes = self.record.take_notes()
        told = dict(self.record.acknowledged_clocks)
        for writer in self.writers:
            writer.absorb()
        shown, replicas = shown_clocks(self.writers), [_copy(each) for each in self.writers]
        verdict = self.record.judge(notes, await self._log.read_on(url))
        counted = self.record.judge_clocks(told, shown, self._log.clocks())
        verdict.acknowledged += counted.acknowledged
        verdict.lost_acknowledged += counted.lost_acknowledged
        # The same edits as by version; more of them if the dialects were shown more.
        verdict.lost_shown = max(verdict.lost_shown, counted.lost_shown)
        if not verdict.lost_shown and any(self._log.lacks(replica) for replica in replicas):
            verdict.lost_shown += 1
        if not self._log.agrees or self._log.text != await read_text(
            url, self.name, self.record.head
        ):
            self._problems.append(f"{self.name}: ops, updates and text differ")
            verdict.moved += 1
        return verdict

    async def judge_whole(self, url: str) -> Verdict:
        """Read the whole log once more: each version is what it was whenever it was read."""
        found = await read_events(url, self.name, 0, replays=False)
        return self.record.judge_again([event for event, _, _ in found])


def shown_clocks(writers: Sequence[CrashWriter]) -> dict[int, int]:
    """Return the units that anybody but their writer was shown, by CRDT client id."""
    shown: dict[int, int] = {}
    for writer in writers:
        for client, units in writer.shown_clocks().items():
            shown[client] = max(units, shown.get(client, 0))
    return shown


def _copy(writer: CrashWriter) -> "Doc[Any]":
    copy: Doc[Any] = Doc()
    copy.apply_update(writer.replica.get_update())
    return copy


def _writers(doc: str, seed: int, record: DocumentRecord, problems: list[str]) -> list[CrashWriter]:
    common = (record, problems)
    writers: list[CrashWriter] = []
    for number in range(2):
        writers.append(TextEventWriter(doc, f"{doc}-t{number}", seed * 100 + number, *common))
        writers.append(UpdateWriter(doc, f"{doc}-u{number}", seed * 100 + 10 + number, *common))
    writers.append(
        StockWriter(
            doc,
            f"{doc}-w",
            seed * 100 + 20,
            *common,
            dialect="y-websocket",
            path="/yjs/{doc}?name={name}",
        )
    )
    writers.append(
        StockWriter(
            doc,
            f"{doc}-h",
            seed * 100 + 21,
            *common,
            dialect="hocuspocus",
            path="/hocuspocus?name={name}",
        )
    )
    return writers
