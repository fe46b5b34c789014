"""The permissions of users in a document: the role that the rows give, and what that role allows.

A document has an owner, and grants for subjects: `everyone`, `signed-in`, or one user. A share link
grants a role to whoever has redeemed it. A token may carry claims: roles in documents, by name. The
highest role that applies counts (`effective_role`); without any, a document looks like one that
does not exist. While an operator has made a document read-only, everybody who has a role there is a
viewer, its owner too. Every door asks `may` before it does something in a document.
"""

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final, get_args

from msgspec import Struct

from sync.names import WRITING_ROLES, Role, is_document_name

EVERYONE: Final = "everyone"
"""The subject that is whoever asks, proven or not."""
SIGNED_IN: Final = "signed-in"
"""The subject that is whoever this server lets in; in open mode, whoever gives a name."""
Grants = tuple[tuple[str, Role], ...]
"""Subjects, each with the role that is granted to it."""
_USER_PREFIX: Final = "user:"
MAX_USER_ID_CHARS: Final = 128

_RANKS: Final[dict[str, int]] = {"viewer": 0, "commenter": 1, "editor": 2, "owner": 3}
ROLES: Final[tuple[Role, ...]] = get_args(Role)


class Action(Enum):
    """An act on a document that a role allows or does not allow."""

    READ = auto()
    """Read its text, its history, and who is there."""
    WRITE = auto()
    """Change its content: an edit, an update, a restore."""
    RENAME = auto()
    """Change its metadata: the title, the text root."""
    MANAGE = auto()
    """Share it, read its audit trail, delete it."""


_ALLOWED: Final[dict[Action, frozenset[str]]] = {
    Action.READ: frozenset({"owner", "editor", "commenter", "viewer"}),
    Action.WRITE: WRITING_ROLES,
    Action.RENAME: WRITING_ROLES,
    Action.MANAGE: frozenset({"owner"}),
}


def may(role: Role, action: Action) -> bool:
    """Return whether a role allows an action."""
    return role in _ALLOWED[action]


class LinkGrant(Struct, frozen=True):
    """A share link that a user has redeemed, and that is not revoked."""

    role: Role
    expires_at_ms: int | None
    """UTC, milliseconds since the epoch; None: never."""


class Standing(Struct, frozen=True):
    """The rows of one document that concern one user."""

    owner_id: str
    everyone: Role | None = None
    signed_in: Role | None = None
    personal: Role | None = None
    links: tuple[LinkGrant, ...] = ()
    is_read_only: bool = False
    """True while an operator has made the document read-only."""


class Claim(Struct, frozen=True):
    """A role in documents, as a token carries it."""

    pattern: str
    """A document's name, or the beginning of names followed by `*`."""
    role: Role


class Reader(Struct, frozen=True):
    """The one who asks for documents, as far as that decides about access."""

    user_id: str
    is_signed_in: bool
    claims: tuple[Claim, ...] = ()
    is_scoped: bool = False
    """True if the claims are all it has: it owns nothing, and no grant applies."""
    is_unproven: bool = False
    """True if nobody knows who it is: only `everyone` applies, and reading is all that it may."""


def user_subject(user_id: str) -> str:
    """Return the subject that is one user."""
    return f"{_USER_PREFIX}{user_id}"


def subject_user(subject: str) -> str | None:
    """Return the id of the user that a subject is; None if it is no single user."""
    return subject.removeprefix(_USER_PREFIX) if subject.startswith(_USER_PREFIX) else None


def is_subject(text: str) -> bool:
    """Return whether a text names a subject that can be granted a role."""
    user_id = subject_user(text)
    if user_id is None:
        return text in (EVERYONE, SIGNED_IN)
    return 0 < len(user_id) <= MAX_USER_ID_CHARS and user_id.isprintable()


def is_claim_pattern(text: str) -> bool:
    """Return whether a text is a document's name, or the beginning of one with `*` behind it."""
    beginning = text.removesuffix("*")
    return is_document_name(beginning) or text == "*"


def highest(roles: Iterable[Role | None]) -> Role | None:
    """Return the role that allows the most; None if there is none."""
    present = [role for role in roles if role is not None]
    return max(present, key=_RANKS.__getitem__, default=None)


def claimed_role(claims: Iterable[Claim], name: str) -> Role | None:
    """Return the highest role that claims give in the document of a name."""
    return highest(claim.role for claim in claims if _matches(claim.pattern, name))


def effective_role(standing: Standing, reader: Reader, name: str, now_ms: int) -> Role | None:
    """Return the role of a reader in a document; None: for the reader there is no such document.

    Args:
        standing: the rows of the document for this reader's user id.
        name: of the document.
        now_ms: UTC, milliseconds since the epoch; links end at it.
    """
    role = _given_role(standing, reader, name, now_ms)
    return "viewer" if standing.is_read_only and role is not None else role


def next_expiry_ms(standing: Standing, now_ms: int) -> int | None:
    """Return when the first link ends that still counts; None if none does."""
    ends = (link.expires_at_ms for link in standing.links)
    return min((end for end in ends if end is not None and end > now_ms), default=None)


def _given_role(standing: Standing, reader: Reader, name: str, now_ms: int) -> Role | None:
    claimed = claimed_role(reader.claims, name)
    if reader.is_scoped:
        return claimed
    if reader.is_unproven:
        return None if standing.everyone is None else "viewer"
    owned: Role | None = "owner" if standing.owner_id == reader.user_id else None
    signed_in = standing.signed_in if reader.is_signed_in else None
    linked = (
        link.role
        for link in standing.links
        if link.expires_at_ms is None or now_ms < link.expires_at_ms
    )
    return highest((claimed, owned, standing.everyone, signed_in, standing.personal, *linked))


def _matches(pattern: str, name: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name == pattern
