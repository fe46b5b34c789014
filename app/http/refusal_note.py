"""The audit records of requests that are refused: by whom, from where, for which document."""

from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from app.audit.audit_kind import ACCESS_REFUSED
from sync.error import ErrorCode

if TYPE_CHECKING:
    from app.app_state import State
    from app.identity.principal import Principal

_OF_DOCUMENTS: Final = frozenset({ErrorCode.AUTH_REQUIRED, ErrorCode.UNKNOWN_DOCUMENT})
"""Noted where a document is named; else nothing was tried that is anybody's."""
_ALWAYS: Final = frozenset({ErrorCode.AUTH_FAILED, ErrorCode.FORBIDDEN, "foreign_origin"})


def note_refusal(request: Request, code: str) -> None:
    """Note that a request is refused, if it is for want of permission."""
    state: State | None = getattr(request.app.state, "quire", None)
    document = request.path_params.get("document")
    principal: Principal | None = getattr(request.state, "principal", None)
    is_named = isinstance(document, str)
    is_noted = getattr(request.state, "refusal_is_noted", False)
    if state is None or is_noted or not (code in _ALWAYS or (code in _OF_DOCUMENTS and is_named)):
        return
    route = getattr(request.scope.get("route"), "path", None)
    state.backend.audit.note(
        ACCESS_REFUSED,
        principal,
        "" if request.client is None else request.client.host,
        document if is_named else None,
        code=code,
        door="http",
        route=None if route is None else f"{request.method} {route}",
    )
