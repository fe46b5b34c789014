"""A submission: a text edit against a base version, or a Yjs update, that a client wants logged."""

from hashlib import blake2b

from msgspec import Struct

from sync.names import PositionEncoding, Role
from sync.text.delta import Ops
from sync.user import User


class TextSubmission(Struct, frozen=True):
    """A text edit. Its positions refer to the text exactly as it was at `base`."""

    session: str
    user: User
    id: str
    base: int | None
    """None: the head at the time of the merge."""
    ops: Ops
    """As sent: any order and split, counted in `encoding`."""
    digest: bytes
    size: int
    """Bytes that it occupies while it waits."""
    encoding: PositionEncoding = "codepoint"
    role: Role | None = None
    """The role that a request was granted; None: that of the session, which has to be a member."""


class UpdateSubmission(Struct, frozen=True):
    """A Yjs v1 update, as received."""

    session: str
    user: User
    id: str
    update: bytes
    digest: bytes
    size: int
    is_anonymous: bool = False
    """True if the id was drawn at random here: no other event can have it."""
    role: Role | None = None
    """The role that a request was granted; None: that of the session, which has to be a member."""
    is_past: bool = False
    """True if it answers a sync step 1: it holds what the log lacks, by any author."""


Submission = TextSubmission | UpdateSubmission


def text_digest(kind: str, base: int | None, ops: Ops) -> bytes:
    """16 bytes that tell one text event's content, as first sent, from another's."""
    parts = [kind, str(base)]
    parts.extend(f"+{op}" if isinstance(op, str) else str(op) for op in ops)
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()


def update_digest(update: bytes) -> bytes:
    """16 bytes that tell one Yjs update from another."""
    return blake2b(update, digest_size=16, person=b"update").digest()


def named_digest(kind: str, value: str) -> bytes:
    """16 bytes for a submission that is identified by its request, such as a restore."""
    return blake2b(f"{kind}\0{value}".encode(), digest_size=16).digest()
