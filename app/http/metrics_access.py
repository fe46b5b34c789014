"""The right to read the figures of a server, from chosen networks or with a token."""

from collections.abc import Sequence
from hmac import compare_digest
from ipaddress import ip_address, ip_network

from starlette.requests import Request

from app.server.proxy import is_through_stranger
from app.settings import Settings
from sync.error import ErrorCode, QuireError

_BEARER = "bearer "


def require_metrics_access(request: Request, settings: Settings) -> None:
    """Let a request for figures through.

    Raises:
        QuireError: `auth_required`, `auth_failed` (a wrong token), `forbidden`.
    """
    shown = request.headers.get("authorization", "")
    token = shown[len(_BEARER) :].strip() if shown[: len(_BEARER)].lower() == _BEARER else ""
    wanted = settings.metrics_token
    if token and wanted:
        if compare_digest(token.encode(), wanted.encode()):
            return
        raise QuireError(ErrorCode.AUTH_FAILED, "This is not the token of the metrics.")
    address = "" if request.client is None else request.client.host
    # Behind a proxy that the settings do not name anybody seems to be the proxy.
    if is_in(address, settings.metrics_networks) and not is_through_stranger(request.scope):
        return
    if wanted:
        raise QuireError(ErrorCode.AUTH_REQUIRED, "The metrics need their token.")
    raise QuireError(
        ErrorCode.FORBIDDEN, "The metrics are for chosen networks: see --metrics-networks."
    )


def is_in(address: str, networks: Sequence[str]) -> bool:
    """Return whether an address is in one of some networks; what is no address is in none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(network) for network in networks)
