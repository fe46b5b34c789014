"""The permission of operators, who look after the whole server."""

from app.identity.principal import Principal
from sync.error import CloseCode, ErrorCode, QuireError


def require_operator(principal: Principal) -> None:
    """Raise `QuireError` unless a principal is an operator.

    That is `auth_required` if nothing is known about it, else `forbidden`.
    """
    if principal.is_operator:
        return
    if principal.is_proven:
        raise QuireError(ErrorCode.FORBIDDEN, "This is for operators of the server.")
    raise QuireError(
        ErrorCode.AUTH_REQUIRED, "Sign in first.", close_code=CloseCode.NOT_AUTHENTICATED
    )
