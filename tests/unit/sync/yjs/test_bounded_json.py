"""sync.yjs.bounded_json: JSON as JavaScript and Rust agree on it, within bounds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.yjs.bounded_json import parse_json
from sync.yjs.varint import MalformedError

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
)


@given(_VALUES, st.booleans())
def test_json_round_trips(value: object, escaped: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=escaped)) == value


def test_json_depth_is_counted_outside_of_strings() -> None:
    assert parse_json("[" * 32 + "]" * 32) is not None
    assert parse_json('"' + "[" * 1000 + '"') == "[" * 1000
    with pytest.raises(MalformedError, match="nested"):
        parse_json("[" * 33 + "]" * 33)
    with pytest.raises(MalformedError, match="nested"):
        parse_json('{"\\"[":' * 33 + "1" + "}" * 33)


def test_json_with_an_unterminated_string_of_escapes_is_refused_in_linear_time() -> None:
    with pytest.raises(MalformedError, match="not valid JSON"):
        parse_json("[1," + '"' + "[" * 40 + '\\"' * 500_000)


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "-Infinity", "1e400", "9" * 401, '"\\udfff"', "[]x"]
)
def test_json_that_others_would_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_json(text)
