"""The deleted units of a document."""

from sync.document.deleted import Deleted, deleted_in
from sync.yjs.layout import deletion
from sync.yjs.verdict import Range


def test_deleted_covers_what_is_deleted_and_nothing_else() -> None:
    deleted = Deleted(deletion([Range(1, 2, 4), Range(1, 4, 6), Range(1, 8, 9), Range(2, 0, 1)]))
    for whole in (Range(1, 2, 6), Range(1, 3, 5), Range(1, 8, 9), Range(2, 0, 1)):
        assert deleted.covers([whole])
    for part in (Range(1, 1, 3), Range(1, 5, 7), Range(1, 6, 8), Range(1, 2, 9), Range(3, 0, 1)):
        assert not deleted.covers([part])
    assert deleted.covers([])
    assert not deleted.covers([Range(1, 2, 6), Range(1, 6, 7)])


def test_deleted_ranges_that_cannot_be_listed_are_not_known() -> None:
    assert deleted_in(b"\0\xff") is None
