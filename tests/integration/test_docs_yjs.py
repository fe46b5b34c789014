"""The samples of docs/yjs.md are run against a real server, in Node and a page without a screen."""

import json
import re
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.integration.npm_client import require_npm_packages
from tests.integration.npm_sample import run_sample
from tests.integration.server import ROOT, ServerProcess
from tests.patience import PATIENCE_S

PAGE = (ROOT / "docs" / "yjs.md").read_text()
DOCUMENTED_ADDRESS = "ws://127.0.0.1:8000"
TYPE = {
    "codemirror": "view.dispatch({ changes: { from: 0, insert: text } })",
    "quill": 'quill.insertText(0, text, "user")',
    "tiptap": "editor.commands.insertContent(text)",
}
"""How a user's typing is done to each editor."""
INSTALLED_AS = {"@hocuspocus/provider": "hocuspocus-provider-4"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("samples")) as process:
        yield process


def sample(name: str, server: ServerProcess) -> str:
    """The sample as the page has it, but for the address, and a way to type."""
    found = re.search(rf"```js {name}\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"docs/yjs.md has no sample {name}"
    code = found[1]
    assert DOCUMENTED_ADDRESS in code
    for package, installed in INSTALLED_AS.items():
        code = code.replace(f'"{package}"', f'"{installed}"')
    code = code.replace(DOCUMENTED_ADDRESS, server.url.replace("http", "ws", 1))
    return f"{code}\nexport const type = (text) => {{ {TYPE[name]} }}\nexport {{ provider }}\n"


def history(server: ServerProcess, document: str) -> list[dict[str, object]]:
    url = f"{server.url}/api/documents/{document}/history"
    with urllib.request.urlopen(url) as answer:
        events: list[dict[str, object]] = json.load(answer)["events"]
    return events


@pytest.mark.parametrize(
    ("name", "document"), [("codemirror", "notes"), ("quill", "letter"), ("tiptap", "article")]
)
def test_sample_connects_its_editor(server: ServerProcess, name: str, document: str) -> None:
    require_npm_packages()
    run_sample(f"{name}-{server.port}", sample(name, server))
    # The page was closed as soon as it had been typed into: y-websocket does not say when it is
    # saved.
    deadline = time.monotonic() + PATIENCE_S
    while not (events := history(server, document)):
        assert time.monotonic() < deadline, "nothing was logged"
        time.sleep(0.05)
    actor = events[0]["actor"]
    assert isinstance(actor, dict)
    assert actor["name"] == "Ana"
    if name == "tiptap":
        assert events[0]["type"] == "update"
        return
    with urllib.request.urlopen(f"{server.url}/api/documents/{document}/text") as answer:
        assert "Hello from an editor" in answer.read().decode()


def test_every_editor_has_a_sample() -> None:
    for editor in ("CodeMirror", "TipTap", "Monaco", "Quill"):
        assert f"\n{editor}, with `" in PAGE
