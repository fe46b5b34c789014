"""The members of a room: joining, leaving, roles, and the feed of each."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from itertools import count

from msgspec import UNSET

from sync.document.outcome import may_not_write
from sync.effect import Deliver, Dismiss, Effect, Notice, error, rejected
from sync.error import ErrorCode, Refusal, refusal
from sync.fact import AskState, Drained, Join, Lagging, PageRead, PageUnreadable, SetRole
from sync.member import user_info
from sync.names import Role
from sync.permission import Action, may
from sync.room.feed import Feed, FeedState, acks_of_earlier_join
from sync.room.participant import Participant
from sync.room.room_presence import RoomPresence
from sync.room.submission_queue import SubmissionQueue
from sync.room.view import View
from sync.submission import Submission, UpdateSubmission
from sync.wire.message import (
    Ack,
    Joined,
    MemberJoined,
    MemberLeft,
    Resync,
    RoleChanged,
    SyncReply,
    Updates,
)
from sync.yjs.replica import ReplicaBrokenError
from sync.yjs.statevector import decode_state_vector
from sync.yjs.varint import MalformedError


class Membership:
    """The members of one room, and the feed of each."""

    def __init__(self, view: View, queue: SubmissionQueue, presence: RoomPresence) -> None:
        self._view = view
        self._queue = queue
        self._presence = presence
        self.behind: dict[str, None] = {}
        """The sessions whose feeds wait until the room is settled."""
        self._numbers = count()

    # --- joining and leaving --------------------------------------------------------------------

    def join(self, fact: Join, now_ms: int) -> Iterator[Effect]:
        """Make a session a member; one that is a member gets a new membership."""
        view = self._view
        before = view.members.get(fact.session)
        if before is None and len(view.members) >= view.limits.max_members:
            full = refusal(ErrorCode.RATE_LIMITED, "The room is full.")
            yield from self.dismiss(fact.session, full)
            return
        yield from self._presence.before_join(now_ms)
        others = tuple(view.members)  # used only if the session is none of them
        since = fact.since if fact.epoch == view.epoch else None
        if since is not None and not view.replayable_from <= since <= view.version:
            since = None
        member = self._participant(fact, before, since)
        view.audience.put(member)
        if member.takes is None:
            yield from self.withdraw(member.session, member.role)
        yield from self._presence.announce(member)
        yield from self._answer(member, since)
        yield from self._presence.joined(member, before, now_ms)
        if others and before is None:
            message = MemberJoined(view.name, member.session, user_info(member.user), member.mode)
            yield Notice(others, message)

    def _participant(
        self, fact: Join, before: Participant | None, since: int | None
    ) -> Participant:
        feed = Feed(
            self._view.name,
            fact.session,
            fact.mode,
            fact.encoding,
            self._numbers,
            turned=self._view.audience.feed_turned,
        )
        self.behind.pop(fact.session, None)
        start = self._view.version if since is None else since
        withheld: list[Ack] = []
        if before is not None:
            withheld = acks_of_earlier_join(before.feed.withheld, start)
        if since is not None or withheld:
            feed.fall_behind(start, withheld)
            self.behind[fact.session] = None
        return Participant(
            fact.session,
            fact.user,
            fact.role,
            fact.mode,
            fact.encoding,
            fact.dialect,
            feed=feed,
            echo=fact.dialect != "quire" or self._queue.has_of(fact.session),
        )

    def _answer(self, member: Participant, since: int | None) -> Iterator[Effect]:
        """Send `joined` and the messages that follow it.

        Args:
            since: the version that the member has and from which it is brought up; None: none.
        """
        view, session = self._view, member.session
        native, full = member.dialect == "quire", since is None
        yield Deliver(
            (session,),
            Joined(
                doc=view.name,
                epoch=view.epoch,
                version=view.version,
                role=member.role,
                recovered=not full,
                members=[
                    *[each.info for each in view.members.values()],
                    *view.guests.values(),
                ],
                text=view.text if full and member.mode == "text" else UNSET,
                state=view.document.state() if full and native and member.mode == "yjs" else UNSET,
            ),
            upto=view.version if since is None else since,
        )
        if not native:
            # Such a client asks for what it lacks (`AskState`), and sends what the log lacks.
            yield Deliver((session,), Resync(view.name, view.document.state_vector()))
        yield from self.bring_up((session,))

    def leave(self, session: str, now_ms: int, *, is_untold: bool = False) -> Iterator[Effect]:
        """End a session's membership; its parked updates are refused.

        Args:
            is_untold: True if the other members are not told; other processes are.
        """
        member = self._view.audience.remove(session)
        self.behind.pop(session, None)
        why = refusal(ErrorCode.NOT_JOINED, "The session has left the document.")
        for submission in self._queue.parking.drop(session):
            yield from rejected(self._view.name, submission, why)
        self._view.announced_ids.leave(session, self._queue.has_of)
        if member is None:
            return
        yield from self._presence.left(session, now_ms, is_untold=is_untold)
        rest = tuple(self._view.members)
        if rest and not is_untold:
            yield Notice(rest, MemberLeft(self._view.name, session, user_info(member.user)))

    def set_role(self, fact: SetRole) -> Iterator[Effect]:
        """Give a member another role.

        If it may not write any more, its unmerged submissions are refused. If it may write from now
        on, it is asked for what it wrote while it might not: its replica has that, and what it
        writes next builds on it.
        """
        view, member = self._view, self._view.members.get(fact.session)
        if member is None or member.role == fact.role:
            return
        could_write = member.takes is not None
        member.take_role(fact.role)
        yield Deliver((fact.session,), RoleChanged(view.name, fact.role))
        if member.takes is None:
            yield from self.withdraw(member.session, member.role)
        elif not could_write and member.mode == "yjs":
            yield Deliver((fact.session,), Resync(view.name, view.document.state_vector()))

    def withdraw(self, session: str, role: Role, *, is_merged: bool = False) -> Iterator[Effect]:
        """Refuse the unmerged submissions of a session whose role allows none any more.

        Args:
            is_merged: True if the batch is merged, and may be committed at any moment.
        """
        for submission in self._queue.withdraw(session, role, is_merged=is_merged):
            yield from rejected(self._view.name, submission, may_not_write(role))

    def expel(self, why: Refusal, joining: Iterable[str]) -> Iterator[Effect]:
        """End all memberships, and refuse the sessions whose join waits."""
        for session in dict.fromkeys((*self._view.members, *joining)):
            yield from self.dismiss(session, why)
        self._view.audience.clear()
        self.behind.clear()

    def dismiss(self, session: str, why: Refusal) -> Iterator[Effect]:
        """End a session's place in the room, and tell it the reason."""
        yield error(self._view.name, session, why.code, why.message)
        yield Dismiss(session)

    def join_anew(self, now_ms: int) -> Iterator[Effect]:
        """Join every member again, after the history that it has seen was rewound."""
        members = list(self._view.members.values())
        self._view.audience.clear()
        self.behind.clear()
        for member in members:
            fact = Join(
                member.session,
                member.user,
                member.role,
                member.mode,
                encoding=member.encoding,
                dialect=member.dialect,
            )
            yield from self.join(fact, now_ms)

    # --- submissions ----------------------------------------------------------------------------

    def objection(self, submission: Submission) -> Refusal | None:
        """Return the refusal of a submission that its sender may not make; None if it may."""
        if submission.role is not None:
            return None if may(submission.role, Action.WRITE) else may_not_write(submission.role)
        member = self._view.members.get(submission.session)
        if member is None:
            return refusal(ErrorCode.NOT_JOINED, "The document is not joined.")
        if member.takes is None:
            return self._objection_to_reader(submission, member)
        expected = "yjs" if isinstance(submission, UpdateSubmission) else "text"
        if member.mode != expected:
            text = f"The document is joined in {member.mode} mode; this takes {expected} mode."
            return refusal(ErrorCode.INVALID_MESSAGE, text)
        return None

    def _objection_to_reader(self, submission: Submission, member: Participant) -> Refusal | None:
        """Return the refusal of a member that may not write; None: it would change nothing.

        What its Yjs client answers to a sync step 1, for one, is no attempt to write.
        """
        if (
            isinstance(submission, UpdateSubmission)
            and member.mode == "yjs"
            and self._view.document.has_all_of(submission.update)
        ):
            return None
        return may_not_write(member.role)

    # --- feeds ----------------------------------------------------------------------------------

    def lag(self, fact: Lagging) -> None:
        """Send a member nothing more of the log, since its outbox is full."""
        member = self._view.members.get(fact.session)
        if member is not None:
            member.feed.lag()
            self.behind.pop(fact.session, None)

    def drain(self, fact: Drained) -> None:
        """Note the version that a member has, now that its outbox is empty."""
        member = self._view.members.get(fact.session)
        if member is not None:
            member.feed.fall_behind(fact.version, fact.acks)
            self.behind[fact.session] = None

    def take_page(self, fact: PageRead | PageUnreadable) -> Generator[Effect, None, bool]:
        """Send a member a page of the log, if it is still wanted.

        Returns:
            False if the page could not be read or sent: the member is dismissed, and has to leave.
        """
        session = fact.session
        if not self.awaits_page(session, fact.order):
            return True
        feed = self._view.members[session].feed
        gone_upto = feed.merged_upto(fact.records) if isinstance(fact, PageRead) else fact.gone_upto
        if isinstance(fact, PageRead) and not gone_upto:
            try:
                yield from feed.take_page(fact.order, fact.records, fact.text)
                if feed.state is FeedState.BEHIND:
                    self.behind[session] = None
                return True
            except ReplicaBrokenError:
                pass  # its updates cannot be merged
        else:
            # It joins again, from the same version.
            self._view.replayable_from = max(self._view.replayable_from, gone_upto)
        text = "What you missed cannot be read now."
        yield from self.dismiss(session, refusal(ErrorCode.STORE_UNAVAILABLE, text))
        return False

    def awaits_page(self, session: str, order: int) -> bool:
        """Return True if the pages of that order are still wanted."""
        member = self._view.members.get(session)
        return member is not None and member.feed.awaits(order)

    def fall_behind(self, version: int) -> None:
        """Note that members with live feeds were sent nothing after a version."""
        for member in self._view.members.values():
            if member.feed.is_live:
                member.feed.fall_behind(version)
                self.behind[member.session] = None

    def bring_up(self, sessions: Iterable[str] | None = None) -> Iterator[Effect]:
        """Send members the events that they lack, from memory or, if older, from the log.

        Args:
            sessions: only these members; None: all.
        """
        view = self._view
        for session in list(self.behind) if sessions is None else sessions:
            if session in self.behind:
                del self.behind[session]
                feed = view.members[session].feed
                records = view.document.window.after(feed.version, view.version)
                yield from feed.bring_up(records, view.version, is_wide=view.has_pairs)

    # --- questions of Yjs clients ---------------------------------------------------------------

    def tell_state(self, fact: AskState) -> Iterator[Effect]:
        """Send a Yjs session the state that its state vector lacks."""
        view = self._view
        if fact.session not in view.members:
            return
        try:
            clocks = decode_state_vector(
                fact.state_vector,
                max_bytes=view.limits.max_state_vector_bytes,
                max_clients=view.limits.max_state_vector_clients,
            )
        except MalformedError as problem:
            text = f"Not a state vector: {problem}."
            yield error(view.name, fact.session, ErrorCode.INVALID_MESSAGE, text)
            return
        cut = view.document.cut_pairs()
        if cut is not None:
            yield Deliver((fact.session,), Updates(view.name, view.version, view.version, cut))
        yield Deliver((fact.session,), SyncReply(view.name, view.document.state_since(clocks)))

    def ask_for_missing(self, now_ms: int) -> Iterator[Effect]:
        """Refuse updates that were parked too long, and ask the senders of the others to resync."""
        view, parking = self._view, self._queue.parking
        for submission in parking.expire(now_ms):
            text = "What the update builds on did not come; resync, then send it again."
            why = Refusal(ErrorCode.MALFORMED_UPDATE, text, retryable=True)
            yield from rejected(view.name, submission, why)
        for session, since_ms in parking.waiting_since().items():
            member = view.members.get(session)
            if member is None or now_ms - since_ms < view.limits.resync_after_ms:
                continue
            asked = member.resync_at_ms
            if asked is None or now_ms - asked >= view.limits.parked_ms:
                member.resync_at_ms = now_ms
                yield Deliver((session,), Resync(view.name, view.document.state_vector()))
        clocks = view.document.clocks
        for member in view.members.values():
            left_out = member.left_out
            if not left_out:
                continue
            there = [client for client, clock in left_out.items() if clocks.get(client, 0) >= clock]
            for client in there:
                del left_out[client]
            if there:
                vector = view.document.state_vector()
                yield Deliver((member.session,), Resync(view.name, vector))

    def note_left_out(self, left_out: Mapping[str, Mapping[int, int]]) -> None:
        """Remember the deletions that members have to send again; see `DocumentState.left_out`."""
        for session, clocks in left_out.items():
            member = self._view.members.get(session)
            if member is not None:
                member.left_out = {**member.left_out, **clocks}
