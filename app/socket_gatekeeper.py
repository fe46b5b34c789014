"""The gatekeeper of one socket: what its peer has shown, who that is, and what it may do."""

from dataclasses import replace
from typing import Final

from app.audit.audit_kind import ACCESS_REFUSED, DOCUMENT_JOINED, TICKET_REFUSED
from app.identity.credential import Credentials
from app.identity.principal import Principal
from app.logs.log_context import add_context
from app.service.admission import admit, review
from app.service.backend import Backend
from sync.error import ErrorCode, QuireError
from sync.shells.sessions.gatekeeper import Admission, Identity

REFUSALS: Final = frozenset(
    {
        ErrorCode.AUTH_FAILED,
        ErrorCode.AUTH_REQUIRED,
        ErrorCode.FORBIDDEN,
        ErrorCode.UNKNOWN_DOCUMENT,
    }
)
"""The codes of what is refused for want of permission."""


class SocketGatekeeper:
    """A `sync.shells.sessions.gatekeeper.Gatekeeper`.

    Args:
        shown: the credentials that came with the handshake.
    """

    __slots__ = ("_backend", "_shown")

    def __init__(self, backend: Backend, shown: Credentials) -> None:
        self._backend = backend
        self._shown = shown

    @property
    def revision(self) -> int:
        """The number of times that this process has learned of changed permissions."""
        return self._backend.watch.revision

    async def identify(
        self, token: str | None, name: str | None, document: str | None = None
    ) -> Principal:
        """Return the principal of a token, else of the handshake, else of a name."""
        shown = replace(
            self._shown,
            token=token,
            name=self._shown.name if name is None else name,
            document=self._shown.document if document is None else document,
        )
        try:
            principal = await self._backend.identifier.identify(shown)
        except QuireError as error:
            if shown.is_ticket and error.code is ErrorCode.AUTH_FAILED:
                self._note(TICKET_REFUSED, None, shown.document, error.code)
            else:
                self.note_refusal(None, shown.document, error.code)
            raise
        add_context(user=principal.user.id)
        return principal

    async def renew(self, identity: Identity) -> Principal | None:
        """Return a principal as it is proven now; None: it is not, or not any more."""
        assert isinstance(identity, Principal), "it came from `identify`"
        return await self._backend.identifier.renew(identity)

    async def admit(
        self, identity: Identity, document: str, text_root: str, *, create: bool = True
    ) -> Admission:
        """Return the role in which a principal joins; see `app.service.admission.admit`."""
        assert isinstance(identity, Principal), "it came from `identify`"
        shown = self._shown
        try:
            admission = await admit(
                self._backend, identity, document, text_root, shown.address, create=create
            )
        except QuireError as error:
            self.note_refusal(identity, document, error.code)
            raise
        self._backend.audit.note(
            DOCUMENT_JOINED, identity, shown.address, document, role=admission.role, door=shown.door
        )
        return admission

    async def review(self, identity: Identity, document: str) -> Admission | None:
        """Return the role that a principal has now; None: none."""
        assert isinstance(identity, Principal), "it came from `identify`"
        return await review(self._backend, identity, document)

    def note_refusal(self, identity: Identity | None, document: str | None, code: str) -> None:
        """Note in the audit trail that something was refused, if for want of permission."""
        assert identity is None or isinstance(identity, Principal), "it came from `identify`"
        if code in REFUSALS:
            self._note(ACCESS_REFUSED, identity, document, code)

    def _note(self, kind: str, who: Principal | None, document: str | None, code: str) -> None:
        shown = self._shown
        self._backend.audit.note(kind, who, shown.address, document, code=code, door=shown.door)
