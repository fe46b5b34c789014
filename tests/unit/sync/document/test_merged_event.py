from sync.document.merged_event import alone, shares_of
from sync.port import EventRecord
from sync.text.authored import TextWriter
from sync.text.merging import Share

TYPED = EventRecord(7, "id", ("x",), b"u", "ada", "Ada", "http-1", 900, bytes(16))


def test_event_alone_is_one_share() -> None:
    assert shares_of(TYPED) == (alone(TYPED),)
    assert alone(TYPED) == Share(TextWriter("ada", "Ada", "http-1"), 1, 900, 900, 7, ("x",))
    assert TYPED.first == TYPED.version
