"""Yjs v1 updates as a person's typing makes them, encoded without a CRDT."""

from sync.yjs.varint import write_varint

ROOT = "content"


class Typist:
    """Types one character after another into the text, as one CRDT client."""

    def __init__(self, client_id: int) -> None:
        self._client_id = client_id
        self._clock = 0

    def type(self, char: str = "x") -> bytes:
        """The update of the next keystroke, or paste of ASCII; the first starts the text."""
        out = bytearray(b"\x01\x01")
        write_varint(out, self._client_id)
        write_varint(out, self._clock)
        if self._clock == 0:
            out += b"\x04\x01"
            out += bytes((len(ROOT),)) + ROOT.encode()
        else:
            out.append(0x84)
            write_varint(out, self._client_id)
            write_varint(out, self._clock - 1)
        data = char.encode()
        write_varint(out, len(data))
        out += data
        out.append(0)
        self._clock += len(char)
        return bytes(out)
