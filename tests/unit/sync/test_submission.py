"""sync.submission: digests tell the contents of submissions apart."""

import pytest

from sync.submission import named_digest, text_digest, update_digest


@pytest.mark.p3
def test_text_digest_is_of_the_content_as_first_sent() -> None:
    first = text_digest("text_edit", 4, (2, "a", -1))
    assert first == text_digest("text_edit", 4, (2, "a", -1))
    assert len(first) == 16
    others = [
        text_digest("text_insert", 4, (2, "a", -1)),
        text_digest("text_edit", 5, (2, "a", -1)),
        text_digest("text_edit", None, (2, "a", -1)),
        text_digest("text_edit", 4, (2, "a", 1)),
        text_digest("text_edit", 4, (2, "a", "-1")),
        text_digest("text_edit", 4, ("2", "a", -1)),
        text_digest("text_edit", 4, (2, "a")),
    ]
    assert len({first, *others}) == 1 + len(others)


@pytest.mark.p3
def test_digests_of_different_kinds_differ() -> None:
    assert update_digest(b"1") != update_digest(b"2")
    assert len({named_digest("restore", "1"), named_digest("put_text", "1"), update_digest(b"1"),
                named_digest("restore", "2")}) == 4  # fmt: skip
