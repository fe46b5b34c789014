"""The record of one document: what clients were told and shown of it, held against its log.

It is kept outside the server's process, from what came over the sockets. An edit is known in two
ways. `quire.v1` gives it an id and a version. The Yjs dialects know neither: there it is a unit of
a CRDT client's clock, and a writer's n-th insertion of one character is the n-th unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lab.crash.crash_verdict import Verdict

Clocks = Mapping[int, int]
"""For each CRDT client id, how many of its units there are."""


@dataclass(frozen=True)
class LoggedEvent:
    """One event as the server's history gives it.

    Args:
        writer: the name of its actor.
        content: its delta in a canonical form, as `content_of` makes it.
    """

    version: int
    id: str
    writer: str
    content: bytes


@dataclass
class Notes:
    """The notes of all that came over the sockets since the last judgement.

    Args:
        acks: the version that each id was acknowledged with; 0 if it changed nothing.
        events: the id and content of each version that was shown as an event.
        ranges: the versions, first and last, that a writer (by name) was shown as updates.
        contradictions: events that differ from what somebody else was shown at that version.
    """

    acks: dict[str, tuple[int, bytes | None]] = field(default_factory=dict)
    events: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    ranges: list[tuple[str, int, int]] = field(default_factory=list)
    contradictions: int = 0


class DocumentRecord:
    """Takes notes between two judgements, and remembers the log as it was last found."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.acknowledged_clocks: dict[int, int] = {}
        """Units that the server acknowledged by counting (SyncStatus), ever."""
        self._log: list[LoggedEvent] = []
        self._versions: dict[str, int] = {}
        self._shown = bytearray(1)
        self._told_clocks: dict[int, int] = {}
        self._shown_clocks: dict[int, int] = {}

    @property
    def head(self) -> int:
        """The last version that was found in the log."""
        return len(self._log)

    # --- notes ----------------------------------------------------------------------------------

    def acknowledge(self, event_id: str, version: int, content: bytes | None) -> None:
        """Note an ack; `content` is what it said of the edit as it was rebased, if it did."""
        self.notes.acks[event_id] = (version, content)

    def show_event(self, version: int, event_id: str, content: bytes) -> None:
        """Note another's event that a client was shown."""
        shown = (event_id, content)
        self.notes.contradictions += self.notes.events.setdefault(version, shown) != shown

    def show_range(self, reader: str, first: int, last: int) -> None:
        """Note that an update which covers these versions was shown to a client."""
        self.notes.ranges.append((reader, first, last))

    def acknowledge_clock(self, client: int, units: int) -> None:
        """Note that the first `units` of a CRDT client are acknowledged."""
        self.acknowledged_clocks[client] = max(units, self.acknowledged_clocks.get(client, 0))

    def take_notes(self) -> Notes:
        """Return the notes, and begin new ones; what is noted later may be younger than the log."""
        notes, self.notes = self.notes, Notes()
        return notes

    # --- judgement ------------------------------------------------------------------------------

    def judge(self, notes: Notes, found: Sequence[LoggedEvent]) -> Verdict:
        """Hold notes against the log, of which `found` follows what was found before."""
        verdict = Verdict()
        for event in found:
            if event.version != len(self._log) + 1:
                verdict.moved += 1
            if event.id in self._versions:
                verdict.doubled += 1
            self._log.append(event)
            self._versions[event.id] = event.version
            self._shown.append(0)
        self._judge_acks(notes, verdict)
        self._judge_shown(notes, verdict)
        return verdict

    def judge_clocks(self, told: Clocks, shown: Clocks, found: Clocks) -> Verdict:
        """Hold units that were acknowledged and shown against those that are there.

        Args:
            told: units acknowledged, of each CRDT client, ever.
            shown: units that anybody but their writer was shown, ever.
            found: units that a newcomer is given now.
        """
        verdict = Verdict()
        verdict.acknowledged = _risen(self._told_clocks, told)
        verdict.shown = _risen(self._shown_clocks, shown)
        verdict.lost_acknowledged = _lacking(told, found)
        verdict.lost_shown = _lacking(shown, found)
        return verdict

    def judge_again(self, found: Sequence[LoggedEvent]) -> Verdict:
        """Hold the whole log, read once more, against what was found of it piece by piece."""
        verdict = Verdict()
        for before, now in zip(self._log, found, strict=False):
            verdict.moved += before != now
        verdict.lost_acknowledged = max(0, len(self._log) - len(found))
        verdict.doubled = len(found) - len({event.id for event in found})
        return verdict

    def _judge_acks(self, notes: Notes, verdict: Verdict) -> None:
        verdict.acknowledged += len(notes.acks)
        for event_id, (version, content) in notes.acks.items():
            if not version:
                continue  # it changed nothing, and is not logged
            at = self._versions.get(event_id)
            if at is None:
                verdict.lost_acknowledged += 1
            elif at != version or content not in (None, self._log[at - 1].content):
                verdict.moved += 1

    def _judge_shown(self, notes: Notes, verdict: Verdict) -> None:
        verdict.moved += notes.contradictions
        head = len(self._log)
        lost: set[int] = set()
        for version, (event_id, content) in notes.events.items():
            if version > head:
                lost.add(version)
                continue
            event = self._log[version - 1]
            verdict.moved += (event.id, event.content) != (event_id, content)
            self._count_shown(version, verdict)
        for reader, first, last in notes.ranges:
            for version in range(first, last + 1):
                if version > head:
                    lost.add(version)
                elif self._log[version - 1].writer != reader:
                    self._count_shown(version, verdict)
        verdict.shown += len(lost)
        verdict.lost_shown += len(lost)

    def _count_shown(self, version: int, verdict: Verdict) -> None:
        if not self._shown[version]:
            self._shown[version] = 1
            verdict.shown += 1


def _risen(before: dict[int, int], now: Clocks) -> int:
    """Return by how much clocks have risen since they were `before`, which becomes `now`."""
    risen = 0
    for client, units in now.items():
        risen += max(0, units - before.get(client, 0))
        before[client] = max(units, before.get(client, 0))
    return risen


def _lacking(wanted: Clocks, found: Clocks) -> int:
    return sum(max(0, units - found.get(client, 0)) for client, units in wanted.items())
