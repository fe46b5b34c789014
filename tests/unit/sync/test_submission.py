"""`sync.submission`: digests that tell a resend from another edit under the same id."""

from sync.submission import named_digest, text_digest, update_digest


def test_digest_is_16_bytes_and_the_same_for_the_same_content() -> None:
    for digest in (
        text_digest("text_insert", 1, (2, "x")),
        update_digest(b"u"),
        named_digest("a", "b"),
    ):
        assert len(digest) == 16
    assert text_digest("text_insert", 1, (2, "x")) == text_digest("text_insert", 1, [2, "x"])


def test_digest_differs_with_every_part_of_a_text_event() -> None:
    others = [
        text_digest("text_edit", 1, (2, "x")),
        text_digest("text_insert", 2, (2, "x")),
        text_digest("text_insert", None, (2, "x")),
        text_digest("text_insert", 1, (2, "y")),
        # An inserted digit is no count.
        text_digest("text_insert", 1, ("2", "x")),
        text_digest("text_insert", 1, (2, "x", 1)),
        text_digest("text_insert", 1, (-2, "x")),
    ]
    assert len({text_digest("text_insert", 1, (2, "x")), *others}) == len(others) + 1


def test_update_and_named_submission_of_the_same_bytes_differ() -> None:
    assert update_digest(b"restore\0001") != named_digest("restore", "1")
    assert named_digest("restore", "1") != named_digest("restore", "2")
