"""The reactions of a text-mode client to an error of the server, as pure rules."""

from enum import Enum, auto
from typing import Final

from sync.error import ErrorCode, Refusal

MAX_REBASED: Final = 3
"""The number of times that one edit is given a new id and base."""


class Reaction(Enum):
    """The next step of a document after an error about it, or about its edit in flight."""

    IGNORE = auto()
    """Go on: the error was about a cursor, or about something that is over."""
    REJOIN_LATER = auto()
    """Wait, then join again."""
    RESEND_LATER = auto()
    """Wait, then send the same edit again."""
    REBASE = auto()
    """Send the edit under a new id, on the version that is here."""
    WITHDRAW = auto()
    """Take the edit out of the text shown, and tell its author."""
    END = auto()
    """Give the document up."""


def reaction_to_document_error(why: Refusal, *, is_joining: bool, is_joined: bool) -> Reaction:
    """Return the reaction to an error that names the document, and no edit.

    Args:
        is_joining: a join has no answer yet.
        is_joined: the document has been joined on this connection.
    """
    match why.code:
        case ErrorCode.BASE_UNKNOWN | ErrorCode.OUT_OF_RANGE:
            # It was about a cursor, perhaps one from before this join.
            return Reaction.IGNORE
        case ErrorCode.INVALID_MESSAGE if is_joined:
            return Reaction.IGNORE
        case ErrorCode.NOT_JOINED if not is_joining:
            return Reaction.REJOIN_LATER
        case _ if is_joining and not why.retryable:
            return Reaction.END
        case ErrorCode.UNKNOWN_DOCUMENT:
            return Reaction.END
        case ErrorCode.STORE_UNAVAILABLE:
            # The document was closed on the server, and this session is out of it.
            return Reaction.REJOIN_LATER
        case _:
            return Reaction.REJOIN_LATER if is_joining else Reaction.IGNORE


def reaction_to_edit_error(why: Refusal, rebased: int) -> Reaction:
    """Return the reaction to an error that names the edit in flight: it was not logged.

    Args:
        rebased: the number of times that it was given a new id already.
    """
    match why.code:
        case ErrorCode.NOT_JOINED:
            return Reaction.REJOIN_LATER
        case ErrorCode.UNKNOWN_DOCUMENT:
            return Reaction.END
        case _ if why.retryable:
            return Reaction.RESEND_LATER
        case ErrorCode.BASE_UNKNOWN if rebased < MAX_REBASED:
            # The client was away for longer than the server looks back; here the edit has been
            # carried along.
            return Reaction.REBASE
        case _:
            return Reaction.WITHDRAW
