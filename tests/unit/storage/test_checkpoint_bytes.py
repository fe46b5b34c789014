"""The stored forms of a checkpoint: both are read, and a flipped byte of either is told.

Planted and caught: a CRC that is not compared.
"""

import zlib
from random import Random

import pytest

from storage.checkpoint_bytes import is_dense, pack_dense, pack_quick, unpack

PLAIN = Random(1).randbytes(300) + b"text " * 200


@pytest.mark.parametrize("plain", [b"", b"a", PLAIN])
def test_both_forms_give_the_bytes_back(plain: bytes) -> None:
    assert unpack(pack_quick(plain)) == unpack(pack_dense(plain)) == plain
    assert is_dense(pack_dense(plain))
    assert not is_dense(pack_quick(plain))


def test_a_dense_text_takes_less_room() -> None:
    text = " ".join(f"word{Random(n).randrange(50)}" for n in range(3_000)).encode()
    assert len(pack_dense(text)) < 0.8 * len(pack_quick(text))


@pytest.mark.p8
@pytest.mark.parametrize("stored", [pack_quick(PLAIN), pack_dense(PLAIN)])
def test_any_flipped_byte_is_told(stored: bytes) -> None:
    for at in range(len(stored)):
        damaged = stored[:at] + bytes([stored[at] ^ 16]) + stored[at + 1 :]
        with pytest.raises(zlib.error):
            unpack(damaged)
