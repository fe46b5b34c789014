"""`/api/account`: one's password."""

from fastapi import APIRouter, Request, Response

from app.audit.audit_kind import PASSWORD_CHANGED
from app.http.access import PrincipalOf, StateOf, problems
from app.http.identity_schema import PasswordChange, SessionState
from app.http.people_access import NOT_KEPT, ClientOf, PeopleOf, let_in

router = APIRouter(prefix="/api/account", tags=["people"], dependencies=[NOT_KEPT])


@router.post("/password", responses=problems(403, 413, 429))
async def change_password(
    change: PasswordChange,
    request: Request,
    response: Response,
    state: StateOf,
    people: PeopleOf,
    client: ClientOf,
    principal: PrincipalOf,
) -> SessionState:
    """Change one's password: all sessions end, and this browser gets a new one."""
    signed_in = await people.accounts.change_password(principal, change.current, change.new, client)
    state.backend.audit.note(PASSWORD_CHANGED, principal, client.address)
    return let_in(state, request, response, signed_in)
