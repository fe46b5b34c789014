"""The faults of a simulated world, and how much of everything there is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """What may go wrong, and how much of everything there is."""

    seed: int
    steps: int = 300
    servers: int = 1
    text_clients: int = 2
    yjs_clients: int = 2
    dialect_clients: int = 0
    """Yjs clients of y-websocket and Hocuspocus, which know no versions and no ids."""
    failures: bool = False
    """Commits fail, some after having been carried out; the store is gone for a while."""
    crashes: bool = False
    drops: bool = False
    """Connections break, with frames in flight that arrive late or never."""
    disorder: bool = False
    """Updates of one session arrive out of causal order."""
    slow: bool = False
    """Outboxes overflow."""
    rewinds: bool = False
    """With a crash the store may be restored from a backup: another epoch."""
    unfit: bool = False
    """Yjs clients type NUL and U+FFFD, and insert into surrogate pairs."""
    carriers: bool = False
    """Yjs clients hand each other their updates past the servers; stock ones deliver them all."""
    window_events: int = 1_024
    max_batch: int = 512
    checkpoint_events: int = 500
    undecided: bool = False
    """The document has no text root at first; without text clients, Yjs clients bring another."""

    @property
    def root(self) -> str:
        """The root in which Yjs clients write."""
        return "body" if self.undecided and not self.text_clients else "content"
