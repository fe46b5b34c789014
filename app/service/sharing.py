"""Sharing a document: roles for users and for everybody, share links, and their redemption.

Every change is stored with a note of itself, so that open sockets in all processes ask for their
role anew; see `app.identity.watch`.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from app.identity.principal import Principal
from app.identity.secret_hash import secret_hash
from app.service.backend import Backend
from app.service.grant import Grant
from app.service.service_error import ServiceCode, ServiceError
from storage.access.access_record import GrantRecord, LinkRecord, Redeemed
from storage.fullness import FullError
from sync.error import ErrorCode, QuireError
from sync.names import Role
from sync.permission import Action, is_subject, subject_user
from sync.shells.clock import now_ms
from sync.user import User

MAX_GRANTS: Final = 1_000
"""Grants of one document. Answer: `rate_limited`."""
MAX_LINKS: Final = 200
"""Share links of one document that are not revoked. Answer: `rate_limited`."""
LINK_ROLES: Final[tuple[Role, ...]] = ("editor", "commenter", "viewer")
"""The roles that a link can give: a secret that is passed on makes nobody an owner."""
LINK_SECRET_PREFIX: Final = "ql_"


@dataclass(frozen=True, slots=True)
class Shares:
    """Everything that gives a role in one document."""

    owner_id: str
    owner: User | None
    """None: it is not known by name: somebody who never signed in here."""
    grants: list[GrantRecord]


async def list_shares(backend: Backend, grant: Grant) -> Shares:
    """Return the owner of a document and its grants.

    Raises:
        QuireError: `forbidden`: the principal does not own it.
        StoreError: the store does not answer.
    """
    grant.require(Action.MANAGE)
    document = grant.document
    grants = await backend.access.grants(document.key)
    owner = await backend.identity.user(document.owner_id)
    user = None if owner is None else User(owner.id, owner.name, owner.color)
    return Shares(document.owner_id, user, grants)


async def set_role(backend: Backend, grant: Grant, subject: str, role: Role | None) -> None:
    """Give a subject a role in a document, or take it away; returns after the commit.

    Args:
        subject: `everyone`, `signed-in`, or `user:` and an id, which may be that of somebody who
            has not been here yet. Only users can own a document.
        role: None: the subject has no role of its own any more.

    Raises:
        QuireError: `forbidden`; `invalid_message`: no subject, or a role that it cannot have;
            `rate_limited`: the document is shared with too many.
        StoreError: the store does not answer.
    """
    grant.require(Action.MANAGE)
    user_id = subject_user(subject)
    if not is_subject(subject):
        raise QuireError(ErrorCode.INVALID_MESSAGE, "A subject is everyone, signed-in or user:ID.")
    if role == "owner" and user_id is None:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "Only a user can own a document.")
    key = grant.document.key
    if role is None:
        present = await backend.access.grants(key)
        if all(each.subject != subject for each in present):
            return
    try:
        await backend.access.set_grant(key, subject, role, now_ms(), most=MAX_GRANTS)
    except FullError:
        message = "The document is shared with too many."
        raise QuireError(ErrorCode.RATE_LIMITED, message) from None
    backend.watch.look_now()


async def create_link(
    backend: Backend, grant: Grant, role: Role, expires_at_ms: int | None
) -> tuple[LinkRecord, str]:
    """Create a share link; returns it with its secret, which is stored nowhere.

    Args:
        expires_at_ms: UTC, milliseconds since the epoch; None: never.

    Raises:
        QuireError: `forbidden`; `invalid_message`: a role that a link cannot give, or an end in
            the past; `rate_limited`: the document has too many links.
        StoreError: the store does not answer.
    """
    grant.require(Action.MANAGE)
    at_ms = now_ms()
    if role not in LINK_ROLES:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "A link makes nobody an owner.")
    if expires_at_ms is not None and expires_at_ms <= at_ms:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "expires_at: it lies in the past.")
    secret = LINK_SECRET_PREFIX + secrets.token_urlsafe(32)
    link = LinkRecord(
        id=secrets.token_hex(8),
        document_key=grant.document.key,
        secret_hash=secret_hash(secret),
        role=role,
        created_by=grant.user.id,
        created_at_ms=at_ms,
        expires_at_ms=expires_at_ms,
    )
    try:
        await backend.access.create_link(link, most=MAX_LINKS)
    except FullError:
        message = "The document has too many links; revoke some."
        raise QuireError(ErrorCode.RATE_LIMITED, message) from None
    return link, secret


async def list_links(backend: Backend, grant: Grant) -> list[LinkRecord]:
    """Return the share links of a document that are not revoked, expired ones among them.

    Raises:
        QuireError: `forbidden`.
        StoreError: the store does not answer.
    """
    grant.require(Action.MANAGE)
    return await backend.access.links(grant.document.key)


async def revoke_link(backend: Backend, grant: Grant, link_id: str) -> None:
    """Revoke a share link: what it has given ends, on open sockets within a second.

    Raises:
        QuireError: `forbidden`.
        ServiceError: `unknown_link`.
        StoreError: the store does not answer.
    """
    grant.require(Action.MANAGE)
    if not await backend.access.revoke_link(grant.document.key, link_id, now_ms()):
        raise ServiceError(ServiceCode.UNKNOWN_LINK, "There is no such link.")
    backend.watch.look_now()


async def redeem_link(backend: Backend, principal: Principal, secret: str) -> Redeemed:
    """Give a principal the role of a share link, for as long as the link lives.

    Args:
        principal: proven: a role is given to somebody.

    Raises:
        ServiceError: `unknown_link`: there is none, or it is revoked or expired.
        QuireError: `forbidden`: an API token, which has what it was made for and nothing else.
        StoreError: the store does not answer.
    """
    assert principal.is_proven, "a role is given to somebody"
    if principal.reader.is_scoped:
        raise QuireError(ErrorCode.FORBIDDEN, "An API token takes no links.")
    redeemed = await backend.access.redeem(secret_hash(secret), principal.user.id, now_ms())
    if redeemed is None:
        raise ServiceError(
            ServiceCode.UNKNOWN_LINK, "This link does not lead anywhere, or not any more."
        )
    backend.watch.look_now()
    return redeemed
