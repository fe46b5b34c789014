"""One document as the log has it, and how a submission is merged into it.

`Document` owns the replica, the gate's knowledge of it, who may write under which CRDT client id,
and the newest events. It decides; it neither waits nor sends. Every change goes through `merge`
(a submission, which becomes the next event) or `follow` (an event that the log already has).
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from sync.document.window import Window
from sync.error import ErrorCode, Refusal, refusal
from sync.limit import Limits
from sync.names import DEFAULT_TEXT_ROOT, PositionEncoding, is_text_root
from sync.port import SERVER_USER, AuthorBinding, Checkpoint, EventRecord, Opened
from sync.submission import Submission, TextSubmission, UpdateSubmission
from sync.text.delta import (
    Delta,
    DeltaError,
    DeltaOutOfRange,
    apply,
    base_length,
    canonical,
    event_type,
    growth,
)
from sync.text.newline import normalize_delta
from sync.text.position import delta_from_utf16
from sync.text.rebase import rebase
from sync.yjs.anchor import AnchoredText
from sync.yjs.gate import KnownState, Malformed, Range, Ready, Waiting, decode_pairs, inspect
from sync.yjs.replica import Applied, Replica, ReplicaBrokenError
from sync.yjs.statevector import decode_state_vector, encode_state_vector
from sync.yjs.varint import MalformedError

_READING_WORK = 5_000
"""What reading the text at an old version costs, in parts rebased over one event each."""
_MAX_UNDECIDED_ROOTS = 32
"""Undecided, each insertion looks into every root: with more than these, none is waited for."""


class Accepted(Struct, frozen=True):
    """It becomes this event, once committed."""

    record: EventRecord
    bindings: tuple[AuthorBinding, ...] = ()


class Known(Struct, frozen=True):
    """An event of that id and content is there already."""

    record: EventRecord


class Unchanged(Struct, frozen=True):
    """It changes nothing: acknowledged with the head, not logged."""

    version: int


class Parked(Struct, frozen=True):
    """It builds on what the log does not have yet."""

    missing: tuple[tuple[int, int], ...]


class Refused(Struct, frozen=True):
    """It cannot be done."""

    why: Refusal


Outcome = Accepted | Known | Unchanged | Parked | Refused


class Questions(Struct):
    """What a batch needs to know of the log before it is merged."""

    ids: list[str] = []
    """Which of these the log has."""
    after: int | None = None
    """The events after this version, up to the window's first; None: none."""
    texts: list[int] = []
    """The texts at these versions."""


class Lookup(Struct):
    """The answers."""

    known: dict[str, EventRecord] = {}
    """Events that already carry one of the batch's ids."""
    history: list[EventRecord] = []
    """Events older than the window, consecutive up to its first, for rebasing."""
    texts: dict[int, str] = {}
    """The text at versions that a utf-16 position refers to."""
    narrow: int = -1
    """Up to this version no character took two UTF-16 units: positions need no text."""


class Document:
    """A document at one version, ready to merge.

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
        self._load(opened)
        if self.version != record.version:
            raise ReplicaBrokenError("the log's head and its events differ")

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

    def state_vector(self) -> bytes:
        """The Yjs state vector at this version."""
        return self._known.encode_state_vector()

    def anchored_text(self) -> AnchoredText:
        """The text at this version, for positions that stay with it."""
        return AnchoredText(self._replica, self._known)

    def checkpoint(self) -> Checkpoint:
        """The full state at this version.

        Raises:
            ReplicaBrokenError: the replica does not hold the text that the events say.
        """
        self._replica.verify()
        self.checkpointed = self.version
        return Checkpoint(self.version, self.text, self.state(), self._known.encode_pairs())

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

    def questions(self, batch: Sequence[Submission], *, is_retry: bool = False) -> Questions | None:
        """What the log is to be asked on behalf of a batch; None: nothing.

        Args:
            is_retry: some of it may have been committed before, although that seemed to fail.
        """
        asked: Questions | None = None
        for submission in batch:
            is_new = isinstance(submission, UpdateSubmission) and submission.is_anonymous
            if is_new and not is_retry:
                continue
            if asked is None:
                asked = Questions()
            if self.window.find(submission.id) is None:
                asked.ids.append(submission.id)
            if isinstance(submission, TextSubmission) and submission.base is not None:
                self._ask_for_base(asked, submission.base, submission.encoding)
        return asked

    def _ask_for_base(self, asked: Questions, base: int, encoding: PositionEncoding) -> None:
        if not self.version - self._limits.max_rebase_events <= base < self.version:
            return
        if self.window.after(base, self.version) is None:
            asked.after = base if asked.after is None else min(asked.after, base)
        if encoding == "utf-16" and self.has_pairs and base not in asked.texts:
            asked.texts.append(base)

    def work(self) -> Callable[[Submission], int]:
        """Something to ask what each submission of a batch will cost: parts times events to rebase.

        Reading the text at an old version, once for all that need it, is counted as well.
        """
        read: set[int] = set()

        def cost(submission: Submission) -> int:
            if not isinstance(submission, TextSubmission) or submission.base is None:
                return 0
            behind = self.version - submission.base
            if not 0 < behind <= self._limits.max_rebase_events:
                return 0
            reading = 0
            if submission.encoding == "utf-16" and self.has_pairs and submission.base not in read:
                read.add(submission.base)
                reading = _READING_WORK
            return min(behind * len(submission.ops), self._limits.max_rebase_work) + reading

        return cost

    def prepare(
        self, batch: Sequence[Submission], foreign: Sequence[EventRecord], lookup: Lookup
    ) -> None:
        """Follow what other processes appended, and note what the batch's bases will refer to.

        Raises:
            ReplicaBrokenError: as for `follow`.
        """
        if not self.has_pairs:
            lookup.narrow = self.version
        if not foreign and len(batch) == 1 and isinstance(batch[0], UpdateSubmission):
            return
        bases = {
            each.base
            for each in batch
            if isinstance(each, TextSubmission) and each.encoding == "utf-16"
        }
        for record in foreign:
            if self.version in bases:
                lookup.texts[self.version] = self.text
            self.follow((record,))
        if self.version in bases:
            lookup.texts[self.version] = self.text

    def merge(self, submission: Submission, lookup: Lookup, now_ms: int) -> Outcome:
        """Merge a submission as the next event.

        Nothing of it is durable: if the commit fails, throw this document away.

        Raises:
            ReplicaBrokenError: the replica failed on it: throw this document away.
        """
        known = self.window.find(submission.id) or lookup.known.get(submission.id)
        if known is not None:
            if known.digest == submission.digest and known.actor_id == submission.user.id:
                return Known(known)
            return Refused(refusal(ErrorCode.DUPLICATE_ID, "This id was used for another edit."))
        if isinstance(submission, TextSubmission):
            return self._merge_text(submission, lookup, now_ms)
        return self._merge_update(submission, now_ms)

    # --- text events ------------------------------------------------------------------------

    def _merge_text(self, submission: TextSubmission, lookup: Lookup, now_ms: int) -> Outcome:
        base = self.version if submission.base is None else submission.base
        since = self._since(base, lookup)
        if since is None:
            return Refused(
                refusal(
                    ErrorCode.BASE_UNKNOWN, f"There is no usable base {base} at {self.version}."
                )
            )
        if len(since) * len(submission.ops) > self._limits.max_rebase_work:
            why = f"The base {base} is too far behind for so many changes."
            return Refused(refusal(ErrorCode.BASE_UNKNOWN, why))
        length = len(self.text) - sum(growth(record.ops) for record in since)
        try:
            ops = submission.ops
            if submission.encoding == "utf-16" and self.has_pairs and base > lookup.narrow:
                text = self.text if base == self.version else lookup.texts.get(base)
                if text is None:
                    return Refused(refusal(ErrorCode.BASE_UNKNOWN, "The base is too far behind."))
                ops = delta_from_utf16(ops, text)
            if base_length(ops) > length:
                raise DeltaOutOfRange(f"The text at version {base} has {length} characters.")
            delta = rebase(ops, [record.ops for record in since]) if since else canonical(ops)
            delta = normalize_delta(delta, self.text)
        except DeltaOutOfRange as error:
            return Refused(refusal(ErrorCode.OUT_OF_RANGE, str(error)))
        except DeltaError as error:
            return Refused(refusal(ErrorCode.INVALID_MESSAGE, str(error)))
        if not delta:
            return Unchanged(self.version)
        grown = growth(delta)
        if grown > 0 and len(self.text) + grown > self._limits.max_document_chars:
            return Refused(self._full())
        if grown > 0 and self._is_large(sum(len(op) for op in delta if isinstance(op, str))):
            return Refused(self._large())
        if not self.text_root:
            self._decide(DEFAULT_TEXT_ROOT)
        update = self._replica.edit(delta)
        verdict = self._ready(update)
        self._known.advance(verdict)
        self._authored = verdict.authored
        return Accepted(self._record(submission, delta, update, now_ms))

    def _since(self, base: int, lookup: Lookup) -> list[EventRecord] | None:
        """The events after `base`, or None if there is no such base, or it is too far behind."""
        if base > self.version:
            return None
        recent = self.window.after(base, self.version)
        if recent is not None:
            return recent
        older = [record for record in lookup.history if record.version > base]
        if not older or older[0].version != base + 1:
            return None
        recent = self.window.after(older[-1].version, self.version)
        return None if recent is None else older + recent

    # --- Yjs updates ------------------------------------------------------------------------

    def _merge_update(self, submission: UpdateSubmission, now_ms: int) -> Outcome:
        verdict = inspect(submission.update, self._known)
        if isinstance(verdict, Malformed):
            return Refused(refusal(ErrorCode.MALFORMED_UPDATE, verdict.reason))
        if isinstance(verdict, Waiting):
            return Parked(verdict.missing)
        if not verdict.authored and not verdict.has_deletes:
            return Unchanged(self.version)
        bindings: list[AuthorBinding] = []
        for client, _, _ in verdict.authored:
            owner = self.authors.get(client)
            if owner is None:
                bindings.append(AuthorBinding(self.key, client, submission.user.id))
            elif owner != submission.user.id:
                return Refused(
                    refusal(ErrorCode.FORBIDDEN, f"CRDT client id {client} is somebody else's.")
                )
        if bindings and len(self.authors) + len(bindings) > self._limits.max_crdt_clients:
            return Refused(refusal(ErrorCode.DOCUMENT_FULL, "Too many CRDT clients wrote here."))
        units = verdict.inserted_units
        if units and len(self.text) + units > self._limits.max_document_chars:
            return Refused(self._full())
        if verdict.authored and self._is_large(len(submission.update)):
            return Refused(self._large())
        applied = self._apply(submission.update, verdict)
        self._known.advance(verdict)
        self._authored = verdict.authored
        if not applied.changed:
            return Unchanged(self.version)
        for binding in bindings:
            self.authors[binding.client_id] = binding.user_id
        record = self._record(submission, applied.ops, submission.update, now_ms)
        return Accepted(record, tuple(bindings))

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
        verdict = inspect(update, self._known)
        if not isinstance(verdict, Ready):
            raise ReplicaBrokenError(f"the gate does not pass a logged update: {verdict}")
        return verdict


def _applied(text: str, record: EventRecord) -> str:
    try:
        return apply(text, record.ops)
    except DeltaOutOfRange as error:
        raise ReplicaBrokenError(f"the ops of version {record.version} do not fit") from error
