"""Identity in open mode, where a name is not proved.

Without a guest's cookie the same name is the same user.
"""

from dataclasses import replace
from hashlib import blake2b
from typing import Final
from urllib.parse import unquote

from app.identity.credential import Credentials
from app.identity.display_name import PALETTE, clean_name
from app.identity.principal import Principal
from sync.error import ErrorCode, QuireError
from sync.user import User

NAME_HEADER: Final = "X-Quire-Name"
"""Open mode: the author of an HTTP request, percent-encoded UTF-8."""
DEFAULT_NAME: Final = "Guest"


def named_user(name: str) -> User:
    """Return the user of a name; id and colour are derived from the name."""
    cleaned = clean_name(name)
    digest = blake2b(cleaned.encode(), digest_size=9, person=b"quire.user").digest()
    return User(f"open-{digest.hex()}", cleaned, PALETTE[digest[0] % len(PALETTE)])


def named_principal(shown: Credentials) -> Principal:
    """Return the principal of a name in open mode, or of no name.

    A client of a Yjs dialect that gives no name is anonymous: it is shown under the name in its
    awareness.

    Raises:
        QuireError: `auth_failed`: not a usable name.
    """
    user = named_user(DEFAULT_NAME if shown.name is None else shown.name)
    if shown.name is None and shown.door in ("y-websocket", "hocuspocus"):
        user = replace(user, anonymous=True)
    return Principal(user, "named", is_signed_in=True, may_create=True)


def decode_name_header(raw: str | None) -> str | None:
    """Return the name that an HTTP request gives in `X-Quire-Name`; None: it gives none.

    Raises:
        QuireError: `auth_failed`: not percent-encoded UTF-8.
    """
    if raw is None:
        return None
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise QuireError(ErrorCode.AUTH_FAILED, f"{NAME_HEADER} is not UTF-8.") from None
