"""sync.yjs.update: the structure of an update, read without knowledge of the document."""

import pytest

from sync.yjs.content import STRING
from sync.yjs.update import parse_update
from sync.yjs.varint import MalformedError
from tests.unit.sync.yjs.test_gate import A, B, block, delete, item, string, update


def test_update_is_read_into_structs_dependencies_and_deletions() -> None:
    parsed = parse_update(
        update(
            block(B, 4, string("x😀", (A, 1), (A, 2))),
            block(A, 0, string("abc"), item(7, b"\x01")),
            deletes=delete(A, (0, 1), (2, 1)),
        )
    )
    assert [tuple(span) for span in parsed.spans] == [(B, 4, 7), (A, 0, 4)]
    first = parsed.structs[0]
    assert (first.client, first.start, first.end, first.kind) == (B, 4, 7, STRING)
    assert (first.text, first.root, parsed.structs[1].root) == ("x😀", None, "content")
    assert [tuple(each) for each in parsed.dependencies] == [(B, 4, A, 1, 1), (B, 4, A, 2, 1)]
    assert [tuple(each) for each in parsed.deletes] == [(A, 0, 1), (A, 2, 3)]
    assert [tuple(each) for each in parsed.pairs] == [(B, 5)]
    assert [tuple(each) for each in parsed.types] == [(A, 3)]


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0", update(block(A, 0))])
def test_what_is_no_update_raises(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_update(data)
