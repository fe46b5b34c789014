"""`sync.client.reaction`: the next step after an error, as a table."""

import pytest

from sync.client.reaction import (
    MAX_REBASED,
    Reaction,
    reaction_to_document_error,
    reaction_to_edit_error,
)
from sync.error import ErrorCode, Refusal


@pytest.mark.parametrize(
    ("code", "retryable", "phase", "reaction"),
    [
        (ErrorCode.FORBIDDEN, False, "joining", Reaction.END),
        (ErrorCode.UNKNOWN_DOCUMENT, False, "joined", Reaction.END),
        (ErrorCode.RATE_LIMITED, True, "joining", Reaction.REJOIN_LATER),
        (ErrorCode.STORE_UNAVAILABLE, True, "joined", Reaction.REJOIN_LATER),
        (ErrorCode.NOT_JOINED, False, "joined", Reaction.REJOIN_LATER),
        (ErrorCode.NOT_JOINED, False, "waiting", Reaction.REJOIN_LATER),
        (ErrorCode.NOT_JOINED, False, "joining", Reaction.END),
        (ErrorCode.BASE_UNKNOWN, False, "joining", Reaction.IGNORE),
        (ErrorCode.OUT_OF_RANGE, False, "joined", Reaction.IGNORE),
        (ErrorCode.INVALID_MESSAGE, False, "joined", Reaction.IGNORE),
        (ErrorCode.INVALID_MESSAGE, False, "joining", Reaction.END),
        (ErrorCode.RATE_LIMITED, True, "joined", Reaction.IGNORE),
    ],
)
def test_reaction_to_an_error_about_a_document(
    code: ErrorCode, phase: str, reaction: Reaction, *, retryable: bool
) -> None:
    why = Refusal(code, "text", retryable)
    found = reaction_to_document_error(
        why, is_joining=phase == "joining", is_joined=phase == "joined"
    )
    assert found is reaction


@pytest.mark.parametrize(
    ("code", "retryable", "rebased", "reaction"),
    [
        (ErrorCode.NOT_JOINED, False, 0, Reaction.REJOIN_LATER),
        (ErrorCode.UNKNOWN_DOCUMENT, False, 0, Reaction.END),
        (ErrorCode.RATE_LIMITED, True, 0, Reaction.RESEND_LATER),
        (ErrorCode.STORE_UNAVAILABLE, True, 0, Reaction.RESEND_LATER),
        (ErrorCode.BASE_UNKNOWN, False, 0, Reaction.REBASE),
        (ErrorCode.BASE_UNKNOWN, False, MAX_REBASED, Reaction.WITHDRAW),
        (ErrorCode.READ_ONLY, False, 0, Reaction.WITHDRAW),
        (ErrorCode.DUPLICATE_ID, False, 0, Reaction.WITHDRAW),
    ],
)
def test_reaction_to_an_error_about_the_edit_in_flight(
    code: ErrorCode, rebased: int, reaction: Reaction, *, retryable: bool
) -> None:
    assert reaction_to_edit_error(Refusal(code, "text", retryable), rebased) is reaction
