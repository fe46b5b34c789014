"""Quire below a path of a site, behind a real nginx that strips the path, or does not."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect as connect_websocket

from app.setting_row import SettingsError
from app.settings import Settings
from sync.client import connect
from tests.integration.server import ROOT, ServerProcess
from tests.patience import PATIENCE_S
from tests.proxy_server import Proxy, nginx

pytestmark = pytest.mark.anyio

STYLES = {
    "stripped": "location /pad/ {{ proxy_pass {server}/; }}",
    "kept": "location /pad/ {{ proxy_pass {server}; }} location = /pad {{ proxy_pass {server}; }}",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, arguments=("--root-path", "/pad")) as running:
        yield running


@pytest.fixture(scope="module", params=sorted(STYLES))
def proxy(
    request: pytest.FixtureRequest, server: ServerProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    locations = STYLES[request.param].format(server=server.url)
    with nginx(tmp_path_factory.mktemp("nginx"), locations) as running:
        yield running


def client(proxy: Proxy) -> httpx.Client:
    return httpx.Client(base_url=proxy.url(), trust_env=False, timeout=PATIENCE_S)


def test_addresses_in_answers_lie_below_the_path(proxy: Proxy) -> None:
    with client(proxy) as http:
        created = http.post("/pad/api/documents", json={"text": "Hello"})
        assert created.status_code == 201
        place = created.headers["location"]
        assert place == f"/pad/api/documents/{created.json()['name']}"
        assert http.get(place).json()["version"] == 1
        assert http.get("/pad/api/openapi.json").json()["servers"] == [{"url": "/pad"}]
        assert http.get("/api/documents").status_code == 404


def test_redirects_stay_below_the_path(proxy: Proxy) -> None:
    with client(proxy) as http:
        bare = http.get("/pad")
        assert bare.status_code in (301, 308)
        assert httpx.URL(bare.headers["location"]).path == "/pad/"
        assert http.get("/pad/").status_code == 200
        slashed = http.get("/pad/api/docs/")
        assert slashed.status_code == 307
        assert slashed.headers["location"] == "/pad/api/docs"
        assert http.get("/pad/api/docs").status_code == 200


@pytest.mark.parametrize(("page", "base"), [("/pad/", "./"), ("/pad/d/notes", "../")])
def test_files_of_a_page_are_found_from_where_it_is(proxy: Proxy, page: str, base: str) -> None:
    with client(proxy) as http:
        answer = http.get(page)
        assert answer.status_code == 200
        assert f'name="quire-base" content="{base}"' in answer.text
        files = [part.split('"')[0] for part in answer.text.split('"')[1::2] if "assets/" in part]
        assert {file.rpartition(".")[2] for file in files} == {"css", "js", "svg"}
        for file in files:
            assert http.get(answer.url.join(file)).status_code == 200


@pytest.mark.parametrize("path", ["/pad/ws", "/pad/yjs/notes", "/pad/hocuspocus"])
async def test_sockets_are_found_below_the_path(proxy: Proxy, path: str) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        connect_websocket(proxy.url("ws") + path, proxy=None) as socket,
    ):
        await socket.ping()


async def test_the_python_client_takes_an_address_with_a_path(proxy: Proxy) -> None:
    async with connect(f"{proxy.url()}/pad", name="Ana") as ana:
        document = await ana.join(f"from-python-{proxy.port}")
        await document.insert(0, "Hello")
    async with connect(f"{proxy.url()}/pad/", name="Ben") as ben:
        assert (await ben.join(f"from-python-{proxy.port}")).text == "Hello"


def test_the_command_line_takes_an_address_with_a_path(proxy: Proxy, tmp_path: Path) -> None:
    with client(proxy) as http:
        http.post("/pad/api/documents", json={"name": f"from-shell-{proxy.port}", "text": "Hello"})
    command = [sys.executable, "-m", "app.cli.main", "cat", f"from-shell-{proxy.port}"]
    done = subprocess.run(
        [*command, "--url", f"{proxy.url()}/pad"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"Hello")


def test_health_checks_that_go_past_the_proxy_need_no_path(server: ServerProcess) -> None:
    for path in ("/readyz", "/pad/readyz", "/metrics", "/pad/api/documents"):
        assert httpx.get(server.url + path, trust_env=False, timeout=PATIENCE_S).status_code == 200


@pytest.mark.parametrize("path", ["/ws", "/api/x", "pad", "/a b", "/..", "//a", "/d/", "/x?y"])
def test_path_that_cannot_be_told_from_quires_own_is_refused(path: str) -> None:
    with pytest.raises(SettingsError, match="root_path"):
        Settings.load({"root_path": path}, environment={}, env_file=None)


@pytest.mark.parametrize(
    ("given", "meant"), [("", ""), ("/", ""), ("/pad", "/pad"), ("/a/pad/", "/a/pad")]
)
def test_path_may_end_with_a_slash(given: str, meant: str) -> None:
    settings = Settings.load({"root_path": given}, environment={}, env_file=None)
    assert settings.base_path == meant
