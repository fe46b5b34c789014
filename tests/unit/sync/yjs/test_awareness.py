"""sync.yjs.awareness: what y-protocols writes is read; no bomb gets past the bounds."""

import json

import pytest

from sync.yjs.awareness import AwarenessEntry, AwarenessLimits, decode_awareness, encode_awareness
from sync.yjs.varint import MalformedError
from tests.property.hostile_update import VECTORS, varint


def _one(state: str | bytes, clock: int = 1) -> bytes:
    raw = state.encode() if isinstance(state, str) else state
    return b"\x01\x29" + varint(clock) + varint(len(raw)) + raw


@pytest.mark.parametrize(
    "vector", json.loads(VECTORS.read_text())["awareness"], ids=lambda v: v["name"]
)
def test_awareness_of_y_protocols_is_read_and_written_alike(vector: dict[str, object]) -> None:
    update = bytes.fromhex(str(vector["update"]))
    (entry,) = decode_awareness(update)
    assert (entry.client, entry.clock, entry.fields) == (41, vector["clock"], vector["state"])
    assert encode_awareness([(entry.client, entry.clock, entry.state)]) == update


def test_awareness_of_several_clients_round_trips() -> None:
    entries = [(1, 0, '{"a":"\\ud83d\\ude00"}'), (2**53 - 1, 2**31 - 1, None)]
    assert decode_awareness(encode_awareness(entries)) == (
        AwarenessEntry(1, 0, '{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        AwarenessEntry(2**53 - 1, 2**31 - 1, None, None),
    )
    assert decode_awareness(encode_awareness([])) == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "too early"),
        (b"\x01\x29", "too early"),
        (b"\x00\x00", "follow"),
        (_one("{}") + b"\0", "follow"),
        (b"\x02" + _one("{}")[1:] * 2, "twice"),
        (varint(20_000) + _one("{}")[1:] * 20_000, "more than 100 clients"),
        (_one("{}", clock=2**31), "out of range"),
        (_one("{}", clock=2**53), "out of range"),
        (_one('{"a":"' + "x" * 5000 + '"}'), "more than 4096 bytes"),
        (b"\x01\x29\x01" + varint(2**40), "more than 4096 bytes"),
        (_one("[]"), "neither an object nor null"),
        (_one("1"), "neither an object nor null"),
        (_one('{"a":1'), "not valid JSON"),
        (_one('{"a":NaN}'), "not JSON"),
        (_one('{"a":1e999}'), "out of range"),
        (_one('{"a":' + "9" * 500 + "}"), "out of range"),
        (_one('{"a":"\\ud800"}'), "surrogate"),
        (_one(b'{"a":"\xed\xa0\x80"}'), "UTF-8"),
        (_one('{"a":' + "[" * 2000 + "]" * 2000 + "}"), "nested"),
        (_one('{"a":"' + '\\"' * 1000 + "[" * 500), "not valid JSON"),
    ],
)
def test_awareness_that_is_hostile_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        decode_awareness(data)


def test_awareness_brackets_inside_strings_do_not_count_as_depth() -> None:
    state = json.dumps({"a": "[{" * 100, "b": '"' + "[" * 100})
    (entry,) = decode_awareness(_one(state), AwarenessLimits(max_depth=1))
    assert entry.state == state
