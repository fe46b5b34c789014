"""Users as issuers describe them: ids that cannot be forged, names that others may see."""

from hypothesis import given
from hypothesis import strategies as st

from app.identity.display_name import MAX_NAME_CHARS, PALETTE, clean_name, color_of
from app.identity.tokens.known_user import NAMELESS, derived_id, shown_name
from sync.permission import MAX_USER_ID_CHARS


def test_id_tells_apart_what_joins_to_the_same_text() -> None:
    ids = {
        derived_id("oidc", "https://a", "b"),
        derived_id("oidc", "https://", "ab"),
        derived_id("oidc", "https://a", "B"),
        derived_id("jwt", "https://a", "b"),
        derived_id("oidc", "1:https://a", "b"),
    }
    assert len(ids) == 5


def test_id_does_not_hold_the_subject() -> None:
    assert "ada" not in derived_id("oidc", "https://a", "ada@example.org")


@given(st.text(max_size=300), st.text(max_size=300))
def test_id_of_any_subject_is_an_id(issuer: str, subject: str) -> None:
    user_id = derived_id("oidc", issuer, subject)
    assert user_id.isascii()
    assert len(user_id) <= MAX_USER_ID_CHARS
    assert color_of(user_id) in PALETTE


def test_first_usable_name_is_shown() -> None:
    assert shown_name(None, "", "\u200b", "Ada", "Bob") == "Ada"
    assert shown_name(None) == NAMELESS
    assert shown_name() == NAMELESS


@given(st.lists(st.none() | st.text(max_size=200), max_size=3))
def test_name_that_is_shown_is_clean(names: list[str | None]) -> None:
    shown = shown_name(*names)
    assert clean_name(shown) == shown
    assert 0 < len(shown) <= MAX_NAME_CHARS


def test_huge_name_is_cut() -> None:
    assert shown_name("x" * 10_000_000) == "x" * MAX_NAME_CHARS
