"""The durable log of a simulated world."""

from typing import TYPE_CHECKING

from sync.effect import Draft
from sync.text.delta import apply
from tests.property.simulation.scenario import Scenario
from tests.unit.sync.room.driven_room import MemoryLog

if TYPE_CHECKING:
    from tests.property.simulation.server import Server


class Store:
    """The durable log, what each version's text is, and who holds the write lock."""

    def __init__(self, scenario: Scenario) -> None:
        self.root = scenario.root
        self.first_root = "" if scenario.undecided else "content"
        self.log = MemoryLog(text_root=self.first_root)
        self.texts = [""]
        self.holder: Server | None = None
        self.epochs = 1

    @property
    def version(self) -> int:
        return self.log.version

    def append(self, draft: Draft) -> None:
        self.log.append_draft(draft)
        for event in draft.events:
            self.texts.append(apply(self.texts[-1], event.ops))
        assert self.log.text_root or not self.texts[-1], "there is a text, but not where"

    def rewind(self, version: int) -> None:
        """Restore a backup."""
        self.epochs += 1
        log = self.log
        del self.texts[version + 1 :]
        self.log = MemoryLog(
            f"e{self.epochs}",
            log.events[:version],
            authors=log.authors,
            text_root=log.text_root if any(self.texts) else self.first_root,
        )
