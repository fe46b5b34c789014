"""sync.yjs.statevector: what pycrdt and Yjs write is read; bombs are refused quickly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from sync.yjs.statevector import (
    MAX_STATE_VECTOR_BYTES,
    MAX_STATE_VECTOR_CLIENTS,
    decode_state_vector,
    encode_state_vector,
)
from sync.yjs.varint import MAX_CLOCK, MAX_SAFE_INTEGER, MalformedError
from tests.property.hostile_update import varint


@given(st.dictionaries(st.integers(0, MAX_SAFE_INTEGER), st.integers(0, MAX_CLOCK)))
def test_state_vector_round_trips(clocks: dict[int, int]) -> None:
    assert decode_state_vector(encode_state_vector(clocks)) == clocks


def test_state_vector_of_pycrdt_is_read_and_ours_is_understood_by_it() -> None:
    doc = Doc({"content": Text("a😀")}, client_id=2**53 - 1)
    assert decode_state_vector(doc.get_state()) == {2**53 - 1: 3}
    assert doc.get_update(encode_state_vector({2**53 - 1: 3})) == b"\0\0"


def test_largest_state_vector_of_a_document_fits_the_limit() -> None:
    clocks = {MAX_SAFE_INTEGER - i: MAX_CLOCK for i in range(MAX_STATE_VECTOR_CLIENTS)}
    encoded = encode_state_vector(clocks)
    assert len(encoded) <= MAX_STATE_VECTOR_BYTES
    assert decode_state_vector(encoded) == clocks


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "too early"),
        (b"\x01", "too early"),
        (b"\x01\x05", "too early"),
        (b"\x00\x00", "follow"),
        (b"\x02\x05\x01\x05\x02", "twice"),
        (b"\x01\x05" + varint(2**31), "out of range"),
        (b"\x01" + varint(2**53) + b"\x01", "out of range"),
        (varint(1_000_000) + b"\x01\x01", "more than 5000 clients"),
        (b"\xff" * 65_536, "8 bytes"),
        (b"\x00" * 65_537, "more than 65536 bytes"),
    ],
)
def test_state_vector_that_is_hostile_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        decode_state_vector(data)
