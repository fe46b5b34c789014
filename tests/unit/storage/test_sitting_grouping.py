from storage.sitting_grouping import merged_sitting
from sync.document.merged_event import MergedEvent
from sync.port import SittingAuthor
from sync.text.authored import TextWriter
from sync.text.merging import Share


def merged(first: int, session: str, *shares: Share) -> MergedEvent:
    last = shares[-1].last
    return MergedEvent(
        last, "id", ("x",), b"u", "ada", "Ada", session, 900, bytes(16), first, shares
    )


def test_merged_event_is_a_sitting_of_its_authors() -> None:
    few = Share(TextWriter("bob", "Bob", "http-merged"), 1, 100, 100, 6, ())
    brought_back = Share(TextWriter("carl", "Carl", "merged"), 0, 50, 50, 5, ("y",))
    most = Share(TextWriter("ada", "Ada", "merged"), 3, 200, 900, 7, ("x",))
    event = merged(4, "merged", brought_back, few, most)
    assert event.first == 4
    sitting = merged_sitting(event)
    assert (sitting.first, sitting.last, sitting.from_ms, sitting.to_ms) == (4, 7, 50, 900)
    assert sitting.authors == (
        SittingAuthor("ada", "Ada", "live", events=3, last=7),
        SittingAuthor("bob", "Bob", "request", events=1, last=6),
    )
    assert sitting.restored is None


def test_restore_alone_says_what_it_brought_back() -> None:
    share = Share(TextWriter("ada", "Ada", "restore-3-0a"), 1, 9, 9, 7, ("x",))
    assert merged_sitting(merged(7, "restore-3-0a", share)).restored == 3
