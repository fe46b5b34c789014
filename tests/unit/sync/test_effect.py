"""`sync.effect`: how a room refuses, as effects."""

from msgspec import UNSET

from sync.effect import Deliver, Settled, error, refused, rejected
from sync.error import ErrorCode, Refusal
from sync.submission import UpdateSubmission
from sync.user import User
from sync.wire.message import ErrorMessage

ANN = User("u1", "Ann", "#111111")
UPDATE = UpdateSubmission("s1", ANN, "e1", b"update", b"digest", 77)


def test_error_about_a_document_names_no_edit() -> None:
    told = error("notes", "s1", ErrorCode.FORBIDDEN, "No.")
    assert told == Deliver(
        ("s1",), ErrorMessage(ErrorCode.FORBIDDEN, "No.", False, doc="notes", id=UNSET)
    )
    assert not told.droppable


def test_refusal_goes_to_the_sender_alone_and_names_the_edit() -> None:
    why = Refusal(ErrorCode.RATE_LIMITED, "Slowly.", True, 2.5)
    assert refused("notes", UPDATE, why) == Deliver(
        ("s1",),
        ErrorMessage(
            ErrorCode.RATE_LIMITED, "Slowly.", True, doc="notes", id="e1", retry_after_s=2.5
        ),
    )


def test_refusal_without_a_time_gives_none() -> None:
    why = Refusal(ErrorCode.READ_ONLY, "Later.", True)
    message = refused("notes", UPDATE, why).message
    assert isinstance(message, ErrorMessage)
    assert message.retry_after_s is UNSET


def test_rejected_submission_is_settled_before_its_sender_is_told() -> None:
    why = Refusal(ErrorCode.READ_ONLY, "Later.", True)
    assert list(rejected("notes", UPDATE, why)) == [
        Settled("s1", 77),
        refused("notes", UPDATE, why),
    ]
