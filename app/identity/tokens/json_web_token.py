"""JSON Web Tokens of the application that Quire is embedded in (`--auth jwt`; RFC 7519, RFC 8725).

The embedding application signs who its user is, and in which documents with which role. A token
must say until when, for whom, by whom and about whom (`exp`, `aud`, `iss`, `sub`); it may say:

    name                the display name; else `User`
    color               `#rrggbb`; else derived from the user
    quire.documents     {"notes": "editor", "team-*": "viewer"}
    quire.create        true: may create any document; else those that its claims let it write in
"""

import re
from collections.abc import Callable
from typing import Any, Final

from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwt import JWTClaimsRegistry
from msgspec import Struct

from app.identity.credential import Credentials
from app.identity.display_name import color_of
from app.identity.principal import Principal
from app.identity.tokens.known_user import derived_id, shown_name
from app.identity.tokens.signed_token import (
    LEEWAY_S,
    KeySource,
    KeysUnavailable,
    TokenRefused,
    verify,
)
from app.identity.tokens.token_secret import refuse_in_address_of_page
from app.identity.tokens.user_directory import UserDirectory
from sync.error import CloseCode, ErrorCode, QuireError
from sync.permission import ROLES, Claim, is_claim_pattern
from sync.user import User

MAX_SUBJECT_CHARS: Final = 255
MAX_CLAIMS: Final = 100
"""Documents that one token may name."""
MAX_TIME_S: Final = 253_402_300_799
"""The end of the year 9999."""
NAMESPACE: Final = "quire"
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


class JwtRules(Struct, frozen=True):
    """The demands of the settings on a token."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...]


class JwtVerifier:
    """Identifies users by the tokens of the embedding application.

    Args:
        clock: UTC, seconds since the epoch.
        directory: notes the users, and knows who is shut out; None: nobody is noted.
    """

    def __init__(
        self,
        rules: JwtRules,
        keys: KeySource,
        clock: Callable[[], float],
        directory: UserDirectory | None = None,
    ) -> None:
        self._rules = rules
        self._directory = directory
        self._keys = keys
        self._clock = clock

    async def identify(self, token: str, shown: Credentials) -> Principal | None:
        """Return the principal of a token, until the token ends; None: the user is shut out.

        Raises:
            QuireError: `auth_failed`: it proves nothing, and why, or a page has put it into an
                address; `store_unavailable`: the keys of the issuer cannot be fetched.
            StoreError: the directory does not answer.
        """
        refuse_in_address_of_page(shown)
        try:
            verified = await verify(token, self._keys, self._rules.algorithms)
            principal = principal_of(verified.claims, self._rules, int(self._clock()))
        except TokenRefused as refused:
            raise QuireError(
                ErrorCode.AUTH_FAILED,
                f"The token is refused: {refused}.",
                close_code=CloseCode.NOT_AUTHENTICATED,
            ) from None
        except KeysUnavailable:
            raise QuireError(
                ErrorCode.STORE_UNAVAILABLE,
                "The keys of the issuer cannot be fetched.",
                close_code=CloseCode.TRY_LATER,
                retryable=True,
            ) from None
        if self._directory is None:
            return principal
        await self._directory.note(principal, self._rules.issuer, verified.claims["sub"])
        return await self._directory.renew(principal)


def principal_of(claims: dict[str, Any], rules: JwtRules, now_s: int) -> Principal:
    """Return the principal that verified claims describe.

    Raises:
        TokenRefused: a claim is missing, over, for another, or not understood.
    """
    _check_registered(claims, rules, now_s)
    subject, expires_s = claims["sub"], claims["exp"]
    if not 0 < len(subject) <= MAX_SUBJECT_CHARS:
        raise TokenRefused(f"`sub` has not 1 to {MAX_SUBJECT_CHARS} characters")
    if expires_s > MAX_TIME_S:
        raise TokenRefused("`exp` is no time")
    user_id = derived_id("jwt", rules.issuer, subject)
    documents, may_create = _grants(claims.get(NAMESPACE))
    user = User(user_id, shown_name(_text(claims, "name")), _color(claims, user_id))
    return Principal(
        user,
        "jwt",
        is_signed_in=True,
        may_create=may_create,
        claims=documents,
        # As long as it is accepted: else a socket could be let in and end at once.
        expires_at_ms=int((expires_s + LEEWAY_S) * 1000),
    )


def _check_registered(claims: dict[str, Any], rules: JwtRules, now_s: int) -> None:
    registry = JWTClaimsRegistry(
        now=now_s,
        leeway=LEEWAY_S,
        iss={"essential": True, "value": rules.issuer},
        aud={"essential": True, "value": rules.audience},
        sub={"essential": True},
        exp={"essential": True},
    )
    try:
        registry.validate(claims)
    except ExpiredTokenError:
        raise TokenRefused("it has expired") from None
    except MissingClaimError as error:
        raise TokenRefused(f"it lacks a claim that is needed: {error.claim}") from None
    except InvalidClaimError as error:
        raise TokenRefused(f"`{error.claim}` is not acceptable here") from None
    except (JoseError, ValueError, TypeError, OverflowError):
        raise TokenRefused("its claims are not usable") from None


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise TokenRefused(f"`{name}` is no text")
    return value


def _color(claims: dict[str, Any], user_id: str) -> str:
    color = _text(claims, "color")
    if color is None:
        return color_of(user_id)
    if _COLOR.fullmatch(color) is None:
        raise TokenRefused("`color` is not of the form #rrggbb")
    return color.lower()


def _grants(grants: Any) -> tuple[tuple[Claim, ...], bool]:
    if grants is None:
        return (), False
    if not isinstance(grants, dict):
        raise TokenRefused(f"`{NAMESPACE}` is no object")
    documents, may_create = grants.get("documents", {}), grants.get("create", False)
    if not isinstance(may_create, bool):
        raise TokenRefused(f"`{NAMESPACE}.create` is neither true nor false")
    if not isinstance(documents, dict) or len(documents) > MAX_CLAIMS:
        raise TokenRefused(f"`{NAMESPACE}.documents` is no object of at most {MAX_CLAIMS} names")
    return tuple(_claim(pattern, role) for pattern, role in documents.items()), may_create


def _claim(pattern: str, role: Any) -> Claim:
    if not is_claim_pattern(pattern):
        raise TokenRefused(f"`{NAMESPACE}.documents` names what cannot be a document")
    if role not in ROLES:
        raise TokenRefused(f"`{NAMESPACE}.documents` gives what is no role")
    return Claim(pattern, role)
