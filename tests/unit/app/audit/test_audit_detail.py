import json

from hypothesis import given
from hypothesis import strategies as st

from app.audit.audit_detail import audit_detail, audit_name, audit_text

_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _ANY_TEXT | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(_ANY_TEXT, inner, max_size=30),
    max_leaves=40,
)


def test_small_values_stay_as_they_are() -> None:
    detail = {"role": "editor", "count": 3, "share": 0.5, "is_new": True, "roles": ["viewer"]}
    assert audit_detail(detail) == detail


def test_what_is_none_is_left_out() -> None:
    assert audit_detail({"expires_at": None, "role": "viewer"}) == {"role": "viewer"}


def test_secrets_are_redacted_by_name_and_by_look() -> None:
    detail = audit_detail({"password": "x", "reason": "token=abcdef", "deep": {"Cookie": "a=b"}})
    assert detail == {
        "password": "[redacted]",
        "reason": "token=[redacted]",
        "deep": {"Cookie": "[redacted]"},
    }


def test_a_hostile_name_becomes_a_short_line() -> None:
    assert audit_text("Ada\r\n\x1b[31m\ud800") == r"Ada\r\n\x1b[31m\ud800"
    assert len(audit_text("A" * 1_000_000)) < 250


def test_an_id_may_be_random_and_a_value_may_not() -> None:
    subject = "jwt-AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"
    random = "aB3xY7kP9qR2sT4uV6wX8yZ1cD5eF0gH2jK4"
    assert audit_name(random) == random
    assert audit_name(subject) == subject
    assert audit_text(random) == "[redacted]"
    assert audit_name(f"Bearer {random}") == "Bearer [redacted]"


class _Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no text of mine")


def test_a_value_without_a_text_says_so() -> None:
    assert audit_detail({"x": _Hostile()}) == {"x": "(cannot be shown)"}


@given(st.dictionaries(_ANY_TEXT, _ANY, max_size=30))
def test_any_detail_becomes_bounded_json(detail: dict[str, object]) -> None:
    encoded = json.dumps(audit_detail(detail), ensure_ascii=False, allow_nan=False).encode()
    # Escapes and marks of what was cut included: three levels of 20 values of 200 characters.
    assert len(encoded) < 20**3 * 20_000
    assert b"\x1b" not in encoded
