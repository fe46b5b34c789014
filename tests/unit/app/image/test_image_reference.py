"""References to images: found in every version, however they came to be there."""

from hypothesis import given
from hypothesis import strategies as st

from app.image.image_reference import (
    DIGEST_CHARS,
    DigestWalk,
    Fate,
    digests_in,
    fate,
    moved_references,
)
from sync.text.delta import Delta, apply, canonical

ONE, OTHER = "a1" * 32, "0f" * 32
DAY_MS = 86_400_000


def test_digests_are_found_wherever_they_stand() -> None:
    text = f"![x](/api/documents/notes/files/{ONE}.png) {OTHER.upper()} {OTHER}"
    assert digests_in(text) == {ONE, OTHER}
    assert ONE in digests_in(f"f{ONE}f"), "in the midst of other digits too"
    assert digests_in(ONE[1:]) == set()


def test_digest_that_is_typed_letter_by_letter_is_found() -> None:
    walk = DigestWalk("")
    for at, letter in enumerate(ONE):
        assert walk.found == set()
        walk.take((at, letter) if at else (letter,))
    assert walk.found == {ONE}


def test_digest_that_a_deletion_puts_together_is_found() -> None:
    walk = DigestWalk(f"{ONE[:30]} in the way {ONE[30:]}")
    walk.take((30, -len(" in the way ")))
    assert walk.found == {ONE}


@given(st.data())
def test_walk_finds_what_any_version_has(data: st.DataObject) -> None:
    """The walk, which looks at surroundings alone, against looking at each text as a whole.

    Seen to catch: looking only at the ends of an insertion, surroundings one digit too short,
    deletions that are not looked at.
    """
    pieces = st.sampled_from(["", "-", ONE[:20], ONE[20:], ONE, OTHER[:63], "f", "0", "x" * 200])
    text = data.draw(pieces)
    walk = DigestWalk(text)
    expected = digests_in(text)
    for _ in range(data.draw(st.integers(1, 12))):
        ops = _edit(data, text, pieces)
        text = apply(text, ops)
        walk.take(ops)
        expected |= digests_in(text)
    assert walk.found == expected


def _edit(data: st.DataObject, text: str, pieces: st.SearchStrategy[str]) -> Delta:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 70)))
    inserted = data.draw(pieces)
    return canonical([op for op in (begin, inserted, begin - end) if op not in (0, "")])


@given(
    is_referenced=st.booleans(),
    has_document=st.booleans(),
    age_ms=st.integers(-DAY_MS, 30 * DAY_MS),
    grace_ms=st.integers(0, 14 * DAY_MS),
)
def test_only_what_nothing_refers_to_and_is_old_enough_is_looked_at(
    *, is_referenced: bool, has_document: bool, age_ms: int, grace_ms: int
) -> None:
    found = fate(
        is_referenced=is_referenced,
        has_document=has_document,
        uploaded_at_ms=1_000 * DAY_MS,
        now_ms=1_000 * DAY_MS + age_ms,
        grace_ms=grace_ms,
    )
    assert (found is Fate.REMOVE) == (not has_document)
    if has_document:
        assert (found is Fate.LOOK) == (not is_referenced and age_ms >= grace_ms)


def test_digest_is_as_long_as_a_sha_256() -> None:
    assert len(ONE) == DIGEST_CHARS


def test_references_of_a_duplicate_are_to_its_own_images() -> None:
    own, other = "a" * 64, "b" * 64
    text = (
        f"![x](/api/documents/a:b/files/{own}.png) ![](./pad/api/documents/a%3Ab/files/{own}.png)"
        f" ![y](/api/documents/a.b/files/{other}.png) /api/documents/a:b/files/{own[:9]}.png"
    )
    moved, digests = moved_references(text, "a:b", "c:d")
    assert digests == [own]
    assert moved == (
        f"![x](/api/documents/c%3Ad/files/{own}.png) ![](./pad/api/documents/c%3Ad/files/{own}.png)"
        f" ![y](/api/documents/a.b/files/{other}.png) /api/documents/a:b/files/{own[:9]}.png"
    )
    assert moved_references("plain", "a", "b") == ("plain", [])


def test_name_of_a_document_is_no_pattern() -> None:
    text = f"/api/documents/aXb/files/{'a' * 64}.png"
    assert moved_references(text, "a.b", "c") == (text, [])
