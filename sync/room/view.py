"""The part of a document that its room may show: what the log has, and who is there to see it."""

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

    The document itself is ahead of `version` while a batch is committed. What is shown then is
    `text`, and nothing of `document`, which is for this package alone.

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
        """The head of the log, as far as this room knows: all that may be shown."""
        self.text = self.document.text
        """The text at `version`."""

    # --- what a shell may ask -------------------------------------------------------------------

    @property
    def has_pairs(self) -> bool:
        """Whether the text ever held characters that take two UTF-16 units."""
        return self.document.has_pairs

    @property
    def oldest_base(self) -> int:
        """The oldest version on which an edit may build without a look into the log."""
        return self.document.window.first(self.document.version)

    @property
    def events_since_checkpoint(self) -> int:
        """How many events the log has after the last checkpoint."""
        return self.version - self.document.checkpointed

    def is_settled_at(self, version: int) -> bool:
        """Return whether the document is exactly the log up to `version`, nothing beyond it."""
        return self.document.version == self.version == version

    def is_plain_at(self, version: int) -> bool:
        """Return whether the text at `version` is characters alone; False if that is not known.

        It costs a walk through the text.
        """
        return self.is_settled_at(version) and self.document.is_plain

    def recent_events(self, after: int, upto: int) -> list[EventRecord] | None:
        """Return the events with `after < version <= upto` from memory.

        Args:
            upto: the head.

        Returns:
            None if the document is not settled at `upto`, or some are in the log alone.
        """
        if not self.is_settled_at(upto):
            return None
        return self.document.window.after(after, upto)

    def knows_crdt_client(self, client_id: int) -> bool:
        """Return whether a CRDT client id is bound to a user in this document."""
        return client_id in self.document.authors

    def checkpoint(self) -> Checkpoint:
        """Return the full state of a settled document.

        Raises:
            ReplicaBrokenError: the replica does not hold the text that the events say.
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
        """Show everything that the document has: the log has it too."""
        document = self.document
        self.version = document.version
        self.text = document.text
        document.window.trim()

    def replace(self, document: Document) -> None:
        """Show another document: the same one, loaded anew from the log."""
        document.claims = self.announced_ids
        self.document = document
        self.epoch = document.epoch
        self.version = document.version
        self.text = document.text

    def follow(self, found: Followed) -> list[EventRecord]:
        """Take over events that other processes appended; returns those that are new.

        Raises:
            ReplicaBrokenError: they do not fit: load the document anew.
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
