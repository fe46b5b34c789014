"""A user as an issuer of identities describes one: id and name from its claims."""

from hashlib import blake2b
from typing import Final

from app.identity.display_name import MAX_NAME_CHARS, clean_name
from sync.error import QuireError

NAMELESS: Final = "User"
"""Shown where an issuer gives no usable name: a subject may be what nobody else is to see."""


def derived_id(kind: str, issuer: str, subject: str) -> str:
    """Return the id of the subject of an issuer, the same every time, and no other's."""
    # The length in front: no two pairs have the same bytes.
    content = f"{len(issuer)}:{issuer}{subject}".encode("utf-8", "surrogatepass")
    return f"{kind}-{blake2b(content, digest_size=12, person=b'quire.subject').hexdigest()}"


def shown_name(*candidates: str | None) -> str:
    """Return the first name that others may see, cut to what fits; `User` if there is none."""
    for name in candidates:
        if name is not None:
            try:
                # Cut first by far: cleaning is work for each character.
                return clean_name(_cut(name[: 16 * MAX_NAME_CHARS]))
            except QuireError:
                continue
    return NAMELESS


def _cut(name: str) -> str:
    """Return a name that is too long without its end; a usable one stays as it is."""
    try:
        return clean_name(name)
    except QuireError:
        return " ".join(name.split())[:MAX_NAME_CHARS]
