"""app.identity.identifier: which of the credentials counts, and what is refused."""

from dataclasses import replace
from itertools import product

import pytest
from msgspec.structs import replace as structs_replace

from app.identity.credential import Credentials, Door
from app.identity.identifier import VISITOR, Identifier, Verifier, Verifiers
from app.identity.principal import Kind, Principal
from sync.error import ErrorCode, QuireError
from sync.user import User

pytestmark = pytest.mark.anyio

DOORS: tuple[Door, ...] = ("http", "quire", "y-websocket", "hocuspocus")
SOCKETS = DOORS[1:]
GOOD = "good"


def _principal(kind: Kind) -> Principal:
    return Principal(User(f"{kind}-1", "Ada", "#123456"), kind, is_signed_in=True)


def _verifier(kind: Kind) -> Verifier:
    async def verify(secret: str, _: Credentials) -> Principal | None:
        return _principal(kind) if GOOD in secret else None

    return verify


ALL = Verifiers(
    ticket=_verifier("account"),
    api_token=_verifier("token"),
    json_web_token=_verifier("jwt"),
    session_cookie=_verifier("account"),
    guest_cookie=_verifier("guest"),
)
OPEN = Identifier(Verifiers(ticket=ALL.ticket, guest_cookie=ALL.guest_cookie), takes_names=True)
CLOSED = Identifier(ALL, takes_names=False)


async def _refusal(identifier: Identifier, shown: Credentials) -> ErrorCode:
    with pytest.raises(QuireError) as refused:
        await identifier.identify(shown)
    assert refused.value.close_code == 4401
    return refused.value.code


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("token", "kind"), [("qk_good", "account"), ("qt_good", "token"), ("a.good.c", "jwt")]
)
async def test_token_goes_to_the_check_of_its_kind(door: Door, token: str, kind: str) -> None:
    shown = Credentials(door, token=token, session_cookie="bad", guest_cookie=GOOD, name="Eve")
    assert (await CLOSED.identify(shown)).kind == kind


BAD = ["qk_bad", "qt_bad", "a.bad.c", "bad", ""]


@pytest.mark.parametrize(
    # A y-websocket client repeats a ticket that is used: that one is left to the cookie.
    ("door", "token"),
    [each for each in product(DOORS, BAD) if each != ("y-websocket", "qk_bad")],
)
async def test_bad_token_is_refused_whatever_else_is_shown(door: Door, token: str) -> None:
    shown = Credentials(door, token=token, session_cookie=GOOD, guest_cookie=GOOD, name="Eve")
    assert await _refusal(CLOSED, shown) is ErrorCode.AUTH_FAILED


@pytest.mark.parametrize("door", DOORS)
async def test_session_comes_before_guest_and_guest_before_name(door: Door) -> None:
    shown = Credentials(door, session_cookie=GOOD, guest_cookie=GOOD, name="Eve")
    for identifier, kind in ((CLOSED, "account"), (OPEN, "guest")):
        assert (await identifier.identify(shown)).kind == kind
    assert (await CLOSED.identify(replace(shown, session_cookie="bad"))).kind == "guest"
    assert (await OPEN.identify(replace(shown, guest_cookie="bad"))).kind == "named"


async def test_who_shows_nothing_is_a_visitor_over_http_alone() -> None:
    assert await CLOSED.identify(Credentials("http", name="Eve")) is VISITOR
    for door in SOCKETS:
        shown = Credentials(door, name="Eve")
        assert await _refusal(CLOSED, shown) is ErrorCode.AUTH_REQUIRED


async def test_open_mode_takes_no_token_but_a_ticket_and_what_yjs_clients_send_unasked() -> None:
    for door, token in product(("http", "quire"), ("x", "a.good.c", "qt_good")):
        shown = Credentials(door, token=token, name="Eve")  # type: ignore[arg-type]
        assert await _refusal(OPEN, shown) is ErrorCode.AUTH_FAILED
    for door in DOORS:
        assert (await OPEN.identify(Credentials(door, token="qk_good"))).kind == "account"
        assert await _refusal(OPEN, Credentials(door, token="qk_bad")) is ErrorCode.AUTH_FAILED
    for door in ("y-websocket", "hocuspocus"):
        found = await OPEN.identify(Credentials(door, token="anything", name="Eve"))  # type: ignore[arg-type]
        assert (found.kind, found.user.name) == ("named", "Eve")


async def test_used_ticket_in_an_address_leaves_it_to_the_cookie() -> None:
    for cookies, kind in (({"session_cookie": GOOD}, "account"), ({"guest_cookie": GOOD}, "guest")):
        shown = Credentials("y-websocket", token="qk_bad", **cookies)
        assert (await CLOSED.identify(shown)).kind == kind
    assert await _refusal(CLOSED, Credentials("y-websocket", token="qk_bad")) == "auth_failed"
    # Elsewhere a client can get another ticket, and is told to.
    for door in ("quire", "hocuspocus"):
        shown = Credentials(_socket(door), token="qk_bad", session_cookie=GOOD)
        assert await _refusal(CLOSED, shown) == "auth_failed"


def _socket(door: str) -> Door:
    return "quire" if door == "quire" else "hocuspocus"


async def test_document_of_a_ticket_holds_after_its_session_was_looked_at_again() -> None:
    async def renew(principal: Principal) -> Principal | None:
        return _principal("account")

    identifier = Identifier(Verifiers(session=renew), takes_names=False)
    bound = structs_replace(_principal("account"), session_id="s1", document="notes")
    renewed = await identifier.renew(bound)
    assert renewed is not None
    assert renewed.document == "notes"


PROVEN = {
    "session": structs_replace(_principal("account"), session_id="s1"),
    "api_token_again": structs_replace(_principal("token"), token_id="t1"),
    "json_web_token_again": _principal("jwt"),
}
"""A principal of each stored or signed proof, by the check that looks at it again."""


@pytest.mark.parametrize("check", PROVEN)
async def test_renewal_looks_at_the_proof_again(check: str) -> None:
    proven = PROVEN[check]
    now = structs_replace(proven, user=User(proven.user.id, "Grace", "#654321"))
    looked_at: list[Principal] = []
    answers: list[Principal | None] = [now, None]

    async def renew(principal: Principal) -> Principal | None:
        looked_at.append(principal)
        return answers.pop(0)

    async def take_for_another(_: Principal) -> Principal | None:
        return _principal("oidc")

    session, token, web_token = (renew if check == each else take_for_another for each in PROVEN)
    verifiers = Verifiers(session=session, api_token_again=token, json_web_token_again=web_token)
    identifier = Identifier(verifiers, takes_names=False)
    assert await identifier.renew(proven) == now
    assert await identifier.renew(proven) is None, "it is signed out, withdrawn or at its end"
    assert looked_at == [proven, proven]


@pytest.mark.parametrize("check", ["session", "api_token_again"])
async def test_stored_proof_is_none_where_nothing_can_look_at_it(check: str) -> None:
    assert await Identifier(Verifiers(), takes_names=True).renew(PROVEN[check]) is None
