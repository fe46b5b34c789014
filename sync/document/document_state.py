"""The state of one document: loaded from the log, followed, encoded, extended by the next event."""

from collections.abc import Mapping, Sequence

from sync.document.window import Window
from sync.error import ErrorCode, Refusal, refusal
from sync.limit import Limits
from sync.names import DEFAULT_TEXT_ROOT, is_text_root
from sync.port import SERVER_USER, AuthorBinding, Checkpoint, EventRecord, Opened
from sync.submission import Submission
from sync.text.delta import Delta, DeltaOutOfRange, apply
from sync.yjs.anchor import AnchoredText
from sync.yjs.gate import NO_PAIRS, KnownState, Range, Ready, decode_pairs, inspect_logged
from sync.yjs.layout import deletion
from sync.yjs.place import UNKNOWN
from sync.yjs.replica import (
    Applied,
    Replica,
    ReplicaBrokenError,
    shown_by,
)
from sync.yjs.statevector import decode_state_vector, encode_state_vector
from sync.yjs.update import count_structs
from sync.yjs.varint import MalformedError

_MAX_UNDECIDED_ROOTS = 32
"""The most roots of a document whose text root is undecided; with more, the default is taken.

While it is undecided, every insertion costs a look at all roots.
"""


class DocumentState:
    """A document at one version.

    Its text is the text of one Yjs root, `text_root`. The first event that brings characters
    decides which root that is. Until then `text_root` and the text are empty, and no root that can
    become the text root has a character; so the ops of all events before are right for any of them.

    Args:
        opened: the content of the log; the document is at its head.
        limits: the bounds of a document.

    Raises:
        ReplicaBrokenError: the content of the log does not load; quarantine the document.
    """

    def __init__(self, opened: Opened, limits: Limits) -> None:
        record = opened.document
        self.key = record.key
        self.epoch = record.epoch
        self.version = 0
        self.checkpointed = opened.checkpoint.version if opened.checkpoint else 0
        self.authors: dict[int, str] = {**opened.authors, record.crdt_client_id: SERVER_USER}
        self.window = Window(limits.window_events, limits.window_bytes)
        self._limits = limits
        self._server_client = record.crdt_client_id
        self.text_root = record.text_root
        self._replica = Replica(record.crdt_client_id, record.text_root or DEFAULT_TEXT_ROOT)
        self._known = KnownState()
        self._state: tuple[int, bytes] | None = None
        self._bytes = self._weighed = 0
        """An upper bound of the state's size in bytes; and the size when it was last measured."""
        self._structs = self._structs_counted = 0
        """An upper bound of the number of structs; and the number when they were last counted."""
        self._authored: tuple[Range, ...] = ()
        """The new units of the last merged submission."""
        self.begin()
        self._load(opened)
        self._replica.known = self._known
        if self.version != record.version:
            raise ReplicaBrokenError("the log's head and its events differ")

    def begin(self) -> None:
        """Begin a batch: clear the record of its events and bindings."""
        self.made: list[EventRecord] = []
        """The events that the batch became."""
        self.bindings: list[AuthorBinding] = []
        """The client ids that the batch bound to users."""
        self.has_corrected = False
        """True if an event differs from what its author sent; then the author needs it too."""
        self.left_out: dict[str, dict[int, int]] = {}
        """Deletions that were left out, since what they delete had not come yet.

        For each session: the clock of each CRDT client at which it has to send them again.
        """

    @property
    def text(self) -> str:
        return self._replica.text

    @property
    def is_plain(self) -> bool:
        """True if the text has characters only; costs a walk through the text."""
        return self._replica.is_plain()

    @property
    def has_pairs(self) -> bool:
        """True if the document ever held characters of two UTF-16 units."""
        return bool(self._known.pairs)

    @property
    def clocks(self) -> dict[int, int]:
        """The state vector: for each CRDT client, the number of its units in the log."""
        return self._known.clocks

    @property
    def advanced(self) -> list[int]:
        """The CRDT clients whose clocks the last merged submission moved."""
        return [client for client, _, _ in self._authored]

    def state(self) -> bytes:
        """Return the state at this version as a Yjs v1 update."""
        if self._state is None or self._state[0] != self.version:
            self._state = (self.version, self._replica.state())
        return self._state[1]

    def state_since(self, clocks: Mapping[int, int]) -> bytes:
        """Return a Yjs v1 update of everything that a replica with that state vector lacks.

        It has the whole delete set, as usual in Yjs.
        """
        clocks = {
            client: min(clock, self.clocks[client])
            for client, clock in clocks.items()
            if self.clocks.get(client, 0) and clock
        }
        if not clocks:
            return self.state()
        for client, clock in clocks.items():
            # A peer may claim to have half a surrogate pair: the update must not begin inside it.
            if clock - 1 in self._known.pairs.get(client, ()):
                clocks[client] = clock - 1
        return self._replica.state(encode_state_vector(clocks))

    def cut_pairs(self) -> bytes | None:
        """Return the Yjs v1 update that deletes the pairs inside which something was inserted.

        A replica in yrs may still have such a pair. It must get this update before one with the
        insertion: given both in one, yrs would split the pair first and then miscount its units.

        Returns:
            None if there is no such pair.
        """
        cuts = self._known.marks.cuts
        if not cuts:
            return None
        return deletion(
            Range(client, clock, clock + 2) for client in cuts for clock in cuts[client]
        )

    def state_vector(self) -> bytes:
        """Return the encoded Yjs state vector at this version."""
        return self._known.encode_state_vector()

    def anchored_text(self) -> AnchoredText:
        """Return the text at this version, for reading and making relative positions."""
        return AnchoredText(self._replica, self._known)

    def checkpoint(self) -> Checkpoint:
        """Return a checkpoint of this version.

        It has no `state` if that would show another text when loaded.

        Raises:
            ReplicaBrokenError: the replica and the events disagree about the text.
        """
        self._replica.verify()
        self.checkpointed = self.version
        state = self.state()
        try:
            is_true = shown_by(state, self.text_root or DEFAULT_TEXT_ROOT) == self.text
        except ReplicaBrokenError:
            is_true = False
        if not is_true:
            return Checkpoint(self.version, self.text, None)
        return Checkpoint(self.version, self.text, state, self._known.encode_pairs())

    def follow(self, records: Sequence[EventRecord]) -> None:
        """Merge events that the log already has.

        Raises:
            ReplicaBrokenError: a version is missing, or an event does not apply; load the document
                again.
        """
        for record in records:
            if record.first != self.version + 1:
                raise ReplicaBrokenError(f"version {record.first} after {self.version}")
            verdict = self._ready(record.update)
            before = self.text
            applied = self._apply(record.update, verdict, is_logged=True)
            if applied.ops != record.ops and _applied(before, record) != self.text:
                raise ReplicaBrokenError(f"version {record.version} has other ops than logged")
            self._known.advance(verdict)
            self._bytes += len(record.update)
            self._structs += verdict.structs
            self.version = record.version
            self.window.follow(record)

    def learn_authors(self, authors: dict[int, str]) -> None:
        """Replace the bindings of client ids by those in the log, which other processes made."""
        self.authors = {**authors, self._server_client: SERVER_USER}

    def learn_text_root(self, root: str) -> None:
        """Adopt the text root that is in the log, decided by another process or set by hand.

        Raises:
            ReplicaBrokenError: another root was decided, and may have a text.
        """
        if not root or root == self.text_root:
            return
        if self.text_root and self.version:
            raise ReplicaBrokenError("the text root was changed although events tell of the old")
        self._decide(root)

    def _apply(self, update: bytes, verdict: Ready, *, is_logged: bool = False) -> Applied:
        """Apply an update; if it brings characters, decide the text root.

        The text root becomes the first root that the update names for a string. An insertion next
        to an existing item names no root; then it becomes the first root by name with characters.

        Raises:
            ReplicaBrokenError: the document is to be thrown away.
        """
        if self.text_root:
            return self._replica.apply(update, verdict, is_logged=is_logged)
        named = next(filter(is_text_root, verdict.text_roots), "")
        if named:
            self._decide(named)
        applied = self._replica.apply(update, verdict, is_logged=is_logged)
        if applied.refused and named:
            self._replica.turn_to(DEFAULT_TEXT_ROOT)
            self.text_root = ""
            return applied
        if applied.refused or named or not verdict.inserted_units:
            return applied
        texts = self._replica.texts()
        found = next((root for root, text in texts.items() if text and is_text_root(root)), "")
        if not found and len(texts) <= _MAX_UNDECIDED_ROOTS:
            return applied
        self._decide(found or DEFAULT_TEXT_ROOT)
        return Applied((self.text,) if found else (), applied.changed)

    def _decide(self, root: str) -> None:
        self._replica.turn_to(root)
        self.text_root = root

    def _is_large(self, more: int) -> bool:
        """Return True if the state might exceed its limit with that many bytes more.

        The sizes of all updates are added up, though an update may also remove content. Near the
        limit the state is measured, which costs time in proportion to its size; so it is done only
        after the sum has grown by a sixteenth of the limit.
        """
        most = self._limits.max_document_bytes
        if self._bytes + more > most and self._bytes - self._weighed >= most // 16:
            self._bytes = self._weighed = len(self._replica.state())
        return self._bytes + more > most

    def _is_fragmented(self, more: int) -> bool:
        """Return True if the document might exceed its limit with that many structs more.

        Structs are added up, and counted near the limit, as bytes are in `_is_large`: characters
        that were typed one after the other are one struct in the state.
        """
        most = self._limits.max_document_structs
        if self._structs + more > most and self._structs - self._structs_counted >= most // 16:
            self._structs = self._structs_counted = count_structs(self._replica.state())
        return self._structs + more > most

    def _large(self) -> Refusal:
        most = self._limits.max_document_bytes
        text = f"A document's whole state has at most {most} bytes."
        return refusal(ErrorCode.DOCUMENT_FULL, text)

    def _fragmented(self) -> Refusal:
        most = self._limits.max_document_structs
        return refusal(ErrorCode.DOCUMENT_FULL, f"A document has at most {most} CRDT structs.")

    def _full(self) -> Refusal:
        most = self._limits.max_document_chars
        return refusal(ErrorCode.DOCUMENT_FULL, f"A document holds at most {most} characters.")

    def _record(
        self, submission: Submission, ops: Delta, update: bytes, now_ms: int
    ) -> EventRecord:
        self.version += 1
        record = EventRecord(
            version=self.version,
            id=submission.id,
            ops=ops,
            update=update,
            actor_id=submission.user.id,
            actor_name=submission.user.name,
            session=submission.session,
            at_ms=now_ms,
            digest=submission.digest,
        )
        self._bytes += len(update)
        self.window.append(record)
        self.made.append(record)
        return record

    def _load(self, opened: Opened) -> None:
        """Load a checkpoint and the events after it, without computing deltas."""
        text, updates = "", []
        checkpoint = opened.checkpoint
        if checkpoint is not None and checkpoint.state is not None:
            text, self.version = checkpoint.text, checkpoint.version
            self._bytes = self._weighed = len(checkpoint.state)
            self._replica.load([checkpoint.state], text)
            clocks = decode_state_vector(self._replica.state_vector())
            # A struct has at least one unit, and takes at least two bytes.
            self._structs = min(sum(clocks.values()), len(checkpoint.state) // 2)
            try:
                self._known = KnownState(clocks, decode_pairs(checkpoint.pairs))
                is_other = checkpoint.pairs == NO_PAIRS and self.text_root != DEFAULT_TEXT_ROOT
                if is_other or not clocks:
                    # The checkpoint may be older than the record of places, or nothing has a place.
                    self._known.marks.places.main = UNKNOWN
            except MalformedError as error:
                raise ReplicaBrokenError("the checkpoint's marks are damaged") from error
        if not self.text_root:
            self.follow(opened.tail)
            self.window.trim()
            return
        for record in opened.tail:
            if record.first != self.version + 1:
                raise ReplicaBrokenError(f"version {record.first} after {self.version}")
            verdict = self._ready(record.update)
            self._known.advance(verdict)
            self._structs += verdict.structs
            text = _applied(text, record)
            updates.append(record.update)
            self._bytes += len(record.update)
            self.version = record.version
            self.window.follow(record)
        self._replica.load(updates, text)
        self.window.trim()

    def _ready(self, update: bytes) -> Ready:
        """Return the verdict on an update that is in the log or was made by the server."""
        verdict = inspect_logged(update, self._known)
        if not isinstance(verdict, Ready):
            raise ReplicaBrokenError(f"the gate does not pass a logged update: {verdict}")
        return verdict


def _applied(text: str, record: EventRecord) -> str:
    try:
        return apply(text, record.ops)
    except DeltaOutOfRange as error:
        raise ReplicaBrokenError(f"the ops of version {record.version} do not fit") from error
