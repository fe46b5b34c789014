"""Positions that stay with the text they point at: the relative positions of Yjs.

    {"type": id or null, "tname": root or null, "item": id or null, "assoc": int}

A position that names an item stands before that item, or behind it if `assoc` is negative. One that
names only the root stands at the end of the text, or at its start if `assoc` is negative. Only
positions in the text root are read.

The CRDT library places an item exactly at the borders of a block only; inside a block it confuses
UTF-8 bytes with UTF-16 units (see `Replica`). So a position is found by its block, and the blocks
are read from an encoded state.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sync.yjs.block import Block, read_blocks
from sync.yjs.content import DELETED, FORMAT, GC
from sync.yjs.known import KnownState
from sync.yjs.replica import Replica
from sync.yjs.statevector import encode_state_vector
from sync.yjs.varint import MAX_CLOCK, MAX_SAFE_INTEGER

_REACH: Final = 64
"""Units before a clock at which the search for its block begins; each retry goes 4x as far."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A relative position in the text root."""

    item: tuple[int, int] | None
    """Client and clock of a UTF-16 unit; None: the start or end of the text."""
    after: bool = True
    """True: before the unit, or at the end of the text (`assoc` >= 0 in Yjs).

    False: behind the unit, or at the start of the text.
    """


def read_anchor(value: object, root: str) -> Anchor | None:
    """Return the position that a peer wrote as JSON; None if it is not one in the text root."""
    if not isinstance(value, dict) or value.get("type") is not None:
        return None
    name, item, assoc = value.get("tname"), value.get("item"), value.get("assoc")
    if name != root if name is not None else item is None:
        return None
    assoc = 0 if assoc is None else assoc
    if type(assoc) is not int:
        return None
    if item is None:
        return Anchor(None, assoc >= 0)
    if not isinstance(item, dict):
        return None
    client, clock = item.get("client"), item.get("clock")
    if type(client) is not int or type(clock) is not int:
        return None
    if not (0 <= client <= MAX_SAFE_INTEGER and 0 <= clock < MAX_CLOCK):
        return None
    return Anchor((client, clock), assoc >= 0)


def anchor_fields(anchor: Anchor, root: str) -> dict[str, object]:
    """Return an anchor as JSON. Absent fields are null, since some editors require all of them."""
    item = None if anchor.item is None else {"client": anchor.item[0], "clock": anchor.item[1]}
    return {"type": None, "tname": root, "item": item, "assoc": 0 if anchor.after else -1}


class AnchoredText:
    """The text of a replica at one version; turns positions into anchors and back."""

    def __init__(self, replica: Replica, known: KnownState) -> None:
        self._replica = replica
        self._known = known
        shown = replica.shown()
        self._hidden = shown is None
        self._shown = shown or ""
        self._plain = self._shown.isascii() and "\0" not in self._shown
        self._bytes = self._shown.encode()

    def anchor(self, position: int) -> Anchor | None:
        """Return the anchor of a position; None if it cannot be determined.

        Args:
            position: in code points of the text, at most its length.

        Raises:
            ReplicaBrokenError: the native library failed; discard the replica.
        """
        if self._hidden:
            return None
        at = self._byte(position)
        if at == len(self._bytes):
            return Anchor(None)
        unit = self._unit_at(at)
        return None if unit is None else Anchor(unit)

    def resolve(self, anchor: Anchor) -> int | None:
        """Return the position of an anchor, in code points; None if it is not in the text.

        Raises:
            ReplicaBrokenError: as for `anchor`.
        """
        if self._hidden:
            return None
        if anchor.item is None:
            at: int | None = len(self._bytes) if anchor.after else 0
        else:
            at = self._byte_at(*anchor.item, after=anchor.after)
        return None if at is None else self._position(at)

    def is_known(self, anchor: Anchor) -> bool:
        """Return True if the document has, or once had, the unit that the anchor names."""
        return anchor.item is None or anchor.item[1] < self._known.clocks.get(anchor.item[0], 0)

    def _byte(self, position: int) -> int:
        if self._plain:
            return position
        index = position
        while (further := position + self._shown.count("\0", 0, index)) != index:
            index = further
        return len(self._shown[:index].encode())

    def _position(self, at: int) -> int:
        if self._plain:
            return at
        before = self._bytes[:at].decode(errors="ignore")
        return len(before) - before.count("\0")

    def _unit_at(self, at: int) -> tuple[int, int] | None:
        """Return the client and clock of the unit shown at a byte offset of the text."""
        client, clock = self._replica.item_at(at)
        last = self._known.clocks[client] - 1
        reach = _REACH
        while True:
            first = max(0, min(clock, last) - reach)
            for index, block in enumerate(self._blocks(client, first)):
                into = clock - block.start
                if into < 0:
                    break
                if (index or not first) and self._is_shown(client, block, at - into, into):
                    return client, block.start + _units(block, into)
            if not first:
                return None
            reach *= 4

    def _is_shown(self, client: int, block: Block, at: int, into: int) -> bool:
        """Return True if a block is shown in the text and covers the byte at offset `at + into`.

        Args:
            at: the UTF-8 byte offset at which the block should start.
            into: bytes from there.
        """
        if block.kind in (GC, DELETED, FORMAT) or at < 0:
            return False
        content = b"\0" * (block.end - block.start) if block.text is None else block.text.encode()
        return (
            into < len(content)
            and self._replica.byte_of(client, block.start) == at
            and self._bytes.startswith(content, at)  # else the block is in another shared type
        )

    def _byte_at(self, client: int, clock: int, *, after: bool) -> int | None:
        if clock >= self._known.clocks.get(client, 0):
            return None
        block = self._block_of(client, clock)
        if block is None or block.kind == GC:
            return None
        start = self._replica.byte_of(client, block.start)
        if block.kind in (DELETED, FORMAT):
            return start if start <= len(self._bytes) else None
        if start >= len(self._bytes) or self._replica.item_at(start) != (client, block.start):
            return None  # the block is in another shared type
        units = clock - block.start + (0 if after else 1)
        return start + _bytes(block, units)

    def _block_of(self, client: int, clock: int) -> Block | None:
        """Return the block that contains a unit; None if there is none."""
        reach = _REACH
        while True:
            first = max(0, clock - reach)
            for index, block in enumerate(self._blocks(client, first)):
                if clock < block.end:
                    if index or not first:
                        return block
                    break
            if not first:
                return None
            reach *= 4

    def _blocks(self, client: int, clock: int) -> Iterator[Block]:
        """Yield a client's blocks from a clock on.

        The first one is cut at the clock, or one unit before it if the clock is inside a pair.
        """
        if clock and clock - 1 in self._known.pairs.get(client, ()):
            clock -= 1
        vector = {**self._known.clocks, client: clock}
        return read_blocks(self._replica.state(encode_state_vector(vector)))


def _units(block: Block, size: int) -> int:
    """Return the UTF-16 units in the first `size` UTF-8 bytes of a block."""
    if block.text is None or block.text.isascii():
        return size
    return len(block.text.encode()[:size].decode().encode("utf-16-le")) // 2


def _bytes(block: Block, units: int) -> int:
    """Return the UTF-8 bytes of the first units of a block; half a surrogate pair has none."""
    if block.text is None or block.text.isascii():
        return units
    return len(block.text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore").encode())
