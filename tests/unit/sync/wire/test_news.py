"""sync.wire.news: what processes say on the bus, and what is taken for it."""

import msgspec
import pytest

from sync.names import MAX_INTEGER
from sync.wire.news import Appended, Changed, News, decode_news, encode_news
from sync.wire.relay import Sealed


@pytest.mark.parametrize("news", [Appended(1), Appended(MAX_INTEGER), Changed()])
def test_news_come_back_as_they_were(news: News) -> None:
    assert decode_news(encode_news(news)) == news


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        b"appended",
        b"\x80",
        b"\x81\xa4type\xa5other",
        b"\x81\xa4type\xa8appended",
        b"\x82\xa4type\xa8appended\xa7version\x00",
        b"\x82\xa4type\xa8appended\xa7version\xff",
        b"\x82\xa4type\xa8appended\xa7version\xcf" + b"\xff" * 8,
        b"\x91" * 100_000,
        encode_news(Appended(1)) + b"\0",
        encode_news(Appended(1))[:-1],
    ],
)
def test_anything_else_is_nothing(payload: bytes) -> None:
    assert decode_news(payload) is None


def test_sealed_parts_keep_the_keys_that_processes_of_other_versions_read() -> None:
    message = msgspec.msgpack.decode(encode_news(Sealed("name", 5, b"parts", b"seal")))
    assert message == {
        "type": "sealed",
        "voice": "name",
        "number": 5,
        "parts": b"parts",
        "seal": b"seal",
    }
