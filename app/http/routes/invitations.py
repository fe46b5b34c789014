"""`/api/invitations`: operators invite, and whoever has the link accepts."""

from fastapi import APIRouter, Request, Response

from app.audit.audit_kind import (
    INVITATION_ACCEPTED,
    INVITATION_CREATED,
    INVITATION_REVOKED,
    PASSWORD_RESET,
)
from app.http.access import StateOf, problems
from app.http.identity_schema import (
    Acceptance,
    InvitationEntry,
    InvitationList,
    InvitationSecret,
    InvitationState,
    IssuedInvitation,
    NewInvitation,
    SessionState,
)
from app.http.noting import NotingOf
from app.http.people_access import (
    NOT_KEPT,
    ClientOf,
    OperatorOf,
    PeopleOf,
    let_in,
    require_passwords,
)
from app.identity.accounts.invitation import issue_invitation
from app.service.service_error import ServiceCode, ServiceError
from sync.error import ErrorCode, QuireError
from sync.shells.clock import now_ms
from sync.wire.event import timestamp

router = APIRouter(prefix="/api/invitations", tags=["people"], dependencies=[NOT_KEPT])


@router.get("", responses=problems(403))
async def list_invitations(people: PeopleOf, _: OperatorOf) -> InvitationList:
    """List the invitations that can still be used; their links are not kept."""
    at_ms = now_ms()
    entries = [
        InvitationEntry(
            id=invitation.id,
            kind=invitation.kind,
            operator=invitation.is_operator,
            user_id=invitation.user_id,
            created_by=invitation.created_by,
            created_at=timestamp(invitation.created_at_ms),
            expires_at=timestamp(invitation.expires_at_ms),
        )
        for invitation in await people.identity.invitations()
        if invitation.expires_at_ms > at_ms
    ]
    return InvitationList(invitations=entries)


@router.post("", status_code=201, responses=problems(403, 409, 413))
async def invite(
    new: NewInvitation, state: StateOf, people: PeopleOf, operator: OperatorOf, note: NotingOf
) -> IssuedInvitation:
    """Make a link with which one person becomes a user. It is shown this once."""
    require_passwords(state)
    issued = await issue_invitation(
        people.identity,
        created_by=operator.user.id,
        is_operator=new.operator,
        days=new.expires_in_days,
    )
    note(INVITATION_CREATED, invitation=issued.invitation.id, operator=new.operator)
    return IssuedInvitation(
        id=issued.invitation.id,
        url=issued.url(state.settings.public_root),
        expires_at=timestamp(issued.invitation.expires_at_ms),
    )


@router.delete(
    "/{invitation}", status_code=204, response_class=Response, responses=problems(403, 404)
)
async def revoke_invitation(
    invitation: str, people: PeopleOf, _: OperatorOf, note: NotingOf
) -> Response:
    """Revoke an invitation that is not used."""
    known = {each.id for each in await people.identity.invitations()}
    if invitation not in known or not await people.identity.revoke_invitation(invitation):
        raise ServiceError(ServiceCode.UNKNOWN_INVITATION, "There is no such invitation.")
    note(INVITATION_REVOKED, invitation=invitation)
    return Response(status_code=204)


@router.post("/check", responses=problems(403, 404, 413, 429))
async def check_invitation(
    shown: InvitationSecret, people: PeopleOf, client: ClientOf
) -> InvitationState:
    """Tell whoever has a link what it is for; it stays unused."""
    invitation = await people.invitations.find(shown.secret, client)
    user = None
    if invitation.user_id is not None:
        user = await people.identity.user(invitation.user_id)
    return InvitationState(
        kind=invitation.kind,
        operator=invitation.is_operator,
        login=None if user is None else user.login,
        expires_at=timestamp(invitation.expires_at_ms),
    )


@router.post("/accept", responses=problems(403, 404, 409, 413, 429))
async def accept_invitation(
    shown: Acceptance,
    request: Request,
    response: Response,
    state: StateOf,
    people: PeopleOf,
    client: ClientOf,
) -> SessionState:
    """Become a user, or choose a new password, and be signed in."""
    require_passwords(state)
    if shown.login is None and shown.name is None:
        signed_in = await people.invitations.reset(
            shown.secret, password=shown.password, client=client
        )
    elif shown.login is None:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "login: is missing")
    else:
        signed_in = await people.invitations.join(
            shown.secret,
            login=shown.login,
            name=shown.name or shown.login,
            password=shown.password,
            client=client,
        )
    kind = PASSWORD_RESET if shown.login is None else INVITATION_ACCEPTED
    state.backend.audit.note(kind, signed_in.principal, client.address)
    return let_in(state, request, response, signed_in)
