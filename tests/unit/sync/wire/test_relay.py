"""sync.wire.relay: the seal, and what goes into one message."""

from dataclasses import dataclass

import pytest

from sync.names import MAX_INTEGER
from sync.port import MAX_BUS_PAYLOAD_BYTES
from sync.wire.message import MemberInfo, UserInfo
from sync.wire.news import decode_news, encode_news
from sync.wire.relay import (
    Alive,
    Ask,
    Begin,
    Came,
    End,
    Gone,
    Left,
    Part,
    Pointed,
    Said,
    Sealed,
    Spoke,
    pack,
    seal,
    unseal,
)

KEY = bytes(range(32))
ANN = UserInfo("u-ann", "Ann", "#aa0000")
PARTS: tuple[Part, ...] = (
    Ask("v.1"),
    Begin(("w.1", "x.9")),
    Came((MemberInfo("s", ANN, "yjs"),)),
    Pointed("e1", "s", ANN, 3, 0, 7),
    Pointed("e1", "s", ANN, MAX_INTEGER, None, None),
    Spoke(b"\x00\xff"),
    Said("ä"),
    Left("s"),
    End(),
    Alive(),
    Gone(),
)


def sealed(*parts: Part) -> Sealed:
    (packed,) = pack(parts)
    return seal(KEY, "notes", "voice", 5, packed)


def test_parts_come_back_as_they_were() -> None:
    news = decode_news(encode_news(sealed(*PARTS)))
    assert isinstance(news, Sealed)
    assert unseal(KEY, "notes", news) == PARTS


@dataclass(frozen=True, slots=True)
class Forgery:
    sealed: Sealed
    document: str = "notes"
    key: bytes = KEY


GOOD = sealed(Left("s"))
OTHER = sealed(Left("t"))


@pytest.mark.parametrize(
    "forgery",
    [
        Forgery(GOOD, key=bytes(32)),
        Forgery(GOOD, document="other"),
        Forgery(Sealed("other", 5, GOOD.parts, GOOD.seal)),
        Forgery(Sealed("voice", 6, GOOD.parts, GOOD.seal)),
        Forgery(Sealed("voice", 5, OTHER.parts, GOOD.seal)),
        Forgery(Sealed("voice", 5, GOOD.parts, b"")),
        Forgery(Sealed("voice", 5, GOOD.parts, GOOD.seal[:-1])),
        Forgery(Sealed("voice", 5, GOOD.parts, GOOD.seal + b"\0")),
    ],
)
def test_seal_holds_for_one_message_only(forgery: Forgery) -> None:
    assert unseal(KEY, "notes", GOOD) is not None
    assert unseal(forgery.key, forgery.document, forgery.sealed) is None


@pytest.mark.parametrize("parts", [b"", b"\xc1", b"\x91\x81\xa4type\xa3new", b"\x91" * 50_000])
def test_what_another_version_sealed_is_nothing(parts: bytes) -> None:
    assert unseal(KEY, "notes", seal(KEY, "notes", "voice", 5, parts)) is None


def test_much_is_sent_in_pieces_that_the_bus_takes() -> None:
    member = MemberInfo("s" * 32, UserInfo("u" * 128, "ä" * 64, "#aa0000"), "text")
    parts = [Came((member,) * 100) for _ in range(20)]
    pieces = list(pack(parts))
    assert len(pieces) > 1
    found: list[Part] = []
    for number, piece in enumerate(pieces, 1):
        message = seal(KEY, "notes", "voice", number, piece)
        assert len(encode_news(message)) <= MAX_BUS_PAYLOAD_BYTES
        found += unseal(KEY, "notes", message) or ()
    assert found == parts
    assert list(pack(())) == []
