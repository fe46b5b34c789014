import pytest
from msgspec.structs import replace

from storage.retention import merged_codec
from storage.retention.merged_codec import MergedDamaged, decode_merged, encode_merged
from sync.document.merged_event import MergedEvent
from sync.text.authored import TextWriter
from sync.text.merging import Share

EVENT = MergedEvent(
    9,
    "e9",
    (2, "x", -1),
    b"\x01\x00\xff" * 50,
    "ada",
    "Ada \U0001f389",
    "merged",
    1 << 50,
    bytes(range(16)),
    3,
    (
        Share(TextWriter("bob", "Bob", "http-merged"), 2, 1, 2, 5, ()),
        Share(TextWriter("ada", "Ada", "merged"), 5, 3, 4, 9, (2, "x", -1)),
    ),
)


def test_bytes_give_the_event_back() -> None:
    assert decode_merged(encode_merged(EVENT)) == EVENT
    assert encode_merged(EVENT) == encode_merged(EVENT)


def test_every_byte_counts() -> None:
    data = encode_merged(EVENT)
    for at in range(len(data)):
        with pytest.raises(MergedDamaged):
            decode_merged(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(MergedDamaged):
            decode_merged(data[:at])


def test_too_much_is_not_decompressed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_merged(replace(EVENT, update=bytes(4 << 20)))
    assert len(data) < 1_000
    monkeypatch.setattr(merged_codec, "MAX_PLAIN_BYTES", 1 << 20)
    with pytest.raises(MergedDamaged, match="too large"):
        decode_merged(data)
