"""The bounded reader and writer of lib0, the byte format under Yjs, y-protocols and Hocuspocus.

A number is a little-endian base-128 varint, a string or byte array a varint length and its bytes.
lib0 reads numbers of any length, which takes quadratic time in Python. Here a number has at most
`MAX_VARINT_BYTES` bytes, and every read has a bound for its value.
"""

from typing import Final

MAX_VARINT_BYTES: Final = 8
MAX_SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that JavaScript holds exactly; also the largest CRDT client id."""
MAX_CLOCK: Final = 2**31 - 1
"""The largest clock. yrs keeps clocks in 32 bits and adds lengths to them without a check."""
LOWEST_CLIENT: Final = 0
"""The client id under which units are marked in a copy of a document; see `sync.yjs.origins`."""
MAX_LOWEST_CLOCK: Final = 1 << 30
"""The most units that a peer may write under it, so that there are clocks left for the marks."""


class MalformedError(ValueError):
    """Bytes that break the format or one of its bounds; the text is fit for a peer.

    It does not leave the core: the gate turns it into `Malformed`, the callers of other decoders
    into a refusal.
    """


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Read the number that starts at `at`; return it and the index after it.

    Raises `MalformedError` if it is longer than `MAX_VARINT_BYTES`, `IndexError` if the data
    ends inside it. It is for tight loops; elsewhere use `Reader`.
    """
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value = byte & 0x7F
    shift = 7
    for index in range(at + 1, at + MAX_VARINT_BYTES):
        byte = data[index]
        if byte < 0x80:
            return value | byte << shift, index + 1
        value |= (byte & 0x7F) << shift
        shift += 7
    raise MalformedError(f"a number of more than {MAX_VARINT_BYTES} bytes")


class Reader:
    """A reader of lib0 values, one after the other, from `data`.

    Every method raises `MalformedError` if a value is cut off, too large or not UTF-8.
    """

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """The number of bytes not read yet."""
        return len(self._data) - self._at

    def number(self, maximum: int = MAX_SAFE_INTEGER) -> int:
        """Read a number from 0 to `maximum`."""
        try:
            value, self._at = read_varint(self._data, self._at)
        except IndexError:
            raise MalformedError("the data ends too early") from None
        if value > maximum:
            raise MalformedError("a number is out of range")
        return value

    def data(self, max_bytes: int) -> bytes:
        """Read a byte array of at most `max_bytes` bytes."""
        length = self.number()
        if length > max_bytes:
            raise MalformedError(f"a value of more than {max_bytes} bytes")
        if length > self.left:
            raise MalformedError("the data ends too early")
        start = self._at
        self._at += length
        return self._data[start : self._at]

    def text(self, max_bytes: int) -> str:
        """Read a string of at most `max_bytes` bytes of strict UTF-8."""
        try:
            return self.data(max_bytes).decode()
        except UnicodeDecodeError:
            raise MalformedError("a string is not valid UTF-8") from None

    def end(self) -> None:
        """Require that everything has been read."""
        if self.left:
            raise MalformedError("bytes follow the end")


def write_varint(out: bytearray, value: int) -> None:
    """Append `value` (0 to 2^53 - 1); raise `ValueError` for any other, a caller's mistake."""
    if not 0 <= value <= MAX_SAFE_INTEGER:
        raise ValueError(f"{value} is not in 0..2^53-1")
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def write_data(out: bytearray, value: bytes) -> None:
    """Append a byte array."""
    write_varint(out, len(value))
    out += value


def write_text(out: bytearray, value: str) -> None:
    """Append a string; raise `UnicodeEncodeError` for lone surrogates, a caller's mistake."""
    write_data(out, value.encode())
