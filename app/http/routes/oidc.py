"""`/auth/oidc/…`: the way of a browser to the provider, and back."""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from app.app_state import State
from app.audit.audit_kind import SIGN_IN_FAILED, SIGNED_IN
from app.http.access import StateOf
from app.http.cookie import clear_cookie, set_cookie
from app.http.people_access import ClientOf, keep_session
from app.http.problem import HttpCode, ProblemError
from app.identity.provider.pending_sign_in import COOKIE_PREFIX, MAX_AGE_S, cookie_of
from app.identity.provider.sign_in_answer import CALLBACK_PATH, CallbackAnswer, NotSignedIn, Problem

if TYPE_CHECKING:
    from app.identity.provider.oidc_sign_in import OidcSignIn

router = APIRouter(prefix="/auth/oidc", include_in_schema=False)

MAX_PENDING: Final = 4
"""Sign-ins of one browser at once; the cookies of more are in the way."""
_MAX_PARAMETER_CHARS: Final = 2_048


@router.get("/start")
async def start(request: Request, state: StateOf, next: str | None = None) -> Response:  # noqa: A002
    """Send a browser to the provider; `next` is the path here to which it then returns."""
    oidc = _oidc_of(state)
    try:
        url, pending = await oidc.begin(next, _address(request, state) + CALLBACK_PATH)
    except NotSignedIn as failed:
        return _refused(state, failed.problem)
    response = _redirect(url)
    # Browsers send the oldest first (RFC 6265, section 5.4).
    for name in _pending_cookies(request)[: -(MAX_PENDING - 1)]:
        clear_cookie(response, request, state.settings, name)
    sealed = oidc.seal.seal(pending)
    set_cookie(response, request, state.settings, pending.cookie, sealed, MAX_AGE_S)
    return response


@router.get("/callback")
async def come_back(request: Request, state: StateOf, client: ClientOf) -> Response:
    """Take a browser back from the provider: signed in, or with the reason why not."""
    oidc = _oidc_of(state)
    returned = {name: _parameter(request, name) for name in ("state", "code", "error", "iss")}
    key = returned["state"] or ""
    pending = oidc.seal.open(request.cookies.get(cookie_of(key)), key)
    if pending is None:
        return _refused(state, Problem.EXPIRED)
    answer = CallbackAnswer(returned["code"], returned["error"], returned["iss"])
    try:
        user = await oidc.finish(pending, answer, _address(request, state) + CALLBACK_PATH)
    except NotSignedIn as failed:
        state.backend.audit.note(
            SIGN_IN_FAILED, None, client.address, code=failed.problem, by="oidc"
        )
        response = _refused(state, failed.problem, pending.next)
    else:
        signed_in = await state.people.sessions.start(user, client)
        response = _redirect(state.settings.base_path + pending.next)
        keep_session(state, request, response, signed_in.secret)
        principal = signed_in.principal
        state.backend.audit.note(
            SIGNED_IN, principal, client.address, session=principal.session_id, by="oidc"
        )
    clear_cookie(response, request, state.settings, pending.cookie)
    return response


@router.get("/end")
async def leave(request: Request, state: StateOf) -> Response:
    """Send a browser to where the provider ends its own session; ours ends at `/api/session`."""
    home = _address(request, state) + "/"
    url = await _oidc_of(state).end_session_url(home)
    return _redirect(url or state.settings.base_path + "/")


def _oidc_of(state: State) -> "OidcSignIn":
    oidc = state.token_checks.oidc
    if oidc is None:
        raise ProblemError(HttpCode.NOT_FOUND, "There is no sign-in at a provider here.")
    return oidc


def _address(request: Request, state: State) -> str:
    """Return the address of this server, as its users have it, without a slash at its end."""
    return state.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")


def _parameter(request: Request, name: str) -> str | None:
    values = request.query_params.getlist(name)
    if len(values) > 1 or any(len(value) > _MAX_PARAMETER_CHARS for value in values):
        return None
    return values[0] if values else None


def _pending_cookies(request: Request) -> list[str]:
    return [name for name in request.cookies if name.startswith(COOKIE_PREFIX)]


def _refused(state: State, problem: Problem, next_path: str | None = None) -> Response:
    """Send a browser to the page to sign in, which says what is wrong."""
    query = {"error": str(problem)} | ({} if next_path is None else {"next": next_path})
    return _redirect(f"{state.settings.base_path}/sign-in?{urlencode(query)}")


def _redirect(url: str) -> Response:
    return RedirectResponse(url, 303, {"Cache-Control": "no-store"})
