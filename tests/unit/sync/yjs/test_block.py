"""sync.yjs.block: the units of one client in an update that a replica wrote itself."""

from sync.yjs.block import Block, read_blocks
from sync.yjs.content import STRING
from tests.unit.sync.yjs.update_bytes import A, B, block, item, string, update


def test_structs_of_the_first_client_are_read_one_by_one_at_their_clocks() -> None:
    data = update(
        block(A, 3, string("é😀", (B, 1), (B, 2)), item(1, b"\x04"), item(4, b"\x01v", key="k")),
        block(B, 0, string("other")),
    )
    assert list(read_blocks(data)) == [
        Block(3, 6, STRING, "é😀"),
        Block(6, 10, 1, None),
        Block(10, 11, STRING, "v"),
    ]


def test_update_without_structs_has_no_blocks() -> None:
    assert list(read_blocks(b"\0\0")) == []
