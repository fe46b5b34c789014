"""`/api/tickets`: a secret for one socket, so that none that lasts gets into an address."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from app.audit.audit_kind import TICKET_ISSUED
from app.http.access import PrincipalOf, StateOf, problems
from app.http.noting import NotingOf
from app.http.people_access import NOT_KEPT
from app.http.schema import DocumentName
from sync.error import ErrorCode, QuireError
from sync.wire.event import timestamp

router = APIRouter(prefix="/api/tickets", tags=["people"], dependencies=[NOT_KEPT])


class NewTicket(BaseModel):
    """The use that a ticket is for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"document": "notes"}]})

    document: DocumentName | None = Field(
        None, description="The one document that it is good for; left out: any."
    )


class Ticket(BaseModel):
    """A ticket: good for one socket, opened by the same page within 30 s."""

    ticket: str = Field(examples=["qk_b9DLU0Ve1xgVFzMMGVbJr4UG1lEXAMPLE"])
    expires_at: str = Field(examples=["2026-11-20T09:30:30.125Z"])


@router.post("", responses=problems(403, 429))
async def issue_ticket(
    request: Request,
    state: StateOf,
    principal: PrincipalOf,
    note: NotingOf,
    new: NewTicket | None = None,
) -> Ticket:
    """Give out a ticket that stands for whoever asks, in the first message of a WebSocket.

    It may be asked for with a cookie or a bearer token; in open mode with a name.
    """
    if not principal.is_proven:
        raise QuireError(ErrorCode.AUTH_REQUIRED, "Sign in first.")
    issued = await state.token_checks.tickets.issue(
        principal,
        document=None if new is None else new.document,
        origin=request.headers.get("origin"),
        address="" if request.client is None else request.client.host,
    )
    note(TICKET_ISSUED, None if new is None else new.document)
    return Ticket(ticket=issued.secret, expires_at=timestamp(issued.expires_at_ms))
