"""The samples of docs/embedding.md: an application's token and page, against a real server."""

import re
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from msgspec import Struct

from tests.integration.issuer import Answer, Issuer
from tests.integration.npm_client import require_npm_packages
from tests.integration.npm_sample import run_sample
from tests.integration.server import ROOT, ServerProcess
from tests.integration.token_client import enter_yjs
from tests.patience import PATIENCE_S

PAGE: Final = (ROOT / "docs" / "embedding.md").read_text("utf-8")
SECRET: Final = "the secret of the application and of Quire"
ORIGIN: Final = "https://wiki.example.org"
DOCUMENTED: Final = "http://127.0.0.1:8000"
HEAD: Final = (
    'import { HocuspocusProvider } from "hocuspocus-provider-4";\nimport * as Y from "yjs";\n'
)


class Place(Struct, frozen=True):
    """An application, and the server that it embeds."""

    application: Issuer
    server: ServerProcess


def sample(name: str) -> str:
    found = re.search(rf"```\w+ {name}\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"docs/embedding.md has no sample {name}"
    return found[1]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    # The key in a file, as the page says.
    folder = tmp_path_factory.mktemp("embedding")
    (folder / "jwt-key").write_text(SECRET + "\n")
    environment = {"QUIRE_JWT_KEY": f"@{folder / 'jwt-key'}"}
    issuer = ("--auth", "jwt", "--jwt-issuer", "https://wiki.example.org")
    arguments = (*issuer, "--allowed-origins", ORIGIN)
    with (
        Issuer() as application,
        ServerProcess(folder, environment=environment, arguments=arguments) as server,
    ):
        yield Place(application, server)


@pytest.fixture
def tokens(place: Place, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The sample's functions; the application answers with one token after another."""
    monkeypatch.setenv("QUIRE_JWT_KEY", SECRET)
    names: dict[str, Any] = {}
    exec(sample("token"), names)
    place.application.answer(
        "/quire-token", lambda _: Answer(names["quire_token"]("7", "Ada").encode())
    )
    return names


def text(place: Place, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{place.server.url}/api/documents/team-notes/text"
    return httpx.get(url, headers=headers, trust_env=False, timeout=PATIENCE_S).text


@pytest.mark.parametrize("name", ["y-websocket", "hocuspocus"])
def test_page_of_the_application_writes_into_its_document(
    place: Place, tokens: dict[str, Any], name: str
) -> None:
    require_npm_packages()
    run_sample(f"embedding-{place.server.port}", page(place, name))
    token = tokens["quire_token"]("7", "Ada")
    written = wait_for_text(place, token)
    assert "Hello from an editor" in written
    path = "/api/documents/team-notes/history"
    headers = {"Authorization": f"Bearer {token}"}
    address = place.server.url + path
    answer = httpx.get(address, headers=headers, trust_env=False, timeout=PATIENCE_S)
    events = answer.json()["events"]
    assert {event["actor"]["name"] for event in events} == {"Ada"}
    assert token not in place.server.log()


def test_page_gets_a_new_ticket_when_its_token_has_ended(
    place: Place, tokens: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_npm_packages()
    now = time.time()
    # The first token has ended, and is taken for a few seconds more, since clocks may differ.
    clocks = iter([now - 3600 - 5, now])

    def next_token(_: object) -> Answer:
        signed_at = next(clocks)
        monkeypatch.setattr(time, "time", lambda: signed_at)
        return Answer(tokens["quire_token"]("8", "Bob").encode())

    place.application.answer("/quire-token", next_token)
    lost = """
await new Promise((done) => provider.once("closed", done));
await new Promise((done) => provider.once("sync", done));
"""
    run_sample(f"embedding-{place.server.port}", page(place, "y-websocket") + lost)
    assert next(clocks, None) is None


def page(place: Place, name: str) -> str:
    """The page as it is printed, but for the two addresses, and a way to type."""
    code = sample("y-websocket")
    if name == "hocuspocus":
        head, _, _ = code.partition("const provider")
        functions = head.partition("const QUIRE")[1] + head.partition("const QUIRE")[2]
        code = HEAD + functions + sample("hocuspocus")
    assert DOCUMENTED in code
    code = code.replace(DOCUMENTED, place.server.url)
    code = code.replace('"/quire-token"', f'"{place.application.url}/quire-token"')
    typing = 'export const type = (text) => ydoc.getText("content").insert(0, text)'
    return f"{code}\n{typing}\nexport {{ provider }}\n"


def wait_for_text(place: Place, token: str) -> str:
    """Return the text once there is one: y-websocket does not say when it is saved."""
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{place.server.url}/api/documents/team-notes/events?since=0"
    with httpx.stream("GET", url, headers=headers, trust_env=False, timeout=PATIENCE_S) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                break
    return text(place, token)


def test_browser_lets_the_page_ask_and_open_a_socket(place: Place, tokens: dict[str, Any]) -> None:
    wish = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    with httpx.Client(base_url=place.server.url, trust_env=False, timeout=PATIENCE_S) as http:
        asked = http.options("/api/tickets", headers=wish)
        assert asked.headers["access-control-allow-origin"] == ORIGIN
        allowed = asked.headers["access-control-allow-headers"].lower()
        assert "authorization" in allowed
        foreign = http.options("/api/tickets", headers={**wish, "Origin": "https://evil.org"})
        assert "access-control-allow-origin" not in foreign.headers
        bearer = {"Authorization": f"Bearer {tokens['quire_token']('7', 'Ada')}"}
        body = {"document": "team-notes"}
        refused = http.post(
            "/api/tickets", json=body, headers={**bearer, "Origin": "https://e.org"}
        )
        assert refused.status_code == 403
        answer = http.post("/api/tickets", json=body, headers={**bearer, "Origin": ORIGIN})
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["cache-control"] == "no-store"
    query = f"token={answer.json()['ticket']}"
    assert enter_yjs(place.server, "team-notes", query, Origin=ORIGIN) is None


def test_token_is_what_the_page_says_of_it(place: Place, tokens: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {tokens['quire_token']('7', 'Ada')}"}
    with httpx.Client(
        base_url=place.server.url, headers=headers, trust_env=False, timeout=PATIENCE_S
    ) as http:
        session = http.get("/api/session").json()
        assert (session["user"]["name"], session["kind"]) == ("Ada", "jwt")
        assert http.post("/api/documents", json={"name": "other"}).status_code == 403
        assert http.post("/api/documents", json={"name": "handbook-x"}).status_code == 403
        assert http.post("/api/documents", json={"name": "team-notes"}).status_code in (201, 409)
