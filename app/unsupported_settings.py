"""Settings that cannot be used together, or not here: refused before the server starts."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from app.setting_row import SettingsError
from app.tracing_settings import refuse_unusable_tracing
from sync.shells.bus.redis_url import parse_redis_url

if TYPE_CHECKING:
    from app.settings import Settings

_ROOT_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_OWN_PATHS: Final = frozenset(
    {
        "account",
        "admin",
        "api",
        "assets",
        "auth",
        "d",
        "healthz",
        "hocuspocus",
        "join",
        "l",
        "metrics",
        "people",
        "readyz",
        "sign-in",
        "ws",
        "yjs",
    }
)
"""With one of these as its root path it could not be told whether a proxy has stripped it."""


def refuse_unsupported(settings: "Settings") -> None:
    """Say at the start what cannot be done, instead of doing something else."""
    first = settings.base_path.split("/")[1:2]
    if _ROOT_PATH.fullmatch(settings.base_path) is None or set(first) & _OWN_PATHS:
        raise SettingsError(
            f"root_path: {settings.root_path[:80]!r} is no path such as /pad, or one of Quire's own"
        )
    _refuse_unchosen_auth(settings)
    _refuse_incomplete_auth(settings)
    if settings.public_url and not _is_public_url(settings.public_url):
        raise SettingsError(
            f"public_url: {settings.public_url[:80]!r} is no address such as "
            "https://quire.example.org"
        )
    if settings.redis_url:
        try:
            parse_redis_url(settings.redis_url)
        except ValueError as error:
            raise SettingsError(f"redis_url: {error}") from None
    try:
        refuse_unusable_tracing(settings)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if settings.workers > 1 and settings.uses_sqlite:
        raise SettingsError(
            f"workers {settings.workers}: SQLite takes one process; "
            "set database_url to a PostgreSQL, or workers to 1"
        )
    if settings.workers > 1 and not settings.redis_url:
        raise SettingsError(
            f"workers {settings.workers}: several processes need a Redis to wake each other up; "
            "set redis_url, or workers to 1"
        )


def _refuse_unchosen_auth(settings: "Settings") -> None:
    """Refuse to let a whole network in because nobody said who may come in."""
    if settings.auth or _is_loopback(settings.host):
        return
    raise SettingsError(
        f"auth: {settings.host!r} can be reached from other machines, so say who may use this "
        "server: --auth accounts (login and password), oidc (an OpenID Connect provider), jwt "
        "(tokens of your application), or open (whoever reaches it may read, write and delete "
        "everything)"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


REQUIRED_BY_AUTH: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "jwt": (("jwt_key", "jwt_jwks_url"), ("jwt_issuer",), ("jwt_audience",)),
    "oidc": (("oidc_issuer",), ("oidc_client_id",)),
}
"""By mode, the settings that it needs; of each group in it at least one."""


def _refuse_incomplete_auth(settings: "Settings") -> None:
    """Refuse a mode whose settings are missing, instead of failing at the first sign-in."""
    for group in REQUIRED_BY_AUTH.get(settings.auth_mode, ()):
        if not any(getattr(settings, name) for name in group):
            raise SettingsError(f"auth {settings.auth_mode}: needs {' or '.join(group)}")
    if settings.auth_mode in ("jwt", "oidc"):
        # Imported only here: it costs a quarter of a second.
        from app.identity.tokens.token_settings import refuse_unusable

        try:
            refuse_unusable(settings)
        except ValueError as error:
            raise SettingsError(str(error)) from None


def _is_public_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    is_bare = "@" not in parts.netloc and not parts.query and not parts.fragment
    return bool(usable) and is_bare and url.isascii() and url.isprintable() and " " not in url
