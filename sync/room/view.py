"""The part of a room that may be shown: the document as the log has it, and its members."""

from sync.document.document import Document
from sync.limit import Limits
from sync.port import Checkpoint, EventRecord, Followed, Opened
from sync.presence.claims import AnnouncedIds
from sync.presence.cursor import Head
from sync.presence.mirror import Scene
from sync.room.audience import Audience
from sync.wire.message import MemberInfo


class View:
    """One document at the version up to which it is durable, and its members.

    While a batch is being committed, `document` is ahead of `version`. Then only `text` may be
    shown, nothing of `document`, which is for this package alone.

    Raises:
        ReplicaBrokenError: the document does not load.
    """

    def __init__(self, name: str, opened: Opened, limits: Limits) -> None:
        self.name = name
        self.key = opened.document.key
        self.owner_id = opened.document.owner_id
        self.limits = limits
        self.audience = Audience()
        self.members = self.audience.members
        self.guests: dict[str, MemberInfo] = {}
        """The sessions in the rooms of other processes."""
        self.announced_ids = AnnouncedIds()
        """The CRDT client ids that sessions announce as their own."""
        self.document: Document = Document(opened, limits)
        self.document.claims = self.announced_ids
        self.epoch = self.document.epoch
        self.version = self.document.version
        """The head of the log, as far as this room knows; nothing later may be shown."""
        self.text = self.document.text
        """The text at `version`."""
        self.replayable_from = 0
        """The log cannot be read up to here; who has an earlier version gets the whole text."""

    # --- queries of the shells ------------------------------------------------------------------

    @property
    def has_pairs(self) -> bool:
        """True if the document ever held characters of two UTF-16 units."""
        return self.document.has_pairs

    @property
    def oldest_base(self) -> int:
        """The oldest base from which an edit can be rebased without reading the log."""
        return self.document.window.first(self.document.version)

    @property
    def events_since_checkpoint(self) -> int:
        """The number of events in the log after the last checkpoint."""
        return self.version - self.document.checkpointed

    def is_settled_at(self, version: int) -> bool:
        """Return True if the document is exactly the log up to `version`."""
        return self.document.version == self.version == version

    def is_plain_at(self, version: int) -> bool:
        """Return True if the text at `version` has characters only; False if that is not known.

        The cost is a walk through the text.
        """
        return self.is_settled_at(version) and self.document.is_plain

    def recent_events(self, after: int, upto: int) -> list[EventRecord] | None:
        """Return the events with `after < version <= upto` from memory.

        Args:
            upto: the head.

        Returns:
            None if the document is not settled at `upto`, or some events are in the log only.
        """
        if not self.is_settled_at(upto):
            return None
        return self.document.window.after(after, upto)

    def knows_crdt_client(self, client_id: int) -> bool:
        """Return True if a CRDT client id is bound to a user in this document."""
        return client_id in self.document.authors

    def checkpoint(self) -> Checkpoint:
        """Return a checkpoint of a settled document.

        Raises:
            ReplicaBrokenError: the replica and the events disagree about the text.
        """
        return self.document.checkpoint()

    # --- for the parts of the room --------------------------------------------------------------

    @property
    def head(self) -> Head:
        """The head of the log, as cursors refer to it."""
        return Head(self.epoch, self.version, self.text, self.document.window, self.has_pairs)

    def scene(self, now_ms: int) -> Scene:
        """Return the settled room at this moment, as presence sees it."""
        return Scene(self.name, self.members, self.guests, self.document, self.head, now_ms)

    def advance(self) -> None:
        """Show the document's newest version, which is in the log now."""
        document = self.document
        self.version = document.version
        self.text = document.text
        document.window.trim()

    def replace(self, document: Document) -> None:
        """Show a copy of the document that was loaded again from the log."""
        document.claims = self.announced_ids
        self.document = document
        self.epoch = document.epoch
        self.version = document.version
        self.text = document.text

    def follow(self, found: Followed) -> list[EventRecord]:
        """Follow the events that other processes appended; return those that are new.

        Raises:
            ReplicaBrokenError: the events do not apply; load the document again.
        """
        records = [record for record in found.events if record.version > self.version]
        if not records or records[0].version != self.version + 1:
            return []
        if found.authors:
            self.document.learn_authors(found.authors)
        self.document.learn_text_root(found.document.text_root)
        self.document.follow(records)
        self.advance()
        return records
