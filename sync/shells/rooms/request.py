"""Requests to write, from HTTP or a program: each is one submission with one reply."""

import asyncio
from functools import partial

from sync.error import ErrorCode, QuireError
from sync.limit import Limits
from sync.room.room import Room
from sync.shells.rooms.executor import Executor
from sync.shells.rooms.quota import Quotas
from sync.shells.rooms.reply import Reply
from sync.submission import Submission
from sync.user import User
from sync.wire.message import Ack, ErrorMessage


class Requests:
    """The requests of one process that wait for a commit, bounded for each user (P7)."""

    def __init__(self, limits: Limits, executor: Executor) -> None:
        self._executor = executor
        self._replies = executor.replies
        self._quotas = Quotas(limits)

    async def submit(self, room: Room, submission: Submission) -> Ack:
        """Submit for a request, and wait; returns only after the commit.

        Cancelling ends the waiting, not the submission, which counts against its user's quota until
        it is settled.

        Args:
            submission: its `session` is used by this request alone; its `role` is the one that the
                user was granted.

        Raises:
            QuireError: the submission was refused; `rate_limited` if the user has too many under
                way or has submitted too many lately.
            ValueError: another request with the same session id waits for its answer.
        """
        session, user_id, size_bytes = submission.session, submission.user.id, submission.size
        assert submission.role is not None, "a request says what its user may do"
        if session in self._replies:
            raise ValueError(f"a request with the session id {session!r} is under way")
        why = self._quotas.begin(user_id, size_bytes, _steady_ms())
        if why is not None:
            raise QuireError.of(why)
        reply = self._replies[session] = Reply(
            room,
            settled=partial(self._quotas.settle, user_id, size_bytes),
            answered=partial(self._forget, session),
        )
        self._executor.take(room, submission)
        return await reply.wait()

    def require_quota(self, user: User) -> None:
        """Raise `QuireError` (`rate_limited`) if `submit` would now refuse a user's next edit."""
        why = self._quotas.objection(user.id, _steady_ms())
        if why is not None:
            raise QuireError.of(why)

    def _forget(self, session: str) -> None:
        del self._replies[session]

    def refuse_all(self) -> None:
        """Refuse every waiting request, since nothing is committed any more."""
        text = "The server is stopping."
        why = ErrorMessage(ErrorCode.STORE_UNAVAILABLE, text, retryable=True)
        for reply in list(self._replies.values()):
            reply.settle()
            reply.take(why)


def _steady_ms() -> int:
    return int(asyncio.get_running_loop().time() * 1_000)
