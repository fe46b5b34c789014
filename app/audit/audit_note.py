"""The making of an audit record."""

from app.audit.audit_detail import audit_detail, audit_name
from app.identity.principal import Principal
from storage.audit_rows import AuditRecord
from sync.port import DocumentRecord
from sync.shells.clock import now_ms
from sync.user import User

COMMAND_LINE = "command line"
"""The address of whoever uses `quire` on the database itself."""


def audit_record(
    kind: str,
    who: Principal | User | None,
    address: str,
    document: str | DocumentRecord | None = None,
    **detail: object,
) -> AuditRecord:
    """Return the record of an act of now, with bounded texts; see `AuditTrail.note`.

    Commands, which have no trail, give it to the store themselves.
    """
    user = who.user if isinstance(who, Principal) else who
    name, key = (
        (document.name, document.key) if isinstance(document, DocumentRecord) else (document, None)
    )
    return AuditRecord(
        now_ms(),
        kind,
        "" if user is None else audit_name(user.id),
        "" if user is None or not user.id else audit_name(user.name),
        audit_name(address),
        None if name is None else audit_name(name),
        key,
        audit_detail(detail),
    )
