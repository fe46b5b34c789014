"""The table of all doors: every route and every message, and what one must be to use it.

No test is in here; `test_door_matrix` walks it, and fails when a door is missing in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import FastAPI

from sync.permission import Action
from tests.images import make_image

READ, WRITE, RENAME, MANAGE = Action.READ, Action.WRITE, Action.RENAME, Action.MANAGE
D: Final = "/api/documents/{document}"


@dataclass(frozen=True, slots=True)
class DocumentDoor:
    """A route that names a document."""

    method: str
    path: str
    action: Action
    status: int = 200
    """Of whoever may use it."""
    query: str = ""
    json: Any = None
    content: str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_stream: bool = False
    is_of_shelf: bool = False
    """For users alone, who keep documents: no visitor, and no program."""
    is_creation: bool = False
    """For those alone who may create documents."""
    hides: bool = False
    """Whoever may not use it is answered as if there were no document."""


DOCUMENT_DOORS: Final = (
    DocumentDoor("GET", D, READ),
    DocumentDoor("GET", f"{D}/text", READ),
    DocumentDoor("GET", f"{D}/history", READ),
    DocumentDoor("GET", f"{D}/history/sittings", READ),
    DocumentDoor("GET", f"{D}/history/{{version}}", READ),
    DocumentDoor("GET", f"{D}/diff", READ, query="?from=0"),
    DocumentDoor("GET", f"{D}/events", READ, is_stream=True),
    DocumentDoor("PATCH", D, RENAME, json={"title": "Another"}),
    DocumentDoor("PUT", f"{D}/text", WRITE, content="Hello all", headers={"If-Match": "*"}),
    DocumentDoor("POST", f"{D}/edits", WRITE, json={"base": None, "ops": [{"insert": "> "}]}),
    DocumentDoor("POST", f"{D}/restore", WRITE, json={"version": 0}),
    DocumentDoor("GET", f"{D}/playback", READ),
    DocumentDoor("POST", f"{D}/take-back", WRITE, json={"after": 1, "upto": 2}),
    DocumentDoor("GET", f"{D}/blame", READ),
    DocumentDoor("GET", f"{D}/contributions", READ),
    DocumentDoor("GET", f"{D}/export", READ),
    DocumentDoor("GET", f"{D}/versions", READ),
    DocumentDoor("POST", f"{D}/versions", WRITE, 201, json={"name": "Mine"}),
    # The name is somebody else's: one's own is in `test_version_names`.
    DocumentDoor("PATCH", f"{D}/versions/{{name}}", MANAGE, json={"note": "Changed"}),
    DocumentDoor("DELETE", f"{D}/versions/{{name}}", MANAGE, 204),
    DocumentDoor("GET", f"{D}/retention", READ),
    DocumentDoor("PUT", f"{D}/retention", MANAGE, json={"kind": "keep"}),
    DocumentDoor("DELETE", f"{D}/retention", MANAGE, 204),
    DocumentDoor("POST", f"{D}/files", WRITE, 201, content=make_image("png")),
    DocumentDoor("GET", f"{D}/files/{{file}}", READ),
    DocumentDoor("GET", f"{D}/access", MANAGE),
    DocumentDoor("PUT", f"{D}/access/{{subject}}", MANAGE, 204, json={"role": "viewer"}),
    DocumentDoor("DELETE", f"{D}/access/{{subject}}", MANAGE, 204),
    DocumentDoor("GET", f"{D}/links", MANAGE),
    DocumentDoor("POST", f"{D}/links", MANAGE, 201, json={"role": "viewer"}),
    DocumentDoor("DELETE", f"{D}/links/{{link}}", MANAGE, 204),
    DocumentDoor("GET", f"{D}/audit", MANAGE),
    DocumentDoor("PUT", f"{D}/opened", READ, 204, is_of_shelf=True),
    DocumentDoor("PUT", f"{D}/pin", READ, 204, is_of_shelf=True),
    DocumentDoor("DELETE", f"{D}/pin", READ, 204, is_of_shelf=True),
    DocumentDoor("PUT", f"{D}/tags", READ, json={"tags": ["t"]}, is_of_shelf=True),
    DocumentDoor("POST", f"{D}/duplicate", READ, 201, json={}, is_creation=True),
    DocumentDoor("PUT", f"{D}/template", MANAGE, 204),
    DocumentDoor("DELETE", f"{D}/template", MANAGE, 204),
    # The last one: afterwards there is no document.
    DocumentDoor("DELETE", D, MANAGE, 204),
)


T: Final = "/api/trash/{document}"
TRASH_DOORS: Final = (
    DocumentDoor("POST", f"{T}/restore", MANAGE, hides=True),
    DocumentDoor("DELETE", T, MANAGE, 204, hides=True),
)
"""The doors of documents in the trash."""


@dataclass(frozen=True, slots=True)
class PeopleDoor:
    """A route that names no document, with the answer for each kind of who asks.

    Kinds that `answers` does not name get `status`.
    """

    method: str
    path: str
    status: int = 200
    json: Any = None
    query: str = ""
    answers: Mapping[str, int] = field(default_factory=dict)


def _only(**statuses: int) -> dict[str, int]:
    """The answers of a door that is shut but for the kinds named."""
    shut = {
        "operator": 403,
        "account": 403,
        "guest": 401,
        "visitor": 401,
        "ended": 401,
        "named": 401,
        "token": 403,
        "jwt": 403,
        "bad": 401,
    }
    return shut | statuses


_BAD: Final = {"bad": 401}
"""A token that is no good is refused wherever anybody is asked who it is."""
_OPERATORS: Final = _only(operator=200, guest=403, named=403)
_UNKNOWN_LINK: Final = {"secret": "ql_" + "x" * 43}

PEOPLE_DOORS: Final[tuple[PeopleDoor, ...]] = (
    # For anybody.
    PeopleDoor("GET", "/"),
    PeopleDoor("GET", "/d/{document}"),
    PeopleDoor("GET", "/l"),
    PeopleDoor("GET", "/join"),
    PeopleDoor("GET", "/sign-in"),
    PeopleDoor("GET", "/account"),
    PeopleDoor("GET", "/people"),
    PeopleDoor("GET", "/admin"),
    PeopleDoor("GET", "/diagram"),
    PeopleDoor("GET", "/service-worker.js"),
    PeopleDoor("GET", "/assets/{name}", 404),
    PeopleDoor("GET", "/healthz"),
    PeopleDoor("GET", "/readyz"),
    PeopleDoor("GET", "/metrics"),
    PeopleDoor("GET", "/api/docs"),
    PeopleDoor("GET", "/api/openapi.json"),
    PeopleDoor("GET", "/auth/oidc/start", 404),
    PeopleDoor("GET", "/auth/oidc/callback", 404),
    PeopleDoor("GET", "/auth/oidc/end", 404),
    # About whoever asks.
    PeopleDoor("GET", "/api/session", answers=_BAD),
    PeopleDoor("POST", "/api/session/guest", json={"name": "G"}, answers=_BAD),
    PeopleDoor(
        "PATCH",
        "/api/session",
        json={"name": "Other"},
        answers=_only(account=200, operator=200, guest=200),
    ),
    PeopleDoor("DELETE", "/api/session", 204, answers=_BAD),
    PeopleDoor("GET", "/api/sessions", answers=_only(account=200, operator=200)),
    PeopleDoor("DELETE", "/api/sessions", 204, answers=_only(account=204, operator=204)),
    PeopleDoor(
        "DELETE",
        "/api/sessions/{session}",
        answers=_only(account=404, operator=404),
    ),
    PeopleDoor(
        "POST",
        "/api/account/password",
        json={"current": "correct horse", "new": "battery staple"},
        # Whoever has none is forbidden, known or not.
        answers=_only(account=200, operator=200, guest=403, named=403, visitor=403, ended=403),
    ),
    PeopleDoor(
        "POST",
        "/api/tickets",
        json={},
        answers=_only(account=200, operator=200, guest=200, token=200, jwt=200, named=200),
    ),
    PeopleDoor("GET", "/api/documents", answers=_BAD),
    PeopleDoor("GET", "/api/search", query="?q=a", answers=_BAD),
    PeopleDoor("GET", "/api/tags", answers=_BAD),
    PeopleDoor(
        "POST",
        "/api/documents",
        201,
        json={},
        answers=_only(account=201, operator=201, guest=403, named=201),
    ),
    # Whoever may not create documents is refused before the file is looked at.
    PeopleDoor(
        "POST",
        "/api/documents/import",
        422,
        answers=_only(account=422, operator=422, guest=403, named=422),
    ),
    PeopleDoor(
        "POST", "/api/links/redeem", 404, json=_UNKNOWN_LINK, answers={"token": 403, **_BAD}
    ),
    # About users.
    PeopleDoor(
        "GET", "/api/users", query="?q=a", answers=_only(account=200, operator=200, jwt=200)
    ),
    PeopleDoor("GET", "/api/users/{user}", answers=_OPERATORS),
    PeopleDoor("PATCH", "/api/users/{user}", json={"disabled": True}, answers=_OPERATORS),
    PeopleDoor("GET", "/api/audit", answers=_OPERATORS),
    PeopleDoor("GET", "/api/admin/overview", answers=_OPERATORS),
    PeopleDoor(
        "DELETE", "/api/admin/connections/{session}", answers=_OPERATORS | {"operator": 404}
    ),
    PeopleDoor("GET", "/api/admin/documents/{document}", answers=_OPERATORS | {"operator": 404}),
    PeopleDoor(
        "PATCH",
        "/api/admin/documents/{document}",
        json={"read_only": False},
        answers=_OPERATORS | {"operator": 404},
    ),
    PeopleDoor("GET", "/api/invitations", answers=_OPERATORS),
    PeopleDoor("POST", "/api/invitations", json={}, answers=_OPERATORS | {"operator": 201}),
    PeopleDoor("DELETE", "/api/invitations/{invitation}", answers=_OPERATORS | {"operator": 204}),
    PeopleDoor("GET", "/api/webhooks", answers=_OPERATORS),
    # Of this machine, which is refused.
    PeopleDoor(
        "POST",
        "/api/webhooks",
        json={"url": "https://127.0.0.1/hook"},
        answers=_OPERATORS | {"operator": 422},
    ),
    *(
        PeopleDoor(
            method,
            f"/api/webhooks/{{webhook}}{rest}",
            json={"paused": True} if method == "PATCH" or rest == "/secret" else None,
            answers=_OPERATORS | {"operator": 404},
        )
        for method, rest in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/test"),
            ("POST", "/secret"),
            ("GET", "/dead"),
            ("POST", "/dead/{delivery}/retry"),
            ("DELETE", "/dead/{delivery}"),
        )
    ),
    # For whoever has a secret, which these do not.
    PeopleDoor("POST", "/api/session", 401, json={"login": "nobody", "password": "wrong horse"}),
    PeopleDoor("POST", "/api/invitations/check", 404, json={"secret": "x" * 43}),
    PeopleDoor(
        "POST",
        "/api/invitations/accept",
        404,
        json={"secret": "x" * 43, "login": "eve", "name": "Eve", "password": "correct horse"},
    ),
)


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path that the application routes, however deep."""
    waiting: list[Any] = list(app.routes)
    while waiting:
        route = waiting.pop()
        # FastAPI keeps an included router as it is, and looks into it when a request comes.
        waiting += getattr(getattr(route, "original_router", route), "routes", ())
        for method in getattr(route, "methods", None) or ():
            if method != "HEAD":
                yield method, route.path


@dataclass(frozen=True, slots=True)
class Message:
    """A message of `quire.v1` that names a document."""

    kind: str
    action: Action
    fields: Mapping[str, Any] = field(default_factory=dict)


TEXT_MESSAGES: Final = (
    Message("cursor_move", READ, {"base": None, "anchor": 0, "head": 0}),
    Message("text_insert", WRITE, {"base": None, "pos": 0, "text": "x"}),
    Message("text_edit", WRITE, {"base": None, "ops": [{"insert": "y"}]}),
    Message("text_delete", WRITE, {"base": None, "pos": 0, "len": 1}),
)
YJS_MESSAGES: Final = (
    Message("awareness", READ, {"update": "AA=="}),
    Message("check", READ, {"version": 1, "hash": "0" * 64}),
    Message("update", WRITE),
)
OTHER_MESSAGES: Final = frozenset({"auth", "join", "leave", "ping"})
"""`auth` and `join` begin each walk; `leave` and `ping` give nothing."""
