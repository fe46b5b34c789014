"""The credentials of a request or a handshake: its cookies, its bearer token, its origin."""

from typing import Final

from starlette.requests import HTTPConnection

from app.identity.cookie_names import CookieNames
from app.identity.credential import Credentials, Door
from app.identity.open_mode import NAME_HEADER, decode_name_header

_BEARER: Final = "bearer "


def credentials_of(connection: HTTPConnection, door: Door, names: CookieNames) -> Credentials:
    """Return what a request or a handshake shows of whoever sent it.

    Over HTTP that includes `Authorization: Bearer` and, for open mode, `X-Quire-Name`; a socket
    brings its token and its name later.

    Raises:
        QuireError: `auth_failed`: `X-Quire-Name` is not percent-encoded UTF-8.
    """
    headers, cookies = connection.headers, connection.cookies
    token = name = None
    if door == "http":
        authorization = headers.get("authorization", "")
        if authorization[: len(_BEARER)].lower() == _BEARER:
            token = authorization[len(_BEARER) :].strip()
        name = decode_name_header(headers.get(NAME_HEADER))
    return Credentials(
        door,
        token=token,
        name=name,
        session_cookie=names.session.value_in(cookies),
        guest_cookie=names.guest.value_in(cookies),
        origin=headers.get("origin"),
        address="" if connection.client is None else connection.client.host,
    )
