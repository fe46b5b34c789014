"""The check of the settings that name keys and issuers, at the start of a server."""

from app.identity.tokens.issuer_http import is_safe_url
from app.identity.tokens.jwt_key import read_algorithms, read_key, read_secret
from app.settings import Settings


def refuse_unusable(settings: Settings) -> None:
    """Raise `ValueError` for a setting of `--auth jwt` or `oidc` that cannot be used.

    Its message names the setting, and holds no secret.
    """
    if settings.auth_mode == "jwt":
        _refuse_unusable_jwt(settings)
    elif settings.auth_mode == "oidc":
        _refuse_unusable_oidc(settings)


def _refuse_unusable_jwt(settings: Settings) -> None:
    if settings.jwt_key and settings.jwt_jwks_url:
        raise ValueError("jwt_key and jwt_jwks_url: give one of them")
    if settings.jwt_jwks_url and not is_safe_url(settings.jwt_jwks_url):
        raise ValueError("jwt_jwks_url: not an https address, nor one of this machine")
    try:
        key = read_key(settings.jwt_key) if settings.jwt_key else None
    except ValueError as error:
        raise ValueError(f"jwt_key: {error}") from None
    try:
        read_algorithms(settings.jwt_algorithms, key)
    except ValueError as error:
        raise ValueError(f"jwt_algorithms: {error}") from None


def _refuse_unusable_oidc(settings: Settings) -> None:
    if not is_safe_url(settings.oidc_issuer):
        raise ValueError("oidc_issuer: not an https address, nor one of this machine")
    if "openid" not in settings.oidc_scopes.split():
        raise ValueError("oidc_scopes: `openid` is not among them")
    try:
        read_secret(settings.oidc_client_secret)
    except ValueError as error:
        raise ValueError(f"oidc_client_secret: {error}") from None
