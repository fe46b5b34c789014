"""One document's room as a state machine: facts come in, effects go out; it never waits.

A shell hands every fact to `handle` and executes the effects in the order given. The same facts
have the same effects: there is no clock, no randomness and no I/O in this module.

The room decides the order of steps, by its phase. Each concern has a module in this package:
`phase`: the state diagram; `submission_queue`: merging; `fanout` and `feed`: the messages about the
log and their receivers; `membership`: joins, leaves and roles; `room_presence`: awareness and
cursors; `following`: looks at the log for events of other processes; `recovery`: loading the
document again after the store or the replica failed.

An appender drives the batches:

    take_batch ──▶ prepare (asked once the head is locked) ──▶ merge ──▶ Committed or CommitFailed
"""

from collections.abc import Iterator, Sequence
from typing import Final

from sync.document.document import Lookup, Questions
from sync.effect import Draft, Effect, WantBatch, rejected
from sync.error import ErrorCode, Refusal, refusal
from sync.fact import (
    Announced,
    AskState,
    Broken,
    CheckText,
    CommitFailed,
    Committed,
    Deleted,
    Drained,
    Fact,
    Found,
    Join,
    Lagging,
    Leave,
    PageRead,
    PageUnreadable,
    Reopened,
    SetRole,
    StoreFound,
    StoreLost,
    Tick,
)
from sync.limit import Limits
from sync.port import Followed, Opened
from sync.room.deferred import Deferred
from sync.room.fanout import FanOut
from sync.room.following import Following
from sync.room.membership import Membership
from sync.room.phase import Lifecycle, Phase
from sync.room.recovery import BROKEN, Recovery
from sync.room.room_presence import RoomPresence
from sync.room.submission_queue import SubmissionQueue
from sync.room.text_check import TextCheck
from sync.room.view import View
from sync.submission import Submission, TextSubmission, UpdateSubmission
from sync.yjs.replica import ReplicaBrokenError

_DELETED: Final = refusal(ErrorCode.UNKNOWN_DOCUMENT, "The document is deleted.")
_LEFT: Final = refusal(ErrorCode.NOT_JOINED, "The session has left the document.")
_SUBMISSION: Final = (TextSubmission, UpdateSubmission)
_NOTHING: Final[Sequence[Effect]] = ()
WANT_BATCH: Final[Sequence[Effect]] = (WantBatch(),)
"""The most frequent effects of a submission; one object for all."""


class Room(View):
    """A room: takes facts and returns effects; `View` has the queries that are always allowed.

    Args:
        name: the document's name.
        opened: what the log holds.
        limits: the bounds of a room.

    Raises:
        ReplicaBrokenError: the document does not load; it must not be served (P10).
    """

    def __init__(self, name: str, opened: Opened, limits: Limits) -> None:
        super().__init__(name, opened, limits)
        self._lifecycle = Lifecycle()
        self._queue = SubmissionQueue(limits)
        self.parking = self._queue.parking  # for shells that count what waits
        self._deferred = Deferred(name)
        self._following = Following()
        self._presence = RoomPresence(self, self._guarded)
        self._membership = Membership(self, self._queue, self._presence)
        self._fan_out = FanOut(self)
        self._check = TextCheck(self)
        self._recovery = Recovery(
            self, self._lifecycle, self._queue, self._membership, self._fan_out
        )

    # --- state that a shell may ask for ---------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """The phase of the room; see `Phase`."""
        return self._lifecycle.phase

    @property
    def is_read_only(self) -> bool:
        """True while the store keeps failing; submissions are refused then."""
        return self._lifecycle.is_read_only

    @property
    def deleted(self) -> bool:
        """True if the document was moved to the trash."""
        return self._lifecycle.end is _DELETED

    @property
    def broken(self) -> bool:
        """True if the document does not load from the log; the shell has to drop this room."""
        return self._lifecycle.end is BROKEN

    @property
    def has_pending(self) -> bool:
        """True if a submission waits to be taken."""
        return bool(self._queue.pending)

    @property
    def is_clean(self) -> bool:
        """True if the room can be unloaded now without loss."""
        is_at_rest = self.phase is Phase.SETTLED or self.phase is Phase.ENDED
        return is_at_rest and not (self._queue.pending or self._queue.taken or self._deferred.facts)

    @property
    def unsettled(self) -> list[Submission]:
        """The submissions that have no answer."""
        return [*self._queue.unsettled(), *self._deferred.submissions()]

    @property
    def joining(self) -> tuple[str, ...]:
        """The sessions whose join waits."""
        return tuple(self._deferred.joining)

    @property
    def wants_ticks(self) -> bool:
        """True if the room needs frequent ticks; a room with members gets some in any case."""
        return bool(self._queue.parking) or self._presence.wants_ticks

    def awaits_page(self, session: str, order: int) -> bool:
        """Return True if a `CatchUp` order is still to be executed."""
        return self._membership.awaits_page(session, order)

    # --- facts in, effects out ------------------------------------------------------------------

    def handle(self, fact: Fact, now_ms: int) -> Sequence[Effect]:
        """Take a fact; return its effects, in order. Never raises for input of a peer."""
        if isinstance(fact, Committed):
            return self._committed(now_ms)
        if isinstance(fact, _SUBMISSION):
            return self.submit(fact)
        return self._presence.audible(self._handle(fact, now_ms), now_ms)

    def _handle(self, fact: Fact, now_ms: int) -> Iterator[Effect]:
        """Take a fact in any phase; facts that need a settled room are deferred or passed on."""
        match fact:
            case Join() if self._lifecycle.end is not None:
                yield from self._membership.dismiss(fact.session, self._lifecycle.end)
            case _ if self._lifecycle.phase is Phase.ENDED:
                pass  # there are no members, and there is nothing to show
            case Leave():
                yield from self._leave(fact, now_ms)
            case Lagging():
                self._membership.lag(fact)
            case Drained():
                self._membership.drain(fact)
            case PageRead() | PageUnreadable():
                yield from self._take_page(fact, now_ms)
            case CommitFailed():
                yield from self._recovery.fail()
            case Reopened():
                yield from self._reopened(fact.opened, now_ms)
            case StoreLost():
                yield from self._recovery.lose_store()
            case StoreFound():
                self._lifecycle.is_read_only = False
            case Broken():
                yield from self._finish(BROKEN)
            case _ if not self._lifecycle.phase.is_settled:
                yield from self._deferred.put(fact)
            case _:
                yield from self._handle_settled(fact, now_ms)
        if self._membership.behind and self._lifecycle.phase.is_settled:
            yield from self._membership.bring_up()

    def _handle_settled(self, fact: Fact, now_ms: int) -> Iterator[Effect]:
        """Take a fact whose answer may show the document."""
        match fact:
            case TextSubmission() | UpdateSubmission():
                yield from self.submit(fact)
            case Found() if self._lifecycle.phase is Phase.TAKEN:
                # The questions of the taken batch depend on the version that the document has now.
                yield from self._deferred.put(fact)
            case Found():
                yield from self._found(fact.followed, now_ms)
            case Announced():
                yield from self._following.announce(fact.version, self.version)
            case Join() | SetRole() if fact.session in self._deferred.joining:
                # Behind the join that waits, whose role is an older one.
                yield from self._deferred.put(fact)
            case Join():
                yield from self._join(fact, now_ms)
            case SetRole():
                yield from self._membership.set_role(fact)
            case AskState():
                yield from self._membership.tell_state(fact)
            case CheckText():
                yield from self._check.answer(fact)
            case Deleted():
                yield from self._finish(_DELETED)
            case Tick():
                yield from self._presence.tick(now_ms)
                yield from self._membership.ask_for_missing(now_ms)
            case _:
                yield from self._presence.handle(fact, now_ms)

    # --- membership -----------------------------------------------------------------------------

    def _join(self, fact: Join, now_ms: int) -> Iterator[Effect]:
        if self._following.is_ahead(fact, self.epoch, self.version):
            yield from self._deferred.put(fact)
            yield from self._following.look(self.version)
        else:
            yield from self._membership.join(fact, now_ms)

    def _leave(self, fact: Leave, now_ms: int) -> Iterator[Effect]:
        """End a session's membership.

        What it submitted before is merged, unless its role has been taken away or lowered.
        """
        if fact.is_expelled or self._deferred.lowers(fact.session):
            is_merged = self._lifecycle.phase is Phase.MERGING
            yield from self._membership.withdraw(fact.session, "viewer", is_merged=is_merged)
        for submission in self._deferred.drop(fact.session):
            yield from rejected(self.name, submission, _LEFT)
        self._following.forget(fact.session)
        yield from self._membership.leave(fact.session, now_ms, is_untold=fact.is_untold)

    def _take_page(self, fact: PageRead | PageUnreadable, now_ms: int) -> Iterator[Effect]:
        if not (yield from self._membership.take_page(fact)):
            yield from self._leave(Leave(fact.session), now_ms)

    # --- submissions ----------------------------------------------------------------------------

    def submit(self, submission: Submission) -> Sequence[Effect]:
        """Take a submission, as `handle` does, but without a time."""
        lifecycle, deferred = self._lifecycle, self._deferred
        member = self.members.get(submission.session)
        if (
            member is None
            or member.takes is not type(submission)
            or deferred.joining
            or lifecycle.is_read_only
            or lifecycle.end is not None
        ):
            if submission.session in deferred.joining:
                # The sender's role and mode are not known before its join is handled.
                return list(deferred.put(submission))
            why = lifecycle.objection()
            if why is None and not lifecycle.phase.is_settled and member and member.takes is None:
                # The answer depends on the document, which may be ahead of the log now.
                return list(deferred.put(submission))
            if why := why or self._membership.objection(submission):
                return list(rejected(self.name, submission, why))
        pending = self._queue.pending
        pending.append(submission)
        return WANT_BATCH if len(pending) == 1 and lifecycle.phase.is_settled else _NOTHING

    @property
    def may_merge(self) -> bool:
        """True if `take_batch` would take anything."""
        return bool(self._queue.pending or self._queue.taken) and self._lifecycle.phase.is_settled

    def take_batch(self, max_events: int, max_bytes: int) -> Sequence[Submission]:
        """Take the next batch; if it has something, `merge` or `CommitFailed` must follow."""
        queue, lifecycle = self._queue, self._lifecycle
        if not lifecycle.phase.is_settled or not (queue.pending or queue.taken):
            return ()
        lifecycle.phase = Phase.TAKEN
        return queue.take(self.document, max_events, max_bytes)

    def prepare(self) -> Questions | None:
        """Return the questions of the batch to the log; None: there are none.

        The history that they ask for ends at `oldest_base`.
        """
        return self.document.questions(self._queue.taken, is_retry=self._queue.failures > 0)

    def merge(self, found: Followed, lookup: Lookup, now_ms: int) -> Draft:
        """Merge the batch on top of what the log has.

        The document is ahead of the log from here until `Committed`.

        Args:
            found: the locked head, the events after `version`, and the authors if there are any.
            lookup: the answers to the questions of `prepare`.

        Raises:
            ReplicaBrokenError: the batch is not merged; hand the fact `CommitFailed` to the room.
                The submission that made the replica fail is not tried again.
        """
        lifecycle, queue = self._lifecycle, self._queue
        if lifecycle.phase is not Phase.TAKEN and queue.taken:
            raise ReplicaBrokenError("the document was loaded anew after the batch was taken")
        if lifecycle.phase is not Phase.ENDED:
            lifecycle.phase = Phase.MERGING
        return queue.merge(self.document, found, lookup, now_ms)

    # --- after the commit -----------------------------------------------------------------------

    def _committed(self, now_ms: int) -> list[Effect]:
        lifecycle, queue, before = self._lifecycle, self._queue, self.text
        if lifecycle.phase is Phase.ENDED:
            return []
        assert lifecycle.phase is Phase.MERGING, "nothing was merged"
        lifecycle.phase = Phase.SETTLED
        self.advance()
        effects = self._fan_out.batch(
            queue.foreign, queue.own, queue.merged, before, is_corrected=self.document.has_corrected
        )
        queue.settle()
        if self.document.left_out:
            self._membership.note_left_out(self.document.left_out)
        is_late = queue.pending or self._deferred.facts or self._membership.behind
        if is_late or self._presence.has_early:
            effects += self._presence.audible(self._resume(now_ms), now_ms)
        return effects

    def _resume(self, now_ms: int) -> Iterator[Effect]:
        """Handle the facts that were deferred while the room was not settled."""
        yield from self._membership.bring_up()
        for fact in self._deferred.take():
            yield from self._handle(fact, now_ms)
        if self._lifecycle.phase.is_settled and self._presence.has_early:
            yield from self._presence.text_changed(now_ms)
        if (self._queue.pending or self._queue.taken) and self._lifecycle.phase.is_settled:
            yield WantBatch()

    # --- what other processes append ------------------------------------------------------------

    def _found(self, followed: Followed | None, now_ms: int) -> Iterator[Effect]:
        """Take the answer to a look."""
        number, announced = self._following.end_look()
        is_whole = True
        if followed is not None:
            yield from self._follow(followed, now_ms)
            is_whole = not self._following.is_looking
        if not self._lifecycle.phase.is_settled:
            return
        if announced > self.version:
            yield from self._following.look(self.version)
        if is_whole:
            self._following.complete(number)
        if self._following.has_clients_ahead:
            yield from self._resume(now_ms)

    def _follow(self, found: Followed, now_ms: int) -> Iterator[Effect]:
        """Follow the events that a look found; order another look if there are more."""
        head = found.document
        if head.deleted_at_ms is not None:
            yield from self._finish(_DELETED)
            return
        text_before = self.text
        try:
            if head.epoch != self.epoch:
                raise ReplicaBrokenError("the log was rewound")
            records = self.follow(found)
        except ReplicaBrokenError:
            yield from self._recovery.load_anew()
            return
        if not records:
            return
        yield from self._fan_out.batch(records, (), (), text_before)
        released = self._queue.release(self.document)
        self._queue.pending.extendleft(reversed(released))
        if head.version > self.version:
            yield from self._following.look(self.version)
        yield from self._presence.text_changed(now_ms)
        if released and self._lifecycle.phase.is_settled:
            yield WantBatch()

    # --- when the store or the replica fails ----------------------------------------------------

    def _guarded(self, effects: Iterator[Effect]) -> Iterator[Effect]:
        """Pass effects on; if the replica fails while they are made, load the document again."""
        try:
            yield from effects
        except ReplicaBrokenError:
            yield from self._recovery.fail()

    def _reopened(self, opened: Opened, now_ms: int) -> Iterator[Effect]:
        epoch = self.epoch
        if not (yield from self._recovery.reopen(opened)):
            yield from self._finish(BROKEN)
        elif self._lifecycle.phase is not Phase.LOST:
            if self.epoch != epoch:
                # The log was rewound: the members have another history.
                self._check.forget()
                self._presence.clear_cursors()
                yield from self._membership.join_anew(now_ms)
            yield from self._resume(now_ms)

    # --- the end --------------------------------------------------------------------------------

    def _finish(self, why: Refusal) -> Iterator[Effect]:
        """Refuse all waiting submissions, and end all memberships."""
        self._lifecycle.finish(why)
        joining = sorted(self._deferred.joining)
        self._queue.pending.extend(self._deferred.submissions())
        self._deferred.take()
        self._queue.pending.extend(self._queue.parking.clear())
        yield from self._recovery.refuse_all(why)
        self._following.clear()
        yield from self._membership.expel(why, joining)
