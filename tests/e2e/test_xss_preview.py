"""Hostile documents in the preview: nothing runs, nothing is reported, nothing is asked for."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from tests.e2e.window import Window
from tests.e2e.xss_corpus import ATTACKS, Attack, Watch
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

_MARK = "the end of the attack"


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("xss")) as running:
        yield running


@pytest.fixture(scope="module")
def reader(browser: Browser, shared_server: ServerProcess) -> Iterator[tuple[Window, Watch]]:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    window = Window(context.new_page(), shared_server.url, "Reader")
    yield window, Watch(window.page)
    context.close()


def _create(server: ServerProcess, text: str) -> str:
    made: dict[str, Any] = (
        httpx.post(
            f"{server.url}/api/documents",
            content=json.dumps({"text": text}),
            headers={"Content-Type": "application/json"},
            timeout=PATIENCE_S,
        )
        .raise_for_status()
        .json()
    )
    return str(made["name"])


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_a_hostile_document_does_nothing_in_the_preview(
    attack: Attack, shared_server: ServerProcess, reader: tuple[Window, Watch]
) -> None:
    window, watch = reader
    window.errors.clear()
    name = _create(shared_server, f"{attack.text}\n\n```\n```\n\n{_MARK}\n")
    window.visit(f"/d/{name}")
    window.wait_until(
        "() => (document.querySelector('.preview .blocks')?.textContent ?? '').length > 0"
    )
    if attack.number in {3, 4}:
        window.wait_until(
            "() => [...document.querySelectorAll('.preview pre.diagram')]"
            ".every((place) => place.previousElementSibling?.className === 'diagram-failed')"
            " && (document.querySelector('.preview code.math:not(.formula-failed)') === null"
            " || document.querySelector('.preview .formula') !== null)"
        )
    window.page.evaluate(
        "() => document.querySelectorAll('.preview details').forEach((one) => { one.open = true; })"
    )
    window.page.wait_for_timeout(150)
    watch.assert_nothing_happened()
    assert window.errors == []
