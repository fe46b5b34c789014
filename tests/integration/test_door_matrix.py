"""Every door for everybody: one table of doors, one of who comes, and what each may.

A refused request leaves the document as it was, and whoever may not know of a document is answered
as if there were none. A route or a message that the table lacks fails the first tests.

Planted bugs that were seen to be caught: a route that finds its document without a grant; MANAGE
for editors in the core; the audit trail for readers; links that give their role after they are
revoked; no role taken for `viewer` in the Yjs dialects; API tokens that have what everybody has;
the trash for editors; shelves for programs; duplicates by whoever may read.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from app.identity.accounts.invitation import issue_invitation
from app.identity.open_mode import named_user
from app.main import create_app
from app.settings import Settings
from app.sockets import HOCUSPOCUS_PATH, NATIVE_PATH, YWS_PATH
from sync.permission import EVERYONE, SIGNED_IN
from sync.shells.clock import now_ms
from sync.wire.hocuspocus import HocuspocusMessage
from sync.wire.message import ClientMessage
from sync.wire.ysync import YjsMessage
from tests.integration.accounts_app import CHEAP, ORIGIN
from tests.integration.cast import (
    NONE,
    REFUSED,
    ROLES,
    Cast,
    cookie,
    ended,
    guests,
    members,
    programs,
)
from tests.integration.door_table import (
    DOCUMENT_DOORS,
    OTHER_MESSAGES,
    PEOPLE_DOORS,
    TEXT_MESSAGES,
    TRASH_DOORS,
    YJS_MESSAGES,
    DocumentDoor,
    PeopleDoor,
    routes,
)
from tests.integration.door_walk import Walk
from tests.integration.http_app import application
from tests.integration.token_client import ISSUER, SECRET, bearer, token

pytestmark = [pytest.mark.anyio, pytest.mark.p9]

ACCOUNTS: Final[dict[str, Any]] = {"auth": "accounts", "default_access": "private"}
JWT: Final[dict[str, Any]] = {"auth": "jwt", "jwt_key": SECRET, "jwt_issuer": ISSUER}
OPEN: Final[dict[str, Any]] = {"auth": "open", "default_access": "private"}


Casting = Callable[[Cast], Coroutine[Any, Any, None]]


def expect_none(faults: Sequence[str]) -> None:
    assert not faults, "\n" + "\n".join(faults)


# --- the table is whole ---------------------------------------------------------------------------


def test_table_has_every_route_of_the_application() -> None:
    routed = set(routes(create_app(Settings())))
    doors: list[DocumentDoor | PeopleDoor] = [*DOCUMENT_DOORS, *TRASH_DOORS, *PEOPLE_DOORS]
    listed = [(door.method, door.path) for door in doors]
    assert sorted(listed) == sorted(set(listed)), "twice in the table"
    assert set(listed) == routed


def test_table_has_every_message_of_every_dialect() -> None:
    kinds = {kind.__struct_config__.tag for kind in ClientMessage.__args__}
    walked = {message.kind for message in (*TEXT_MESSAGES, *YJS_MESSAGES)}
    assert walked | OTHER_MESSAGES == kinds
    assert (NATIVE_PATH, YWS_PATH, HOCUSPOCUS_PATH) == ("/ws", "/yjs/", "/hocuspocus")
    # `door_walk` sends each of these; `Ignored` and a ping do nothing, `close` gives nothing.
    yjs = {"SyncRequest", "SyncUpdate", "AwarenessUpdate", "AwarenessQuery", "Ignored"}
    assert {kind.__name__ for kind in YjsMessage.__args__} == yjs
    hocuspocus = {"Token", "StatelessIn", "CloseDocument", "Ping"}
    assert {kind.__name__ for kind in HocuspocusMessage.__args__} == yjs | hocuspocus


# --- documents ------------------------------------------------------------------------------------


async def walk(folder: Path, settings: dict[str, Any], *casting: Casting) -> list[str]:
    """Have everybody try every door that names a document; returns what was wrong."""
    faults: list[str] = []
    async with application(folder, **settings) as quire:
        quire.state.people.passwords._chosen = CHEAP
        cast = Cast(quire)
        for add in casting:
            await add(cast)
        assert len({actor.label for actor in cast.actors}) == len(cast.actors)
        transport = httpx.ASGITransport(quire.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
            for actor in cast.actors:
                faults += await Walk(cast, http, actor).through_all()
    return faults


async def applications_users(cast: Cast) -> None:
    """Users of the embedding application, whose tokens say what they may."""
    for role in ROLES:
        record = await cast.document()
        cast.enter(f"JWT: {role}", "jwt", role, record, token=token("ada", {record.name: role}))
    record = await cast.document()
    pattern = token("ada", {f"{record.name}*": "editor", "*": "viewer"})
    cast.enter("JWT of a pattern", "jwt", "editor", record, token=pattern)
    record = await cast.document()
    others = token("ada", {"doc": "owner", f"{record.name}-*": "owner"})
    cast.enter("JWT of other documents", "jwt", NONE, record, token=others)
    record = await cast.document((SIGNED_IN, "commenter"))
    cast.enter("JWT without grants, signed in", "jwt", "commenter", record, token=token("ben"))
    record = await cast.document((EVERYONE, "editor"))
    bad = {
        "expired JWT": token("ada", {record.name: "owner"}, lasts_s=-3_600),
        "JWT whose claims were changed": _changed(token("ada", {record.name: "owner"})),
        "JWT without a signature": token("ada", {record.name: "owner"}).rpartition(".")[0] + ".",
        "JWT signed with nothing": _unsigned(token("ada", {record.name: "owner"})),
        "no token at all, but shown": "x",
        "ticket as bearer": "qk_" + "x" * 43,
    }
    for label, shown in bad.items():
        cast.enter(label, "bad", REFUSED, await cast.document((EVERYONE, "editor")), token=shown)


def _changed(shown: str) -> str:
    header, _, signature = shown.split(".")
    return f"{header}.{token('eve').split('.')[1]}.{signature}"


def _unsigned(shown: str) -> str:
    return ".".join(("eyJhbGciOiJub25lIn0", shown.split(".")[1], ""))


async def names(cast: Cast) -> None:
    """Open mode: people by name, and guests; a document may be shared with nobody."""
    own = await cast.document(owner=named_user("Ada").id)
    cast.enter("name: owner", "named", "owner", own, name="Ada")
    record = await cast.document((SIGNED_IN, "editor"))
    cast.enter("name: editor", "named", "editor", record, name="Ben")
    record = await cast.document((SIGNED_IN, "viewer"))
    cast.enter("no name: viewer", "named", "viewer", record)
    cast.enter("name without a role", "named", NONE, await cast.document(), name="Ben")
    cast.enter("no name, without a role", "named", NONE, await cast.document())
    _, headers = cast.guest()
    record = await cast.document((SIGNED_IN, "commenter"))
    cast.enter("guest as signed in", "guest", "commenter", record, headers)
    guest_id, headers = cast.guest()
    record = await cast.document()
    await cast.by_link(record, guest_id, "editor")
    cast.enter("guest by link", "guest", "editor", record, headers)
    cast.enter("guest without a role", "guest", NONE, await cast.document(), headers)


async def test_documents_with_accounts(tmp_path: Path) -> None:
    expect_none(await walk(tmp_path, ACCOUNTS, members, guests, programs, ended))


async def test_documents_of_an_application(tmp_path: Path) -> None:
    expect_none(await walk(tmp_path, JWT, applications_users, guests, programs))


async def test_documents_in_open_mode(tmp_path: Path) -> None:
    expect_none(await walk(tmp_path, OPEN, names, programs))


# --- what is no document --------------------------------------------------------------------------


async def _ask(cast: Cast, http: httpx.AsyncClient, kind: str, door: PeopleDoor) -> str | None:
    """Try a door as a kind of who asks, anew each time; returns the fault."""
    people = cast.state.people
    ends_ms = now_ms() + 60_000
    invitation = await issue_invitation(people.identity, created_by="test")
    spare = await cast.user()
    path = door.path.format(
        document="notes",
        name="none.js",
        session="0" * 16,
        user=spare.id,
        invitation=invitation.invitation.id,
        webhook="none",
        delivery="none",
    )
    headers = await _headers(cast, kind, ends_ms)
    answer = await http.request(door.method, path + door.query, json=door.json, headers=headers)
    http.cookies.clear()
    wanted = door.answers.get(kind, door.status)
    if answer.status_code != wanted:
        return f"{kind} at {door.method} {door.path}: {answer.status_code}, not {wanted}"
    return None


async def _headers(cast: Cast, kind: str, ends_ms: int) -> dict[str, str]:
    match kind:
        case "operator" | "account":
            return await cast.session(await cast.user(is_operator=kind == "operator"))
        case "guest":
            return cast.guest()[1]
        case "ended":
            return cookie("quire_session", "x" * 43)
        case "named":
            return {"X-Quire-Name": "Ada"}
        case "token":
            return bearer((await cast.api_token(("notes", "owner")))[0])
        case "jwt":
            return bearer(token("ada", {"notes": "owner"}))
        case "bad":
            return bearer("qt_" + "x" * 43)
    return {}


async def ask_all(
    folder: Path, settings: dict[str, Any], kinds: Sequence[str], changed: Mapping[str, int]
) -> list[str]:
    """Have each kind try every door that names no document; returns what was wrong.

    Args:
        changed: the answers of this mode that are not those of accounts, by method, path and kind.
    """
    async with application(folder, **settings) as quire:
        quire.state.people.passwords._chosen = CHEAP
        cast = Cast(quire)
        transport = httpx.ASGITransport(quire.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
            found = []
            for door in PEOPLE_DOORS:
                for kind in kinds:
                    key = f"{door.method} {door.path} {kind}"
                    anyone = f"{door.method} {door.path}"
                    status = changed.get(key, changed.get(anyone))
                    asked = door if status is None else replace(door, answers={kind: status})
                    found.append(await _ask(cast, http, kind, asked))
    return [fault for fault in found if fault is not None]


async def test_people_with_accounts(tmp_path: Path) -> None:
    kinds = ("operator", "account", "guest", "visitor", "ended", "token", "bad")
    expect_none(await ask_all(tmp_path, ACCOUNTS, kinds, {}))


async def test_people_of_an_application(tmp_path: Path) -> None:
    changed = {"POST /api/session": 403, "POST /api/invitations/accept": 403}
    kinds = ("jwt", "guest", "visitor", "token", "bad")
    expect_none(await ask_all(tmp_path, JWT, kinds, changed))


async def test_people_in_open_mode(tmp_path: Path) -> None:
    changed = {
        "POST /api/session": 403,
        "POST /api/invitations/accept": 403,
        "POST /api/documents guest": 201,
        "POST /api/documents/import guest": 422,
    }
    kinds = ("named", "guest", "token", "bad")
    expect_none(await ask_all(tmp_path, OPEN, kinds, changed))
