"""sync.room.participant: the submissions that a role and a mode allow."""

from itertools import count

import pytest

from sync.names import Mode, Role
from sync.room.feed import Feed
from sync.room.participant import Participant
from sync.submission import TextSubmission, UpdateSubmission
from tests.unit.sync.room.driven_room import ANN


@pytest.mark.parametrize(
    ("role", "mode", "takes"),
    [
        ("owner", "text", TextSubmission),
        ("editor", "yjs", UpdateSubmission),
        ("commenter", "text", None),
        ("viewer", "yjs", None),
    ],
)
def test_member_takes_what_its_role_and_mode_allow(
    role: Role, mode: Mode, takes: type | None
) -> None:
    feed = Feed("notes", "s1", mode, "codepoint", count(), turned=lambda: None)
    member = Participant("s1", ANN, role, mode, "codepoint", feed=feed)
    assert member.takes is takes
    member.take_role("viewer")
    assert member.takes is None
    member.take_role("editor")
    assert member.takes is (UpdateSubmission if mode == "yjs" else TextSubmission)
