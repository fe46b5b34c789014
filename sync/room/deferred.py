"""The facts that a room defers until it is settled, in order and bounded."""

from collections.abc import Iterator
from typing import Final

from sync.effect import Deliver, Effect, error
from sync.error import ErrorCode
from sync.fact import (
    Announced,
    AskAwareness,
    AskState,
    CheckText,
    Fact,
    Join,
    MoveCursor,
    RelayReceived,
    SendStateless,
    SetAwareness,
    SetRole,
    Tick,
)
from sync.permission import Action, may
from sync.submission import Submission, TextSubmission, UpdateSubmission
from sync.wire.message import Checked

_MAX_FACTS: Final = 1_000
"""The most deferred facts; beyond it facts about presence are dropped."""
MAX_KEPT_ASKS: Final = 8
"""The most joins of one session that may wait for the room to settle; likewise its questions
about awareness.
"""
_DROPPABLE: Final = (
    SetAwareness,
    MoveCursor,
    AskAwareness,
    SendStateless,
    Announced,
    RelayReceived,
)
_OfSession = (
    Submission
    | Join
    | SetRole
    | MoveCursor
    | SetAwareness
    | AskAwareness
    | AskState
    | SendStateless
    | CheckText
)


class Deferred:
    """One room's deferred facts.

    Args:
        name: the document's name.
    """

    __slots__ = ("_name", "facts", "joining")

    def __init__(self, name: str) -> None:
        self._name = name
        self.facts: list[Fact] = []
        self.joining: dict[str, None] = {}
        """The sessions whose join is deferred."""

    def put(self, fact: Fact) -> Iterator[Effect]:
        """Defer a fact, or refuse to."""
        if isinstance(fact, CheckText):
            yield Deliver((fact.session,), Checked(self._name, fact.version, None))
        elif isinstance(fact, Join | AskAwareness) and self._asks_too_much(fact):
            # Each would be answered with the whole awareness.
            if isinstance(fact, Join):
                text = "The last joins have no answer yet."
                yield error(self._name, fact.session, ErrorCode.RATE_LIMITED, text)
        elif not isinstance(fact, Tick) and (
            len(self.facts) < _MAX_FACTS or not isinstance(fact, _DROPPABLE)
        ):
            self.facts.append(fact)
            if isinstance(fact, Join):
                self.joining[fact.session] = None

    def take(self) -> list[Fact]:
        """Take out all facts, to be handled now."""
        facts, self.facts = self.facts, []
        self.joining.clear()
        return facts

    def drop(self, session: str) -> list[Submission]:
        """Take out the facts of one session; return the submissions among them."""
        facts, self.facts = self.facts, []
        submissions: list[Submission] = []
        for fact in facts:
            if not isinstance(fact, _OfSession) or fact.session != session:
                self.facts.append(fact)
            elif isinstance(fact, TextSubmission | UpdateSubmission):
                submissions.append(fact)
        self.joining.pop(session, None)
        return submissions

    def lowers(self, session: str) -> bool:
        """Return whether a deferred fact gives a session a role that allows no writing."""
        return any(
            isinstance(fact, Join | SetRole)
            and fact.session == session
            and not may(fact.role, Action.WRITE)
            for fact in self.facts
        )

    def submissions(self) -> list[Submission]:
        """Return the deferred submissions, in order."""
        return [fact for fact in self.facts if isinstance(fact, TextSubmission | UpdateSubmission)]

    def _asks_too_much(self, fact: Join | AskAwareness) -> bool:
        asked = sum(
            type(each) is type(fact) and each.session == fact.session
            for each in self.facts
            if isinstance(each, Join | AskAwareness)
        )
        return asked >= MAX_KEPT_ASKS
