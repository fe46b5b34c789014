"""The dependencies of routes about people: the parts that know them, and who may use which."""

from typing import Annotated, Final, Literal

from fastapi import Depends, Request, Response

from app.app_state import State
from app.http.access import PrincipalOf, StateOf
from app.http.cookie import clear_cookie, set_cookie
from app.http.identity_schema import Person, SessionState
from app.identity.accounts.web_sessions import Client, SignedIn
from app.identity.cookie_names import CookieName
from app.identity.guest import GUEST_DAYS, Guest
from app.identity.people import People
from app.identity.principal import Principal
from sync.error import ErrorCode, QuireError
from sync.shells.clock import now_ms
from sync.user import User
from sync.wire.event import timestamp

_DAY_S: Final = 86_400
_SIGN_IN: Final[dict[str, list[Literal["password", "oidc"]]]] = {
    "accounts": ["password"],
    "oidc": ["oidc"],
}


async def _people_of(state: StateOf) -> People:
    return state.people


async def _client_of(request: Request) -> Client:
    address = "" if request.client is None else request.client.host
    return Client(address, request.headers.get("user-agent", ""))


async def _not_kept(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


async def _signed_in(principal: PrincipalOf) -> Principal:
    """A principal with a session of its own, which no token and no guest has."""
    if principal.session_id is None:
        if principal.kind in ("visitor", "guest", "named"):
            raise QuireError(ErrorCode.AUTH_REQUIRED, "Sign in first.")
        raise QuireError(ErrorCode.FORBIDDEN, "Only who has signed in here may do that.")
    return principal


async def _operator(principal: PrincipalOf) -> Principal:
    if principal.is_operator:
        return principal
    if principal.kind == "visitor":
        raise QuireError(ErrorCode.AUTH_REQUIRED, "Sign in first.")
    raise QuireError(ErrorCode.FORBIDDEN, "Only operators may do that.")


PeopleOf = Annotated[People, Depends(_people_of)]
ClientOf = Annotated[Client, Depends(_client_of)]
SignedInOf = Annotated[Principal, Depends(_signed_in)]
"""Whoever asks, who has signed in with this browser."""
OperatorOf = Annotated[Principal, Depends(_operator)]
"""Whoever asks, who is an operator."""
NOT_KEPT: Final = Depends(_not_kept)
"""Has no cache keep an answer: it is about one person."""


def session_state(state: State, principal: Principal) -> SessionState:
    """Return whoever asks as the API shows it."""
    expires_at_ms = principal.expires_at_ms
    return SessionState(
        mode=state.settings.auth_mode,
        user=person(principal.user) if principal.is_proven else None,
        kind=principal.kind,
        signed_in=principal.is_signed_in,
        operator=principal.is_operator,
        expires_at=None if expires_at_ms is None else timestamp(expires_at_ms),
        sign_in=_SIGN_IN.get(state.settings.auth_mode, []),
        oidc_label=state.settings.oidc_label if state.settings.auth_mode == "oidc" else "",
        may_create=principal.may_create,
    )


def require_passwords(state: State) -> None:
    """Raise `QuireError` unless people sign in here with a password."""
    if state.settings.auth_mode != "accounts":
        raise QuireError(ErrorCode.FORBIDDEN, "This server has no accounts with passwords.")


def person(user: User) -> Person:
    """Return a user as others see it."""
    return Person(id=user.id, name=user.name, color=user.color)


def keep_guest(state: State, request: Request, response: Response, guest: Guest) -> None:
    """Have the browser keep a guest's cookie."""
    name, guests = state.people.cookies.guest, state.people.guests
    value = guests.encode(guest)
    set_cookie(response, request, state.settings, name.name, value, GUEST_DAYS * _DAY_S)
    old = request.cookies.get(name.old_name)
    if old is not None and guests.decode(old, now_ms()) is not None:
        clear_cookie(response, request, state.settings, name.old_name)


def keep_session(state: State, request: Request, response: Response, secret: str) -> None:
    """Have the browser keep a session's cookie for as long as the session lasts."""
    max_age_s = state.settings.session_days * _DAY_S
    name = state.people.cookies.session
    set_cookie(response, request, state.settings, name.name, secret, max_age_s)
    if request.cookies.get(name.old_name) == secret:
        # It has a name of its own now. Any other value may be another installation's.
        clear_cookie(response, request, state.settings, name.old_name)


def let_in(state: State, request: Request, response: Response, signed_in: SignedIn) -> SessionState:
    """Answer a sign-in: with its cookie, and with who it is from now on."""
    keep_session(state, request, response, signed_in.secret)
    return session_state(state, signed_in.principal)


def forget(state: State, request: Request, response: Response, cookie: CookieName) -> None:
    """Have the browser forget a cookie, under the name by which it was shown."""
    name = cookie.old_name if cookie.is_old_in(request.cookies) else cookie.name
    clear_cookie(response, request, state.settings, name)
