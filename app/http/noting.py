"""The dependency of routes that note what they did in the audit trail."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.audit.audit_trail import AuditTrail
from app.http.access import BackendOf, PrincipalOf
from app.identity.principal import Principal
from sync.port import DocumentRecord


@dataclass(frozen=True, slots=True)
class Noting:
    """Notes acts of whoever asks."""

    audit: AuditTrail
    principal: Principal
    address: str

    def __call__(
        self, kind: str, document: str | DocumentRecord | None = None, **detail: object
    ) -> None:
        """Note an act; see `AuditTrail.note`."""
        self.audit.note(kind, self.principal, self.address, document, **detail)


async def _noting(request: Request, backend: BackendOf, principal: PrincipalOf) -> Noting:
    address = "" if request.client is None else request.client.host
    return Noting(backend.audit, principal, address)


NotingOf = Annotated[Noting, Depends(_noting)]
"""Notes acts of whoever asks: `note(LINK_REVOKED, grant.document, link=link_id)`."""
