"""Mutated frames against the decoders of the Yjs dialects, and a whole conversation of them.

Invariants: a decoder returns a message or raises `MalformedError`, nothing else; what it returns is
no longer than what came in; the quick way for short updates says the same as the long one. The
awareness of a room under hostile frames raises nothing, and never speaks for an id in anybody's
name but its owner's.

Mutants seen caught here: a length that is not checked against the rest; `IndexError` let out of the
reader; a state of awareness that is parsed although it is no UTF-8; an awareness entry of a left
client that is taken from another user; a short update that does not end where its frame does.
"""

from collections.abc import Callable
from random import Random

import msgspec
import pytest

from sync.error import Refusal
from sync.limit import Limits
from sync.presence.presence import Presence
from sync.user import User
from sync.wire import hocuspocus, ysync
from sync.yjs.awareness import decode_awareness, encode_awareness
from sync.yjs.varint import MalformedError
from tests.patience import SOAK

pytestmark = [pytest.mark.p8, pytest.mark.p9]

FRAMES = 40_000 if SOAK else 8_000
"""For each decoder."""

YWS = [
    "00000100",
    "0106010100027b7d",
    "0001020000",
    "00020c010101000401017402686900",
    "0114010101107b2275736572223a7b226e223a317d7d",
    "0108010101046e756c6c",
    "03",
    "02000464656e79",
]
HOCUSPOCUS = [
    "03646f63020003746f6b05342e382e30",
    "03646f6300000100",
    "03646f630106010100027b7d",
    "03646f630001020000",
    "03646f6300020c010101000401017402686900",
    "03646f6305026869",
    "03646f6307",
    "0f646f63006d396965786c367972640300",
    "09",
]


def mutated(random: Random, seeds: list[str]) -> bytes:
    """A seed with bytes flipped, cut, doubled, inserted or grown to a large number."""
    frame = bytearray.fromhex(random.choice(seeds))
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(frame) + 1)
        match random.randrange(6):
            case 0:
                frame[at:at] = bytes([random.randrange(256)])
            case 1:
                del frame[at : at + random.randint(1, 4)]
            case 2 if at < len(frame):
                frame[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
            case 3:
                frame[at:at] = b"\xff" * random.randint(1, 9)
            case 4:
                frame += frame[:at]
            case _ if at < len(frame):
                frame[at] ^= 1 << random.randrange(8)
    return bytes(frame)


Decode = Callable[[bytes], object]


def decoded(decode: Decode, frame: bytes) -> object:
    try:
        return decode(frame)
    except MalformedError:
        return None


def check_decoder(decode: Decode, step_by_step: Decode, seeds: list[str], seed: int) -> None:
    random = Random(seed)
    read = 0
    for _ in range(FRAMES):
        frame = mutated(random, seeds)
        message = decoded(decode, frame)
        assert message == decoded(step_by_step, frame), frame.hex()
        if message is None:
            continue
        read += 1
        carried = getattr(message, "update", getattr(message, "state_vector", b""))
        assert len(carried) <= len(frame)
    assert read > FRAMES // 20, "most mutants are hopeless: the mutations are too wild"


def test_y_websocket_decoder_survives_mutated_frames() -> None:
    check_decoder(ysync.decode_frame, ysync.read_frame, YWS, seed=1)


def test_hocuspocus_decoder_survives_mutated_frames() -> None:
    check_decoder(hocuspocus.decode_frame, hocuspocus.read_frame, HOCUSPOCUS, seed=2)


def test_awareness_never_speaks_for_somebody_else() -> None:
    """P9, with clients that repeat, forge, renumber and mutilate what they hear."""
    random = Random(3)
    users = [User(f"u{n}", f"User {n}", "#123456") for n in range(3)]
    for _ in range(300):
        presence = Presence(Limits())
        owners: dict[int, str] = {}
        heard: list[bytes] = [b"\0"]
        for step in range(30):
            index = random.randrange(3)
            user, session = users[index], f"s{index}"
            kind = random.random()
            if kind < 0.4:
                mine = encode_awareness([(index + 1, random.randrange(50), '{"cursor":1}')])
                answer = presence.accept(session, user, mine, {}, step, repeats=True)
            elif kind < 0.7:
                answer = presence.accept(
                    session, user, random.choice(heard), {}, step, repeats=True
                )
            elif kind < 0.9:
                wild = mutated(random, [random.choice(heard).hex()])
                answer = presence.accept(session, user, wild, {}, step, repeats=True)
            else:
                answer = presence.leave(session)
                for client in [c for c, owner in owners.items() if owner == user.id]:
                    del owners[client]
            if isinstance(answer, Refusal) or answer is None:
                continue
            heard.append(answer)
            for entry in decode_awareness(answer):
                if entry.fields is None:
                    owners.pop(entry.client, None)
                    continue
                named = msgspec.convert(entry.fields["user"], dict[str, object])
                assert named["id"] == user.id
                assert owners.setdefault(entry.client, user.id) == user.id
