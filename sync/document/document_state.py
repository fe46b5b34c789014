"""One document as the log has it: loaded, followed, encoded; and the next event appended to it."""

from collections.abc import Mapping, Sequence

from sync.document.window import Window
from sync.error import ErrorCode, Refusal, refusal
from sync.limit import Limits
from sync.names import DEFAULT_TEXT_ROOT, is_text_root
from sync.port import SERVER_USER, AuthorBinding, Checkpoint, EventRecord, Opened
from sync.submission import Submission
from sync.text.delta import Delta, DeltaOutOfRange, apply, event_type
from sync.yjs.anchor import AnchoredText
from sync.yjs.gate import NO_PAIRS, KnownState, Range, Ready, decode_pairs, inspect_logged
from sync.yjs.layout import deletion
from sync.yjs.place import UNKNOWN
from sync.yjs.replica import Applied, Replica, ReplicaBrokenError
from sync.yjs.statevector import decode_state_vector, encode_state_vector
from sync.yjs.varint import MalformedError

_MAX_UNDECIDED_ROOTS = 32
"""Undecided, each insertion looks into every root: with more than these, none is waited for."""


class DocumentState:
    """A document at one version.

    Its text is that of one Yjs root, `text_root`. While that is undecided (empty), no root that may
    become it holds a character, and the text is empty: so whichever it becomes, the ops of all
    events before say what their updates did to it. The first event that brings characters decides.

    Args:
        opened: what the log holds; the version is its head.
        limits: bounds.

    Raises:
        ReplicaBrokenError: the log's content does not load: quarantine the document.
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
        """At most so many bytes has the whole state; and how many it had when it was last seen."""
        self._authored: tuple[Range, ...] = ()
        """What the last merged submission brought."""
        self.begin()
        self._load(opened)
        if self.version != record.version:
            raise ReplicaBrokenError("the log's head and its events differ")

    def begin(self) -> None:
        """Begin a batch: note from here on what becomes of it."""
        self.made: list[EventRecord] = []
        """The events that it became."""
        self.bindings: list[AuthorBinding] = []
        """The client ids that it was the first to author on."""
        self.has_corrected = False
        """Whether an event differs from what its author sent, who must then be sent it too."""
        self.left_out: dict[str, dict[int, int]] = {}
        """For each session whose deletions were left out: the clocks of CRDT clients at which it is
        to send them again, because what they delete is there."""

    @property
    def text(self) -> str:
        return self._replica.text

    @property
    def is_plain(self) -> bool:
        """Whether its text is characters alone; costs a walk through it."""
        return self._replica.is_plain()

    @property
    def has_pairs(self) -> bool:
        """Whether the text ever held characters that take two UTF-16 units."""
        return bool(self._known.pairs)

    @property
    def clocks(self) -> dict[int, int]:
        """The state vector: what the log has of each CRDT client."""
        return self._known.clocks

    @property
    def advanced(self) -> list[int]:
        """The CRDT clients whose clocks the last merged submission moved."""
        return [client for client, _, _ in self._authored]

    def state(self) -> bytes:
        """A Yjs v1 update holding everything at this version."""
        if self._state is None or self._state[0] != self.version:
            self._state = (self.version, self._replica.state())
        return self._state[1]

    def state_since(self, clocks: Mapping[int, int]) -> bytes:
        """A Yjs v1 update with what a replica of that state vector lacks at this version.

        Deletions are all there, as Yjs has it.
        """
        clocks = {
            client: min(clock, self.clocks[client])
            for client, clock in clocks.items()
            if self.clocks.get(client, 0) and clock
        }
        if not clocks:
            return self.state()
        for client, clock in clocks.items():
            # Nothing may be cut inside a surrogate pair, whatever a peer says that it has.
            if clock - 1 in self._known.pairs.get(client, ()):
                clocks[client] = clock - 1
        return self._replica.state(encode_state_vector(clocks))

    def cut_pairs(self) -> bytes | None:
        """The Yjs v1 update that deletes the pairs in which something stands; None: there are none.

        A replica of yrs may have them alive. It must be sent this before it is sent what stands
        inside of them: in one update it would cut them first, and then count units wrongly.
        """
        cuts = self._known.marks.cuts
        if not cuts:
            return None
        return deletion(
            Range(client, clock, clock + 2) for client in cuts for clock in cuts[client]
        )

    def state_vector(self) -> bytes:
        """The Yjs state vector at this version."""
        return self._known.encode_state_vector()

    def anchored_text(self) -> AnchoredText:
        """The text at this version, for positions that stay with it."""
        return AnchoredText(self._replica, self._known)

    def checkpoint(self) -> Checkpoint:
        """The full state at this version; without `state`, if loaded anew it shows another text.

        Raises:
            ReplicaBrokenError: the replica does not hold the text that the events say.
        """
        self._replica.verify()
        self.checkpointed = self.version
        state = self.state()
        try:
            fresh = Replica(self._server_client, self.text_root or DEFAULT_TEXT_ROOT, tails=0)
            fresh.load([state], self.text)
        except ReplicaBrokenError:
            return Checkpoint(self.version, self.text, None)
        return Checkpoint(self.version, self.text, state, self._known.encode_pairs())

    def follow(self, records: Sequence[EventRecord]) -> None:
        """Take over events that the log already has.

        Raises:
            ReplicaBrokenError: they do not follow, or do not apply: load the document anew.
        """
        for record in records:
            if record.version != self.version + 1:
                raise ReplicaBrokenError(f"version {record.version} after {self.version}")
            verdict = self._ready(record.update)
            before = self.text
            applied = self._apply(record.update, verdict)
            if applied.ops != record.ops and _applied(before, record) != self.text:
                raise ReplicaBrokenError(f"version {record.version} has other ops than logged")
            self._known.advance(verdict)
            self._bytes += len(record.update)
            self.version = record.version
            self.window.append(record)

    def learn_authors(self, authors: dict[int, str]) -> None:
        """Take over bindings that other processes made."""
        self.authors = {**authors, self._server_client: SERVER_USER}

    def learn_text_root(self, root: str) -> None:
        """Take over the text root that the log has, decided by another process or by hand.

        Raises:
            ReplicaBrokenError: there may be a text in the one it had.
        """
        if not root or root == self.text_root:
            return
        if self.text_root and self.version:
            raise ReplicaBrokenError("the text root was changed although events tell of the old")
        self._decide(root)

    def _apply(self, update: bytes, verdict: Ready) -> Applied:
        """Apply an update; if the text root is undecided and it brings characters, they decide.

        The first root that it names for characters becomes the text root; what goes on after
        something that is there already names none, so then it is the first by name that has any.
        """
        if self.text_root:
            return self._replica.apply(update, verdict)
        named = next(filter(is_text_root, verdict.text_roots), "")
        if named:
            self._decide(named)
        applied = self._replica.apply(update, verdict)
        if named or not verdict.inserted_units:
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
        """Whether the state with that many bytes more might be over its limit.

        Updates are counted as they come. They may have taken out as much as they brought, so at the
        limit the state is looked at; not for every event, since that costs as much as it has bytes.
        """
        most = self._limits.max_document_bytes
        if self._bytes + more > most and self._bytes - self._weighed >= most // 16:
            self._bytes = self._weighed = len(self._replica.state())
        return self._bytes + more > most

    def _large(self) -> Refusal:
        most = self._limits.max_document_bytes
        text = f"A document's whole state has at most {most} bytes."
        return refusal(ErrorCode.DOCUMENT_FULL, text)

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
            type=event_type(ops),
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
        """Take over a checkpoint and the events after it, without asking for positions."""
        text, updates = "", []
        checkpoint = opened.checkpoint
        if checkpoint is not None and checkpoint.state is not None:
            text, self.version = checkpoint.text, checkpoint.version
            self._bytes = self._weighed = len(checkpoint.state)
            self._replica.load([checkpoint.state], text)
            clocks = decode_state_vector(self._replica.state_vector())
            try:
                self._known = KnownState(clocks, decode_pairs(checkpoint.pairs))
                is_other = checkpoint.pairs == NO_PAIRS and self.text_root != DEFAULT_TEXT_ROOT
                if is_other or not clocks:
                    # Perhaps of a time in which places were not kept; or nothing has a place yet.
                    self._known.marks.places.main = UNKNOWN
            except MalformedError as error:
                raise ReplicaBrokenError("the checkpoint's marks are damaged") from error
        if not self.text_root:
            self.follow(opened.tail)
            self.window.trim()
            return
        for record in opened.tail:
            if record.version != self.version + 1:
                raise ReplicaBrokenError(f"version {record.version} after {self.version}")
            self._known.advance(self._ready(record.update))
            text = _applied(text, record)
            updates.append(record.update)
            self._bytes += len(record.update)
            self.version = record.version
            self.window.append(record)
        self._replica.load(updates, text)
        self.window.trim()

    def _ready(self, update: bytes) -> Ready:
        """The verdict on an update that the log, or the server itself, vouches for."""
        verdict = inspect_logged(update, self._known)
        if not isinstance(verdict, Ready):
            raise ReplicaBrokenError(f"the gate does not pass a logged update: {verdict}")
        return verdict


def _applied(text: str, record: EventRecord) -> str:
    try:
        return apply(text, record.ops)
    except DeltaOutOfRange as error:
        raise ReplicaBrokenError(f"the ops of version {record.version} do not fit") from error
