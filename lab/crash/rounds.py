"""The rounds of a crash test: write, suffer, be killed, start again, be judged."""

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lab.crash.crash_verdict import Verdict
from lab.crash.quire_service import Plan, QuireService
from lab.crash.watched_document import WatchedDocument

_ROUNDS_PER_DOCUMENT: Final = 6
_WRITING_S: Final = (0.25, 0.9)
_FAULT_EVERY_S: Final = (0.05, 0.3)
_JOIN_WITHIN_S: Final = 30.0
_MAX_PROBLEMS: Final = 20


@dataclass
class Outcome:
    """The result of a plan."""

    plan: Plan
    verdict: Verdict = field(default_factory=Verdict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


class ServiceDoor:
    """Lets writers in at any of the processes that run; shut while none does."""

    def __init__(self, service: QuireService, dice: random.Random) -> None:
        self._service = service
        self._dice = dice
        self._open = asyncio.Event()
        self._open.set()

    @property
    def is_writing(self) -> bool:
        return self._open.is_set()

    def shut(self) -> None:
        self._open.clear()

    def unlock(self) -> None:
        self._open.set()

    async def port(self) -> int:
        await self._open.wait()
        return self._dice.choice(self._service.servers).port


class Rounds:
    """All rounds of one plan."""

    def __init__(self, plan: Plan, service: QuireService) -> None:
        self.outcome = Outcome(plan)
        self._plan = plan
        self._service = service
        self._dice = random.Random(plan.seed)
        self._door = ServiceDoor(service, self._dice)
        self._documents: list[WatchedDocument] = []
        self._made = 0

    async def run(self) -> Outcome:
        """Run until the plan's kills are done."""
        outcome, started = self.outcome, time.monotonic()
        number = 0
        try:
            while outcome.verdict.kills < self._plan.kills:
                if number % _ROUNDS_PER_DOCUMENT == 0 or not self._documents:
                    await self._replace_documents()
                before = outcome.verdict.lost_acknowledged + outcome.verdict.lost_shown
                await self._round()
                number += 1
                if outcome.verdict.lost_acknowledged + outcome.verdict.lost_shown > before:
                    # What is lost has to be counted once; its document is of no more use.
                    await self._close_documents(whole=False)
            await self._close_documents(whole=True)
        finally:
            await self._close_documents(whole=False)
        outcome.seconds = time.monotonic() - started
        del outcome.problems[_MAX_PROBLEMS:]
        return outcome

    async def _round(self) -> None:
        await self._until_joined()
        await self._suffer()
        victims = self._victims()
        await self._service.kill(victims)
        # Nothing new is written until the verdict: the log is read while it stands still.
        self._door.shut()
        self.outcome.verdict.kills += len(victims)
        if len(victims) == len(self._service.servers):
            await self._drained()
        await self._service.heal()
        await self._service.start(victims)
        url = self._service.servers[victims[0]].url
        for document in self._documents:
            self.outcome.verdict.add(await document.judge(url))
        self._door.unlock()

    def _victims(self) -> Sequence[int]:
        everybody = range(len(self._service.servers))
        if len(everybody) == 1 or self._dice.random() < 0.2:
            return list(everybody)
        return [self._dice.choice(everybody)]

    async def _suffer(self) -> None:
        """Write for a moment, with faults at random instants."""
        dice = self._dice
        end = time.monotonic() + dice.uniform(*_WRITING_S)
        while (left := end - time.monotonic()) > 0:
            if not self._plan.faults:
                await asyncio.sleep(left)
                return
            await asyncio.sleep(min(left, dice.uniform(*_FAULT_EVERY_S)))
            await self._service.suffer(dice.choice(self._plan.faults), dice, self._cut)

    def _cut(self) -> None:
        writers = [writer for document in self._documents for writer in document.writers]
        self._dice.choice(writers).cut()

    async def _until_joined(self) -> None:
        """Wait until every writer of new documents has been there once."""
        deadline = time.monotonic() + _JOIN_WITHIN_S
        writers = [writer for document in self._documents for writer in document.writers]
        while not all(writer.joins for writer in writers):
            if time.monotonic() > deadline:
                absent = [writer.name for writer in writers if not writer.joins]
                raise TimeoutError(f"never joined: {', '.join(absent)}")
            await asyncio.sleep(0.01)

    async def _drained(self) -> None:
        """Wait until all that the servers had sent is read."""
        for document in self._documents:
            for writer in document.writers:
                await writer.until_closed()

    async def _replace_documents(self) -> None:
        await self._close_documents(whole=True)
        for _ in range(self._plan.documents):
            self._made += 1
            name = f"crash-{self._plan.seed}-{self._made}"
            seed = self._plan.seed * 1_000 + self._made
            document = WatchedDocument(name, seed, self.outcome.problems)
            document.open(self._door)
            self._documents.append(document)

    async def _close_documents(self, *, whole: bool) -> None:
        documents, self._documents = self._documents, []
        for document in documents:
            await document.close()
            if whole:
                url = self._service.servers[0].url
                self.outcome.verdict.add(await document.judge(url))
                self.outcome.verdict.add(await document.judge_whole(url))


async def run_plan(plan: Plan) -> Outcome:
    """Run one configuration in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="quire-lab-") as folder:
        async with QuireService(Path(folder), plan) as service:
            return await Rounds(plan, service).run()
