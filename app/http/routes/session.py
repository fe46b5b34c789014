"""`/api/session` and `/api/sessions`: who asks, being a guest, signing in and out."""

from fastapi import APIRouter, Request, Response
from msgspec.structs import replace

from app.audit.audit_kind import SIGN_IN_FAILED, SIGNED_IN, SIGNED_OUT
from app.http.access import PrincipalOf, StateOf, problems
from app.http.identity_schema import (
    GuestName,
    SelfChange,
    SessionEntry,
    SessionList,
    SessionState,
    SignIn,
)
from app.http.noting import NotingOf
from app.http.people_access import (
    NOT_KEPT,
    ClientOf,
    PeopleOf,
    SignedInOf,
    forget,
    keep_guest,
    keep_session,
    let_in,
    require_passwords,
    session_state,
)
from app.identity.accounts.login import clean_login
from app.identity.guest import Guest, new_guest, renamed_guest
from app.identity.people import People
from app.service.service_error import ServiceCode, ServiceError
from sync.error import ErrorCode, QuireError
from sync.shells.clock import now_ms
from sync.user import User
from sync.wire.event import timestamp

router = APIRouter(prefix="/api", tags=["people"], dependencies=[NOT_KEPT])


@router.get("/session", responses=problems())
async def read_session(
    request: Request, response: Response, state: StateOf, people: PeopleOf, principal: PrincipalOf
) -> SessionState:
    """Tell who asks, and renew the cookie that says so."""
    if principal.kind == "guest":
        guest = _guest_of(request, people)
        is_old = people.cookies.guest.is_old_in(request.cookies)
        if guest is not None and (is_old or guest.is_due(now_ms())):
            keep_guest(state, request, response, renamed_guest(guest, guest.name, now_ms()))
    else:
        secret = people.cookies.session.value_in(request.cookies)
        if principal.session_id is not None and secret is not None:
            keep_session(state, request, response, secret)
    return session_state(state, principal)


@router.post("/session/guest", responses=problems(403, 413))
async def become_guest(
    new: GuestName,
    request: Request,
    response: Response,
    state: StateOf,
    people: PeopleOf,
    principal: PrincipalOf,
) -> SessionState:
    """Become a guest, known by a cookie. Who is one stays the same, perhaps under another name.

    Who has signed in, or shows a token, stays what it is.
    """
    if principal.kind not in ("visitor", "named", "guest"):
        return session_state(state, principal)
    guest = _guest_of(request, people)
    if guest is None:
        guest = new_guest(new.name, now_ms())
    else:
        guest = renamed_guest(guest, new.name or guest.name, now_ms())
    keep_guest(state, request, response, guest)
    return session_state(state, people.guests.principal(guest))


@router.patch("/session", responses=problems(403, 413))
async def change_oneself(
    change: SelfChange,
    request: Request,
    response: Response,
    state: StateOf,
    people: PeopleOf,
    principal: PrincipalOf,
) -> SessionState:
    """Take another name or colour; the id stays. What is open keeps both until it joins anew."""
    guest = _guest_of(request, people)
    if principal.kind == "guest" and guest is not None:
        renamed = renamed_guest(guest, change.name or guest.name, now_ms(), change.color)
        keep_guest(state, request, response, renamed)
        return session_state(state, people.guests.principal(renamed))
    is_stored = principal.kind == "account" or (principal.kind == "oidc" and change.name is None)
    if is_stored and principal.session_id is not None:
        user = principal.user
        if change.name is not None:
            await people.identity.rename_user(user.id, change.name)
        if change.color is not None:
            await people.identity.recolor_user(user.id, change.color)
        shown = type(user)(user.id, change.name or user.name, change.color or user.color)
        return session_state(state, replace(principal, user=shown))
    if principal.kind in ("visitor", "named"):
        raise QuireError(ErrorCode.AUTH_REQUIRED, "Become a guest first: /api/session/guest.")
    raise QuireError(ErrorCode.FORBIDDEN, "Your name is not kept here.")


@router.post("/session", responses=problems(403, 413, 429))
async def sign_in(
    shown: SignIn,
    request: Request,
    response: Response,
    state: StateOf,
    people: PeopleOf,
    client: ClientOf,
) -> SessionState:
    """Sign in with a login and a password; the session is a new one, whoever asked before."""
    require_passwords(state)
    audit = state.backend.audit
    try:
        signed_in = await people.accounts.sign_in(shown.login, shown.password, client)
    except QuireError as error:
        tried = await _user_tried(people, shown.login) if error.code == "auth_failed" else None
        audit.note(SIGN_IN_FAILED, tried, client.address, code=error.code)
        request.state.refusal_is_noted = True
        raise
    principal = signed_in.principal
    audit.note(SIGNED_IN, principal, client.address, session=principal.session_id)
    return let_in(state, request, response, signed_in)


@router.delete("/session", status_code=204, response_class=Response, responses=problems(403))
async def sign_out(
    request: Request, state: StateOf, people: PeopleOf, principal: PrincipalOf, note: NotingOf
) -> Response:
    """Sign out of this browser; a guest is forgotten by it."""
    response = Response(status_code=204)
    if principal.session_id is not None:
        await people.sessions.end(principal.user.id, principal.session_id)
        note(SIGNED_OUT, session=principal.session_id)
        forget(state, request, response, people.cookies.session)
    elif principal.kind == "guest":
        forget(state, request, response, people.cookies.guest)
    return response


@router.get("/sessions", responses=problems(403))
async def list_sessions(people: PeopleOf, principal: SignedInOf) -> SessionList:
    """List one's sessions: the browsers in which one is signed in."""
    entries = [
        SessionEntry(
            id=session.id,
            current=session.id == principal.session_id,
            address=session.address,
            agent=session.agent,
            created_at=timestamp(session.created_at_ms),
            seen_at=timestamp(session.seen_at_ms),
            expires_at=timestamp(session.expires_at_ms),
        )
        for session in await people.sessions.sessions(principal.user.id)
    ]
    return SessionList(sessions=entries)


@router.delete("/sessions", status_code=204, response_class=Response, responses=problems(403))
async def sign_out_everywhere(
    request: Request, state: StateOf, people: PeopleOf, principal: SignedInOf, note: NotingOf
) -> Response:
    """Sign out of all browsers, this one too; open sockets end within a second."""
    await people.sessions.end_all(principal.user.id)
    note(SIGNED_OUT, everywhere=True)
    response = Response(status_code=204)
    forget(state, request, response, people.cookies.session)
    return response


@router.delete(
    "/sessions/{session}", status_code=204, response_class=Response, responses=problems(403, 404)
)
async def end_session(
    session: str, people: PeopleOf, principal: SignedInOf, note: NotingOf
) -> Response:
    """Sign out of one browser."""
    if not await people.sessions.end(principal.user.id, session):
        raise ServiceError(ServiceCode.UNKNOWN_SESSION, "You have no such session.")
    note(SIGNED_OUT, session=session)
    return Response(status_code=204)


async def _user_tried(people: People, login: str) -> User | None:
    """Return the user of a login. One that nobody has is not kept: it may be a password."""
    cleaned = clean_login(login)
    found = None if cleaned is None else await people.identity.user_by_login(cleaned)
    return None if found is None else User(found.id, found.name, found.color)


def _guest_of(request: Request, people: People) -> Guest | None:
    cookie = people.cookies.guest.value_in(request.cookies)
    return None if cookie is None else people.guests.decode(cookie, now_ms())
