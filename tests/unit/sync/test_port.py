"""The records of the store's contract, as far as they compute anything."""

import pytest

from sync.port import DocumentRecord


@pytest.mark.parametrize(
    ("title", "derived", "shown"),
    [("Notes", "Heading", "Notes"), ("", "Heading", "Heading"), ("", "", "")],
)
def test_title_that_a_user_has_set_is_shown_before_the_derived_one(
    title: str, derived: str, shown: str
) -> None:
    record = DocumentRecord(
        key=1,
        name="notes",
        title=title,
        text_root="content",
        epoch="9f86d081884c7d65",
        version=3,
        crdt_client_id=7,
        owner_id="open-1f",
        created_at_ms=0,
        updated_at_ms=0,
        derived_title=derived,
    )
    assert record.shown_title == shown
