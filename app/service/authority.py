"""The authority over documents: who has which role, for every door.

Nothing is kept in memory: each answer is read from the store, so that it is never an old one. Open
sockets keep the role that they were given, and `app.identity.watch` has them ask again whenever
something was changed.
"""

from collections.abc import Sequence

from app.identity.principal import Principal
from app.service.standing_reader import StandingReader, StandingRows
from sync.error import CloseCode, ErrorCode, QuireError
from sync.names import WRITING_ROLES, Role
from sync.permission import claimed_role, effective_role, next_expiry_ms
from sync.port import DocumentRecord
from sync.shells.clock import now_ms
from sync.shells.sessions.gatekeeper import Admission


class Authority:
    """Decides the roles of principals, and who may create documents."""

    def __init__(self, rows: StandingRows) -> None:
        self._rows = StandingReader(rows)

    async def role(self, principal: Principal, key: int, name: str) -> Role | None:
        """Return the role of a principal in a document; None: for it there is no such document.

        Raises:
            StoreError: the store does not answer.
        """
        found = await self.review(principal, key, name)
        return None if found is None else found.role

    async def review(self, principal: Principal, key: int, name: str) -> Admission | None:
        """Return the role of a principal in a document, and until when it holds; None: no role.

        Raises:
            StoreError: the store does not answer.
        """
        if principal.document not in (None, name):
            return None
        reader, at_ms = principal.reader, now_ms()
        if reader.is_scoped and claimed_role(reader.claims, name) is None:
            return None
        standing = await self._rows.standing(key, reader.user_id)
        role = effective_role(standing, reader, name, at_ms)
        ends_ms = None if reader.is_scoped else next_expiry_ms(standing, at_ms)
        return None if role is None else Admission(role, ends_ms)

    async def roles(
        self, principal: Principal, documents: Sequence[DocumentRecord]
    ) -> list[Role | None]:
        """Return the role of a principal in each of several documents.

        Raises:
            StoreError: the store does not answer.
        """
        reader, at_ms = principal.reader, now_ms()
        pairs = [(each.key, reader.user_id) for each in documents]
        found = await self._rows.standings(pairs)
        return [
            effective_role(found[pair], reader, each.name, at_ms)
            for pair, each in zip(pairs, documents, strict=True)
        ]

    def may_create(self, principal: Principal, name: str | None) -> bool:
        """Return whether a principal may create a document, of a name or of one that is drawn."""
        if principal.document not in (None, name):
            return False
        claimed = None if name is None else claimed_role(principal.claims, name)
        if principal.kind == "token":
            return principal.may_create and claimed in WRITING_ROLES
        return principal.may_create or claimed in WRITING_ROLES


def unknown_document(principal: Principal) -> QuireError:
    """Return the refusal of a document that is not there, or that one may not know of.

    The two look the same. Who has not said who it is is told to do so.
    """
    if principal.is_proven:
        return QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
    return QuireError(
        ErrorCode.AUTH_REQUIRED,
        "There is no such document for whoever is not signed in.",
        close_code=CloseCode.NOT_AUTHENTICATED,
    )
