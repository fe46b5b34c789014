"""sync.yjs.content: how many units each kind of content has, where it ends, what is refused."""

import pytest

from sync.yjs.content import (
    ANY,
    BINARY,
    DOCUMENT,
    EMBED,
    FORMAT,
    JSON,
    TYPE,
    UpdateLimits,
    read_content,
    read_data,
    read_name,
    skip_values,
)
from sync.yjs.update import parse_update
from sync.yjs.varint import MalformedError
from tests.property.hostile_update import varint
from tests.unit.sync.yjs.update_bytes import A, block, item, name, update

LIMITS = UpdateLimits(max_name_bytes=4, max_depth=3)
BEHIND = b"\xff\xff"
"""What follows a content; nobody may read it."""

_HOSTILE: list[tuple[int, bytes, str, str]] = [
    (ANY, b"\x01" + b"\x75\x01" * 26_650 + b"\x7e", "nested", "nested-any-segfault"),
    (ANY, b"\x01" + b"\x76\x01\x01k" * 13_400 + b"\x7e", "nested", "nested-any-object"),
    (EMBED, name("[" * 30_000 + "]" * 30_000), "nested", "json"),
    (ANY, varint(2**40) + b"\x7e", "too early", "any-count"),
    (DOCUMENT, name("g") + b"\x7e", "sub-doc", "document"),
    (JSON, b"\x01\x04null", "JSON", "json-list-misread"),
    (TYPE, b"\x05\x01h", "hook", "xml-hook-misread"),
    (TYPE, b"\x07", "shared type", "type-weak-link"),
    (11, b"\x01", "kind of struct", "kind-11"),
    (31, b"\x01", "kind of struct", "kind-31"),
    (EMBED, name("{"), "not valid JSON", "embed-cut-off"),
    (EMBED, name("NaN"), "not JSON", "embed-nan"),
    (FORMAT, name("b") + name('"\\udc00"'), "surrogate", "format"),
    (ANY, b"\x01\x73", "kind of value", "any-115"),
    (ANY, b"\x01\x7d" + b"\xff" * 7 + b"\x7f", "integer", "any-int"),
    (ANY, b"\x01\x7b\0", "too early", "any-float"),
]
HOSTILE_CONTENTS = [
    pytest.param(update(block(A, 0, item(kind, content))), why, id=case)
    for kind, content, why, case in _HOSTILE
]
"""Updates with a content that is refused, and what is said of it."""


def floats(tag: int, size: int) -> bytes:
    return bytes([tag]) + bytes(size)


@pytest.mark.parametrize(
    ("kind", "content", "units"),
    [
        pytest.param(ANY, b"\x00", 0, id="no values"),
        pytest.param(ANY, b"\x03\x7e\x7f\x78", 3, id="null, undefined, true"),
        pytest.param(ANY, b"\x01\x79", 1, id="false"),
        pytest.param(ANY, b"\x01\x77" + name("né"), 1, id="string"),
        pytest.param(ANY, b"\x01\x74" + name(b"\xff\0"), 1, id="bytes"),
        pytest.param(ANY, b"\x02\x7d\x41\x7d\x80\x01", 2, id="integers"),
        pytest.param(ANY, b"\x01" + floats(124, 4), 1, id="float"),
        pytest.param(ANY, b"\x01" + floats(123, 8), 1, id="double"),
        pytest.param(ANY, b"\x01" + floats(122, 8), 1, id="big integer"),
        pytest.param(ANY, b"\x02\x75\x02\x7e\x7e\x7f", 2, id="list counts as one"),
        pytest.param(ANY, b"\x01\x76\x01" + name("k") + b"\x75\x00", 1, id="object"),
        pytest.param(BINARY, name(b"\xff\xfe\0"), 1, id="binary"),
        pytest.param(BINARY, b"\x00", 1, id="empty binary"),
        pytest.param(EMBED, name('{"image":[1,2.5,null]}'), 1, id="embed"),
        pytest.param(FORMAT, name("bold") + name("true"), 1, id="format"),
        pytest.param(FORMAT, name("é") + name("null"), 1, id="end of a format"),
        pytest.param(TYPE, b"\x00", 1, id="array"),
        pytest.param(TYPE, b"\x01", 1, id="map"),
        pytest.param(TYPE, b"\x02", 1, id="text"),
        pytest.param(TYPE, b"\x03" + name("p"), 1, id="XML element"),
        pytest.param(TYPE, b"\x04", 1, id="XML fragment"),
        pytest.param(TYPE, b"\x06", 1, id="XML text"),
    ],
)
def test_content_has_its_units_and_ends_where_the_next_struct_begins(
    kind: int, content: bytes, units: int
) -> None:
    assert read_content(b"ab" + content + BEHIND, 2, kind, LIMITS) == (units, 2 + len(content))


@pytest.mark.parametrize(("data", "why"), HOSTILE_CONTENTS)
def test_hostile_content_raises_with_its_reason(data: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        parse_update(data)


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        pytest.param(FORMAT, name("bolds") + name("1"), "name of more than 4", id="format's name"),
        pytest.param(FORMAT, name("a\0") + name("1"), "NUL", id="NUL in a format's name"),
        pytest.param(FORMAT, name("a") + name("[[[[1]]]]"), "nested more than 3", id="format"),
        pytest.param(FORMAT, name("a") + name(""), "not valid JSON", id="format without a value"),
        pytest.param(EMBED, name("[[[[]]]]"), "nested more than 3", id="embed"),
        pytest.param(TYPE, b"\x03" + name("table"), "name of more than 4", id="element's name"),
        pytest.param(TYPE, b"\x86\x00", "kind of shared type", id="type in two bytes"),
        pytest.param(BINARY, varint(4) + b"abc", "too early", id="binary cut off"),
        pytest.param(ANY, b"\x01" + b"\x75\x01" * 4 + b"\x7e", "more than 3 deep", id="lists"),
        pytest.param(ANY, b"\x04\x7e\x7e\x7e", "too early", id="more values than bytes"),
        pytest.param(ANY, b"\x01\x75\x03\x7e", "too early", id="more elements than bytes"),
        pytest.param(ANY, b"\x01\x80", "kind of value", id="a tag past 127"),
        pytest.param(ANY, b"\x01" + floats(124, 3), "too early", id="half a float"),
    ],
)
def test_content_past_a_bound_or_malformed_raises(kind: int, content: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        read_content(content, 0, kind, LIMITS)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        pytest.param(EMBED, name("[[[]]]"), id="embed"),
        pytest.param(FORMAT, name("four") + name("[[[]]]"), id="format"),
        pytest.param(TYPE, b"\x03" + name("four"), id="element"),
        pytest.param(ANY, b"\x01" + b"\x75\x01" * 3 + b"\x7e", id="values"),
    ],
)
def test_content_at_a_bound_is_read(kind: int, content: bytes) -> None:
    assert read_content(content, 0, kind, LIMITS) == (1, len(content))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        pytest.param(EMBED, name(b'"\xff"'), id="embed"),
        pytest.param(FORMAT, name(b"\xff") + name("1"), id="format's name"),
        pytest.param(TYPE, b"\x03" + name(b"\xff"), id="element's name"),
        pytest.param(ANY, b"\x01\x77" + name(b"\xed\xa0\x80"), id="string"),
        pytest.param(ANY, b"\x01\x76\x01" + name(b"\xff") + b"\x7e", id="object's key"),
    ],
)
def test_content_that_is_not_utf_8_raises(kind: int, content: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        read_content(content, 0, kind, LIMITS)


def test_integers_are_read_up_to_what_javascript_holds() -> None:
    largest = b"\x7d\xbf" + varint((2**53 - 1) >> 6)
    assert skip_values(largest, 0, 1, 3) == len(largest)
    negative = b"\x7d\xff" + varint((2**53 - 1) >> 6)
    assert skip_values(negative, 0, 1, 3) == len(negative)
    with pytest.raises(MalformedError, match="an integer is out of range"):
        skip_values(b"\x7d\x80" + varint(2**53 >> 6), 0, 1, 3)


def test_values_behind_a_nested_one_are_counted_on_its_own_level() -> None:
    inner = b"\x75\x02\x76\x01" + name("k") + b"\x7e" + b"\x79"
    values = inner + b"\x77" + name("z")
    assert skip_values(values + BEHIND, 0, 2, 3) == len(values)
    assert skip_values(values, 0, 1, 3) == len(inner)
    entries = b"\x76\x02" + name("k") + b"\x75\x01\x7e" + name("l") + b"\x79"
    assert skip_values(entries + BEHIND, 0, 1, 3) == len(entries)


def test_data_and_names_are_read_with_their_length() -> None:
    assert read_data(b"\x02abc", 0) == (b"ab", 3)
    assert read_name(b"-" + name("é") + BEHIND, 1, 2) == ("é", 4)
    with pytest.raises(MalformedError, match="more than 1 bytes"):
        read_name(name("é"), 0, 1)
    with pytest.raises(MalformedError, match="too early"):
        read_data(b"\x03ab", 0)
