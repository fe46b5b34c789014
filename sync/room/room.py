"""One document's room as a state machine: facts come in, orders go out; it never waits.

A shell hands every fact to `handle` and carries out the effects in the order given. Same facts,
same effects: there is no clock, no randomness and no I/O in here.

            Opened                    take_batch / merge               Committed
    (new) ─────────▶ settled ──────────────────────────────▶ merging ──────────▶ settled
                        ▲                                        │
                        └──── Opened (from the log) ◀── CommitFailed (the replica is thrown away)

While `merging`, the document is ahead of the log, so nothing that would show it (a join, a check)
is answered: such facts are kept and handled when the log has caught up. That, and that acks and
fan-out are effects of `Committed` alone, is promise P1.
"""

import math
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from msgspec import UNSET

from sync.document.document import Accepted, Document, Lookup, Outcome, Parked, Questions, Refused
from sync.document.parking import Parking
from sync.effect import (
    CatchUp,
    Deliver,
    Dismiss,
    Draft,
    Effect,
    Look,
    Relay,
    Reopen,
    WantBatch,
    error,
    rejected,
)
from sync.error import ErrorCode, Refusal, refusal
from sync.fact import (
    Announced,
    AskAwareness,
    AskState,
    Broken,
    CaughtUp,
    CheckText,
    CommitFailed,
    Committed,
    Connected,
    Deleted,
    Fact,
    Found,
    Join,
    Lagging,
    Leave,
    MoveCursor,
    RelayReceived,
    Reopened,
    SendStateless,
    SetAwareness,
    SetRole,
    StoreFound,
    StoreLost,
    Submit,
    Tick,
)
from sync.limit import Limits
from sync.member import Member, member_info, user_info
from sync.names import WRITING_ROLES
from sync.port import AuthorBinding, Checkpoint, EventRecord, Followed, Opened
from sync.presence.cursor import Cursors, Head
from sync.presence.guests import Guests
from sync.presence.mirror import Mirror, Scene
from sync.presence.presence import Presence
from sync.rate import Rates
from sync.room.fanout import FanOut
from sync.submission import Submission, UpdateSubmission
from sync.wire.message import (
    Ack,
    AwarenessOut,
    Checked,
    Diverged,
    Joined,
    MemberJoined,
    MemberLeft,
    Resync,
    RoleChanged,
    SyncReply,
)
from sync.wire.relay import Came, Left, Said
from sync.yjs.replica import ReplicaBrokenError
from sync.yjs.statevector import decode_state_vector
from sync.yjs.varint import MalformedError

_MAX_KEPT: Final = 1_000
"""Facts kept while a batch is committed, before presence is dropped."""
MAX_KEPT_ASKS: Final = 8
"""Joins of one session that may wait for the room to settle, and questions about awareness."""
_EPHEMERAL: Final = (
    SetAwareness,
    MoveCursor,
    AskAwareness,
    SendStateless,
    Announced,
    RelayReceived,
)
_MAX_FAILURES: Final = 5
"""Commits of one batch that may fail, although the log can be read, before it is refused."""


class Room:
    """See the module's docstring.

    Args:
        name: the document's name.
        opened: what the log holds.
        limits: bounds.

    Raises:
        ReplicaBrokenError: the document does not load (P10: it is not served).
    """

    def __init__(self, name: str, opened: Opened, limits: Limits) -> None:
        self.name = name
        self.key = opened.document.key
        self.owner_id = opened.document.owner_id
        self.members: dict[str, Member] = {}
        self.document: Document = Document(opened, limits)
        self.epoch = self.document.epoch
        self.version = self.document.version
        """The head of the log, as far as this room knows: all that may be shown."""
        self.text = self.document.text
        """The text at `version`."""
        self.read_only = False
        self.deleted = False
        self.broken = False
        """Whether what the log has does not load any more: it is to be forgotten."""
        self._limits = limits
        self._pending: deque[Submission] = deque()
        self._settling: list[tuple[Submission, Outcome]] = []
        self._foreign: list[EventRecord] = []
        self._own: list[EventRecord] = []
        self._taken: list[Submission] = []
        self._merging = False
        self._lost = False
        self._looks = 0
        """How many looks at the log were ordered; one at a time."""
        self._looking = False
        self._said: float = 0
        """The highest version that was announced during this look; infinite: something else."""
        self._looked = 0
        """The last that was answered with all there was."""
        self._doubted: dict[str, int] = {}
        """Sessions that claim to have more than this room, and the look that is to tell."""
        self._failures = 0
        self._poisoned: list[Submission] = []
        self._kept: list[Fact] = []
        self._joining: set[str] = set()
        """Sessions whose join is among what is kept."""
        self._parking = Parking(limits)
        self._presence = Presence(limits)
        self._cursors = Cursors(name)
        self._moves = Rates(limits.awareness_per_s)
        self._moved: dict[str, MoveCursor] = {}
        """The last moves of those who move more than is shown."""
        self._stateless = Rates(limits.stateless_per_s)
        self._mirror = Mirror(self._presence, self._cursors)
        self._guests = Guests(self._presence, self._cursors, self._mirror)
        self._hash: tuple[int, str] | None = None

    # --- state that a shell may ask for ---------------------------------------------------------

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is lost if this room is unloaded now."""
        return not (self._pending or self._merging or self._lost or self._kept or self._taken)

    @property
    def unsettled(self) -> list[Submission]:
        """What was submitted and is not settled."""
        kept = (fact.submission for fact in self._kept if isinstance(fact, Submit))
        return [*self._taken, *self._pending, *kept, *self._parking.submissions()]

    @property
    def joining(self) -> tuple[str, ...]:
        """The sessions whose join waits."""
        return tuple(self._joining)

    @property
    def may_merge(self) -> bool:
        """Whether `take_batch` may be called."""
        return bool(self._pending or self._taken) and not (self._merging or self._lost)

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
        return self.version - self.document.checkpointed

    def is_settled_at(self, version: int) -> bool:
        """Return whether the room has exactly the log up to `version`, and nothing beyond it."""
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
            None if the room is not settled at `upto`, or some of them are in the log alone.
        """
        if not self.is_settled_at(upto):
            return None
        return self.document.window.after(after, upto)

    def knows_crdt_client(self, client_id: int) -> bool:
        """Return whether a CRDT client id is bound to a user in this document."""
        return client_id in self.document.authors

    def checkpoint(self) -> Checkpoint:
        """Return the full state of a settled room.

        Raises:
            ReplicaBrokenError: the replica does not hold the text that the events say.
        """
        return self.document.checkpoint()

    @property
    def wants_ticks(self) -> bool:
        """Whether time must be told often; a room with members is told it now and then anyway."""
        return (
            bool(self._parking)
            or bool(self._moved)
            or self._presence.wants_ticks
            or self._mirror.wants_ticks
            or self._guests.wants_ticks
        )

    # --- facts in, effects out ------------------------------------------------------------------

    def handle(self, fact: Fact, now_ms: int) -> list[Effect]:
        """Take a fact; returns what is to be done, in order. Never raises on what a peer sent."""
        if isinstance(fact, Committed):
            return self._committed(now_ms)
        return self._audible(self._handle(fact, now_ms))

    def _audible(self, effects: Iterable[Effect]) -> list[Effect]:
        """Without what is relayed, while nobody would hear it."""
        ordered = list(effects)  # which may connect it
        if self._guests.is_connected:
            return ordered
        return [effect for effect in ordered if not isinstance(effect, Relay)]

    def _handle(self, fact: Fact, now_ms: int) -> Iterator[Effect]:
        match fact:
            case Submit():
                yield from self.submit(fact.submission)
            case Committed():
                yield from self._committed(now_ms)
            case Leave():
                yield from self._leave(fact.session, now_ms)
            case Lagging():
                self._lag(fact)
            case CommitFailed():
                yield from self._commit_failed()
            case Reopened():
                yield from self._reopened(fact.opened, now_ms)
            case StoreLost():
                yield from self._store_lost()
            case StoreFound():
                self.read_only = False
            case Broken():
                yield from self._break()
            case _ if self._merging or self._lost:
                yield from self._keep(fact)
            case Found() if self._taken:
                # What was asked of the log for that batch counts from where the document is now.
                yield from self._keep(fact)
            case Found():
                yield from self._found(fact.followed, now_ms)
            case Announced():
                yield from self._announced(fact)
            case Connected():
                yield from self._guests.connect(fact.sender, now_ms)
            case RelayReceived():
                yield from self._mirrored(self._guests.receive(fact, self._scene(now_ms)))
            case Join() if self._is_doubtful(fact):
                yield from self._keep(fact)
                yield from self._look()
            case Join():
                yield from self._join(fact, now_ms)
            case CaughtUp():
                yield from self._caught_up(fact)
            case SetAwareness():
                yield from self._set_awareness(fact, now_ms)
            case AskAwareness():
                yield from self._tell_awareness(fact.session)
            case AskState():
                yield from self._tell_state(fact)
            case SendStateless():
                yield from self._pass_on(fact, now_ms)
            case MoveCursor():
                yield from self._move_cursor(fact, now_ms)
            case CheckText():
                yield from self._check(fact)
            case SetRole():
                yield from self._set_role(fact)
            case Deleted():
                yield from self._delete()
            case Tick():
                yield from self._tick(now_ms)

    # --- membership -----------------------------------------------------------------------------

    def _is_doubtful(self, fact: Join) -> bool:
        """Whether a session has seen versions that the log may have and this room does not.

        It was connected to another process. Before it is told that it cannot be recovered, the log
        is looked into, once, after it has asked.
        """
        if fact.since is None or fact.epoch != self.epoch or fact.since <= self.version:
            self._doubted.pop(fact.session, None)
            return False
        if self._doubted.setdefault(fact.session, self._looks + 1) > self._looked:
            return True
        del self._doubted[fact.session]
        return False

    def _join(self, fact: Join, now_ms: int) -> Iterator[Effect]:
        if self.deleted:
            yield error(
                self.name, fact.session, ErrorCode.UNKNOWN_DOCUMENT, "The document is deleted."
            )
            yield Dismiss(fact.session)
            return
        before = self.members.get(fact.session)
        again = before is not None
        if not again and len(self.members) >= self._limits.max_members:
            yield error(self.name, fact.session, ErrorCode.RATE_LIMITED, "The room is full.")
            yield Dismiss(fact.session)
            return
        yield from self._guests.expire(self._scene(now_ms))
        others = tuple(session for session in self.members if session != fact.session)
        native = fact.dialect == "quire"
        member = Member(fact.session, fact.user, fact.role, fact.mode, fact.encoding, fact.dialect)
        member.owed = before.owed if before is not None else None
        member.echo = (
            not native
            or any(each.session == fact.session for each in (*self._taken, *self._pending))
            or fact.session in self._parking.waiting_since()
        )
        self.members[fact.session] = member
        self._moved.pop(fact.session, None)
        yield Relay(Came((member_info(member),)))
        recovered = (
            fact.since is not None and fact.epoch == self.epoch and fact.since <= self.version
        )
        full = not recovered
        yield Deliver(
            (fact.session,),
            Joined(
                doc=self.name,
                epoch=self.epoch,
                version=self.version,
                role=fact.role,
                recovered=recovered,
                members=[
                    *(member_info(each) for each in self.members.values()),
                    *self._guests.members.values(),
                ],
                text=self.text if full and fact.mode == "text" else UNSET,
                state=self.document.state() if full and native and fact.mode == "yjs" else UNSET,
            ),
            upto=fact.since if recovered else self.version,
        )
        if not native:
            # It says itself what it lacks (`AskState`), and sends what the log lacks.
            yield Deliver((fact.session,), Resync(self.name, self.document.state_vector()))
        if recovered and fact.since is not None and fact.since < self.version:
            yield from self._bring_up(member, fact.since)
        else:
            yield from self._pay(member)
        yield from self._mirrored(self._mirror.joined(member, before, self._scene(now_ms)))
        yield from self._greet(member)
        if others and not again:
            message = MemberJoined(self.name, member.session, user_info(member.user), member.mode)
            yield Deliver(others, message)

    def _greet(self, member: Member) -> Iterator[Effect]:
        """Show someone who joins where the others are."""
        if member.mode == "yjs":
            yield from self._tell_awareness(member.session)
            return
        yield from self._cursors.greet(member, self._head)

    def _leave(self, session: str, now_ms: int) -> Iterator[Effect]:
        why = refusal(ErrorCode.NOT_JOINED, "The session has left the document.")
        kept, self._kept = self._kept, []
        for fact in kept:
            if isinstance(fact, Submit) and fact.submission.session == session:
                yield from rejected(self.name, fact.submission, why)
            elif getattr(fact, "session", "") != session:
                self._kept.append(fact)
        self._joining.discard(session)
        self._doubted.pop(session, None)
        member = self.members.pop(session, None)
        for submission in self._parking.drop(session):
            yield from rejected(self.name, submission, why)
        if member is None:
            return
        self._mirror.left(session)
        for rates in (self._moves, self._stateless):
            rates.forget(session)
        gone = self._presence.leave(session)
        if gone is not None:
            yield from self._scene(now_ms).tell_yjs(gone)
        yield Relay(Left(session))
        rest = tuple(self.members)
        if rest:
            yield Deliver(rest, MemberLeft(self.name, session, user_info(member.user)))

    def _set_role(self, fact: SetRole) -> Iterator[Effect]:
        member = self.members.get(fact.session)
        if member is not None and member.role != fact.role:
            member.role = fact.role
            yield Deliver((fact.session,), RoleChanged(self.name, fact.role))

    def _delete(self) -> Iterator[Effect]:
        self.deleted = True
        yield from self._expel(refusal(ErrorCode.UNKNOWN_DOCUMENT, "The document is deleted."))

    def _break(self) -> Iterator[Effect]:
        self.broken = True
        yield from self._expel(
            refusal(ErrorCode.STORE_UNAVAILABLE, "The document cannot be loaded.")
        )

    def _expel(self, why: Refusal) -> Iterator[Effect]:
        """Refuse what waits, and end everybody's membership."""
        kept, self._kept = self._kept, []
        for fact in kept:
            if isinstance(fact, Submit):
                self._pending.append(fact.submission)
        self._pending.extend(self._parking.clear())
        yield from self._refuse_all(why)
        for session in dict.fromkeys((*self.members, *sorted(self._joining))):
            yield error(self.name, session, why.code, why.message)
            yield Dismiss(session)
        self._joining.clear()
        self._doubted.clear()
        self.members.clear()

    # --- catching up ----------------------------------------------------------------------------

    def _bring_up(self, member: Member, version: int) -> Iterator[Effect]:
        """Send what a member lacks: from memory if it is recent, else from the log."""
        records = self.document.window.after(version, self.version)
        if records is None or (member.encoding == "utf-16" and self._wide):
            member.live = False
            yield CatchUp(member.session, version, self.version)
            return
        member.live = True
        if records:
            yield from self._fan_out.replay(member, records)
        yield from self._pay(member)

    def _pay(self, member: Member) -> Iterator[Effect]:
        """Send the settlements that waited for it to have everything."""
        owed, member.owed = member.owed, None
        yield from owed or ()

    def _lag(self, fact: Lagging) -> None:
        member = self.members.get(fact.session)
        if member is None:
            return
        member.live = False
        # What it was caught up with before is not all that it was sent since.
        self._kept = [
            each
            for each in self._kept
            if not (isinstance(each, CaughtUp) and each.session == fact.session)
        ]
        for ack in fact.acks:
            owed = Deliver((member.session,), ack, droppable=True)
            member.owed = [*(member.owed or ()), owed]

    def _caught_up(self, fact: CaughtUp) -> Iterator[Effect]:
        member = self.members.get(fact.session)
        if member is None:
            return
        # An ack of a later version comes with what is replayed now.
        member.owed = [
            owed
            for owed in member.owed or ()
            if not (
                isinstance(owed.message, Ack)
                and owed.message.changed
                and owed.message.version > fact.version
            )
        ]
        if fact.version < self.version:
            yield from self._bring_up(member, fact.version)
            return
        member.live = True
        yield from self._pay(member)

    # --- submissions ----------------------------------------------------------------------------

    def submit(self, submission: Submission) -> list[Effect]:
        """What `handle` does with `Submit`."""
        if submission.session in self._joining:
            # Its role and mode are not known before the join is handled.
            self._kept.append(Submit(submission))
            return []
        why = self._objection(submission)
        if why is not None:
            return list(rejected(self.name, submission, why))
        idle = not self._pending
        self._pending.append(submission)
        return [WantBatch()] if idle and not self._merging and not self._lost else []

    def _objection(self, submission: Submission) -> Refusal | None:
        if self.deleted:
            return refusal(ErrorCode.UNKNOWN_DOCUMENT, "The document is deleted.")
        if self.read_only:
            return refusal(
                ErrorCode.READ_ONLY, "The store does not answer; this is temporary. Send it again."
            )
        member = self.members.get(submission.session)
        if member is None:
            return None
        if member.role not in WRITING_ROLES:
            return refusal(ErrorCode.FORBIDDEN, f"A {member.role} may not write here.")
        expected = "yjs" if isinstance(submission, UpdateSubmission) else "text"
        if member.mode != expected:
            return refusal(
                ErrorCode.INVALID_MESSAGE,
                f"The document is joined in {member.mode} mode; this takes {expected} mode.",
            )
        return None

    def take_batch(self, max_events: int, max_bytes: int) -> list[Submission]:
        """Take what is to be merged next, for the appender; `merge` must follow."""
        assert not self._merging, "a batch is being merged"
        batch = self._taken
        if not batch and len(self._pending) == 1:
            batch.append(self._pending.popleft())
            return batch
        size = sum(submission.size for submission in batch)
        work = self.document.work()
        done = sum(work(submission) for submission in batch)
        while self._pending and len(batch) < max_events and (size < max_bytes or not batch):
            done += work(self._pending[0])
            if batch and done > self._limits.max_batch_work:
                break
            submission = self._pending.popleft()
            batch.append(submission)
            size += submission.size
        return batch

    def questions(self, batch: Sequence[Submission]) -> Questions | None:
        """What the log is to be asked on behalf of the batch that was taken; None: nothing."""
        return self.document.questions(batch, is_retry=self._failures > 0)

    def merge(self, foreign: Sequence[EventRecord], lookup: Lookup, now_ms: int) -> Draft:
        """Merge the taken batch on top of `foreign`: what other processes have appended.

        The document is ahead of the log from here until `Committed`.

        Raises:
            ReplicaBrokenError: the replica failed. Answer with `CommitFailed`; a submission
                that made it fail is not tried again.
        """
        self._merging = True
        document = self.document
        self._foreign = list(foreign)
        self._settling = []
        waiting: deque[Submission] = deque(self._taken)
        try:
            document.prepare(self._taken, foreign, lookup)
            if foreign:
                waiting.extendleft(
                    reversed(self._parking.release(self._parking.clients(), document.clocks))
                )
            while waiting:
                self._merge_next(waiting, lookup, now_ms)
        finally:
            self._taken = [submission for submission, _ in self._settling] + list(waiting)
        events: list[EventRecord] = []
        bindings: list[AuthorBinding] = []
        for _, outcome in self._settling:
            if isinstance(outcome, Accepted):
                events.append(outcome.record)
                bindings += outcome.bindings
        self._own = events
        due = document.version - document.checkpointed >= self._limits.checkpoint_events
        checkpoint = document.checkpoint() if due and events else None
        return Draft(events, bindings, checkpoint, document.text_root)

    def _merge_next(self, waiting: deque[Submission], lookup: Lookup, now_ms: int) -> None:
        submission = waiting.popleft()
        try:
            outcome = self.document.merge(submission, lookup, now_ms)
        except ReplicaBrokenError:
            self._poisoned.append(submission)
            raise
        if isinstance(outcome, Parked):
            assert isinstance(submission, UpdateSubmission), "only updates wait"
            if self._parking.park(submission, outcome.missing, now_ms):
                return
            why = Refusal(ErrorCode.MALFORMED_UPDATE, "Too many updates wait.", retryable=True)
            outcome = Refused(why)
        self._settling.append((submission, outcome))
        if isinstance(outcome, Accepted) and self._parking:
            freed = self._parking.release(self.document.advanced, self.document.clocks)
            waiting.extendleft(reversed(freed))

    # --- what other processes append ------------------------------------------------------------

    def _look(self) -> Iterator[Effect]:
        """Look into the log, unless that is under way; what is doubted waits for the next look."""
        if not self._looking:
            self._looking = True
            self._looks += 1
            yield Look(self.version)

    def _announced(self, fact: Announced) -> Iterator[Effect]:
        """Look, unless that version is here; what comes during a look may be too new for it."""
        version = math.inf if fact.version is None else fact.version
        if version <= self.version:
            return
        if self._looking:
            self._said = max(self._said, version)
        else:
            yield from self._look()

    def _found(self, followed: Followed | None, now_ms: int) -> Iterator[Effect]:
        """Follow the log to where it was found to be."""
        self._looking = False
        said, self._said = self._said, 0
        number, is_whole = self._looks, True
        if followed is not None:
            is_whole = yield from self._follow(followed, now_ms)
        if said > self.version and not (self._lost or self.deleted):
            yield from self._look()
        if is_whole:
            self._looked = number
        if self._doubted and not (self._lost or self.deleted):
            yield from self._resume(now_ms)

    def _follow(self, followed: Followed, now_ms: int) -> Generator[Effect, None, bool]:
        """Take over what was found; returns whether there was no more to find."""
        head = followed.document
        if head.deleted_at_ms is not None:
            yield from self._delete()
            return True
        if head.epoch != self.epoch:
            yield from self._load_anew()
            return True
        news = [record for record in followed.events if record.version > self.version]
        if news and news[0].version == self.version + 1:
            text_before = self.text
            try:
                if followed.authors:
                    self.document.learn_authors(followed.authors)
                self.document.learn_text_root(head.text_root)
                self.document.follow(news)
            except ReplicaBrokenError:
                yield from self._load_anew()
                return True
            self._advance()
            yield from self._fan_out.batch(news, (), (), text_before)
            clocks = self.document.clocks
            released = self._parking.release(self._parking.clients(), clocks)
            self._pending.extendleft(reversed(released))
            if head.version > self.version:
                yield from self._look()
            yield from self._mirrored(self._text_changed(now_ms))
            if released and not self._lost:
                yield WantBatch()
        return not self._looking

    def _advance(self) -> None:
        """The log has all that the document has: it may be shown."""
        self.version = self.document.version
        self.text = self.document.text
        self.document.window.trim()

    # --- after the commit -----------------------------------------------------------------------

    def _committed(self, now_ms: int) -> list[Effect]:
        assert self._merging, "nothing was merged"
        settled, self._settling = self._settling, []
        foreign, self._foreign = self._foreign, []
        self._taken = []
        self._merging = False
        self._failures = 0
        own, self._own = self._own, []
        text_before = self.text
        self._advance()
        effects = self._fan_out.batch(foreign, own, settled, text_before)
        effects += self._resume(now_ms)
        return effects

    def _resume(self, now_ms: int) -> list[Effect]:
        """Handle what was kept while nothing could be shown."""
        effects: list[Effect] = []
        kept, self._kept = self._kept, []
        self._joining.clear()
        for fact in kept:
            effects += self._audible(self._handle(fact, now_ms))
        if not self._lost and (self._mirror.has_early or self._guests.has_early):
            effects += self._audible(self._mirrored(self._text_changed(now_ms)))
        if self._pending or self._taken:
            effects.append(WantBatch())
        return effects

    @property
    def _fan_out(self) -> FanOut:
        return FanOut(self.name, self.members, self._wide)

    @property
    def _head(self) -> Head:
        return Head(self.epoch, self.version, self.text, self.document.window, self._wide)

    def _scene(self, now_ms: int) -> Scene:
        return Scene(
            self.name, self.members, self._guests.members, self.document, self._head, now_ms
        )

    def _text_changed(self, now_ms: int) -> Iterator[Effect]:
        """Cursors that were ahead of the text may be in it now."""
        scene = self._scene(now_ms)
        yield from self._mirror.committed(scene)
        yield from self._guests.committed(scene)

    def _mirrored(self, effects: Iterator[Effect]) -> Iterator[Effect]:
        """What comes of the mirror; if the replica fails at it, it is loaded anew from the log."""
        try:
            yield from effects
        except ReplicaBrokenError:
            yield from self._commit_failed()

    @property
    def _wide(self) -> bool:
        """Whether the two position encodings may differ here."""
        return self.document.has_pairs

    def _refuse_all(self, why: Refusal) -> Iterator[Effect]:
        waiting = [*self._taken, *self._pending]
        self._taken = []
        self._pending.clear()
        for submission in waiting:
            yield from rejected(self.name, submission, why)

    # --- when the store fails -------------------------------------------------------------------

    def _commit_failed(self) -> Iterator[Effect]:
        """Forget what the log may not have; the batch is tried again on what it does have."""
        self._failures += 1
        poisoned, self._poisoned = self._poisoned, []
        why = refusal(ErrorCode.MALFORMED_UPDATE, "The update could not be applied.")
        for submission in poisoned:
            yield from rejected(self.name, submission, why)
        if self._failures >= _MAX_FAILURES:
            self._failures = 0
            text = "The store does not take this now."
            yield from self._refuse_all(Refusal(ErrorCode.STORE_UNAVAILABLE, text, retryable=True))
        yield from self._load_anew()

    def _load_anew(self) -> Iterator[Effect]:
        """Throw the document away and load it from the log; what waits, waits for that."""
        self._merging = False
        self._lost = True
        self._settling = []
        self._foreign = []
        self._own = []
        yield Reopen()

    def _reopened(self, opened: Opened, now_ms: int) -> Iterator[Effect]:
        before, text_before = self.version, self.text
        try:
            self.document = Document(opened, self._limits)
        except ReplicaBrokenError:
            yield from self._break()
            return
        self._lost = False
        clocks = self.document.clocks
        self._taken += self._parking.release(self._parking.clients(), clocks)
        if self.document.epoch != self.epoch:
            yield from self._begin_anew(now_ms)
        else:
            self.version = self.document.version
            self.text = self.document.text
            missed = self.document.window.after(before, self.version)
            if missed is None:
                for member in self.members.values():
                    if member.live:
                        member.live = False
                        yield CatchUp(member.session, before, self.version)
            elif missed:
                yield from self._fan_out.batch(missed, (), (), text_before)
        yield from self._resume(now_ms)

    def _begin_anew(self, now_ms: int) -> Iterator[Effect]:
        """The log was rewound: what the members have is another history."""
        self.epoch = self.document.epoch
        self.version = self.document.version
        self.text = self.document.text
        self._hash = None
        self._mirror.clear()
        self._guests.clear_cursors()
        self._pending.extend(self._parking.clear())
        yield from self._refuse_all(
            refusal(ErrorCode.BASE_UNKNOWN, "The document was restored to an earlier state.")
        )
        members = list(self.members.values())
        self.members.clear()
        for member in members:
            yield from self._join(
                Join(
                    member.session,
                    member.user,
                    member.role,
                    member.mode,
                    None,
                    None,
                    member.encoding,
                    member.dialect,
                ),
                now_ms,
            )

    def _store_lost(self) -> Iterator[Effect]:
        self.read_only = True
        yield from self._refuse_all(
            refusal(ErrorCode.READ_ONLY, "The store does not answer; this is temporary.")
        )

    def _keep(self, fact: Fact) -> Iterator[Effect]:
        """Put a fact off until the room is settled; presence beyond a bound is dropped."""
        if isinstance(fact, CheckText):
            yield Deliver((fact.session,), Checked(self.name, fact.version, None))
        elif isinstance(fact, Join | AskAwareness) and self._asks_too_much(fact):
            # Each would be answered with all there is.
            if isinstance(fact, Join):
                text = "The last joins have no answer yet."
                yield error(self.name, fact.session, ErrorCode.RATE_LIMITED, text)
        elif not isinstance(fact, Tick) and (
            len(self._kept) < _MAX_KEPT or not isinstance(fact, _EPHEMERAL)
        ):
            self._kept.append(fact)
            if isinstance(fact, Join):
                self._joining.add(fact.session)

    def _asks_too_much(self, fact: Join | AskAwareness) -> bool:
        asked = sum(
            isinstance(each, type(fact)) and each.session == fact.session
            for each in self._kept
            if isinstance(each, Join | AskAwareness)
        )
        return asked >= MAX_KEPT_ASKS

    # --- presence and checks --------------------------------------------------------------------

    def _set_awareness(self, fact: SetAwareness, now_ms: int) -> Iterator[Effect]:
        member = self.members.get(fact.session)
        if member is None:
            return
        answer = self._presence.accept(
            fact.session,
            member.user,
            fact.update,
            self.document.authors,
            now_ms,
            repeats=member.dialect != "quire",
        )
        if isinstance(answer, Refusal):
            yield error(self.name, fact.session, answer.code, answer.message)
        elif answer is not None:
            yield from self._scene(now_ms).tell_yjs(answer, but=fact.session)
        if isinstance(answer, bytes) or self._presence.is_held_back(fact.session):
            yield from self._mirrored(self._mirror.awareness_changed(member, self._scene(now_ms)))

    def _tell_awareness(self, session: str) -> Iterator[Effect]:
        states = self._presence.snapshot(but=session)
        if states is not None and session in self.members:
            yield Deliver((session,), AwarenessOut(self.name, states))

    def _tell_state(self, fact: AskState) -> Iterator[Effect]:
        if fact.session not in self.members:
            return
        try:
            clocks = decode_state_vector(fact.state_vector)
        except MalformedError as problem:
            text = f"Not a state vector: {problem}."
            yield error(self.name, fact.session, ErrorCode.INVALID_MESSAGE, text)
            return
        yield Deliver((fact.session,), SyncReply(self.name, self.document.state_since(clocks)))

    def _pass_on(self, fact: SendStateless, now_ms: int) -> Iterator[Effect]:
        if fact.session in self.members and not self._stateless.exceeds(fact.session, now_ms):
            yield from self._scene(now_ms).tell_stateless_here(fact.payload, but=fact.session)
            yield Relay(Said(fact.payload))

    def _move_cursor(self, fact: MoveCursor, now_ms: int) -> Iterator[Effect]:
        if fact.session not in self.members:
            return
        if self._moves.exceeds(fact.session, now_ms):
            self._moved[fact.session] = fact
            return
        self._moved.pop(fact.session, None)
        yield from self._show_move(fact, now_ms)

    def _show_move(self, fact: MoveCursor, now_ms: int) -> Iterator[Effect]:
        member = self.members.get(fact.session)
        if member is None:
            return
        yield from self._cursors.move(member, fact, self._head, self.members)
        if member.mode == "text":
            yield from self._mirrored(self._mirror.cursor_moved(member, self._scene(now_ms)))

    def _check(self, fact: CheckText) -> Iterator[Effect]:
        """Divergence is found: does a Yjs client at the head show what the log says?"""
        found: str | None = None
        if fact.version == self.version:
            if self._hash is None or self._hash[0] != self.version:
                self._hash = (self.version, sha256(self.text.encode()).hexdigest())
            found = self._hash[1]
        if found is None or found == fact.hash:
            yield Deliver((fact.session,), Checked(self.name, fact.version, found))
        else:
            message = Diverged(self.name, self.version, self.document.state())
            yield Deliver((fact.session,), message)

    def _tick(self, now_ms: int) -> Iterator[Effect]:
        moved, self._moved = self._moved, {}
        for fact in moved.values():
            yield from self._show_move(fact, now_ms)
        awareness = self._presence.tick(now_ms)
        if awareness is not None:
            yield from self._scene(now_ms).tell_yjs(awareness)
        yield from self._mirrored(self._mirror.tick(self._scene(now_ms)))
        yield from self._mirrored(self._guests.tick(self._scene(now_ms)))
        for submission in self._parking.expire(now_ms):
            text = "What the update builds on did not come; resync, then send it again."
            why = Refusal(ErrorCode.MALFORMED_UPDATE, text, retryable=True)
            yield from rejected(self.name, submission, why)
        for session, since_ms in self._parking.waiting_since().items():
            member = self.members.get(session)
            if member is None or now_ms - since_ms < self._limits.resync_after_ms:
                continue
            asked = member.resync_at_ms
            if asked is None or now_ms - asked >= self._limits.parked_ms:
                member.resync_at_ms = now_ms
                yield Deliver((session,), Resync(self.name, self.document.state_vector()))
