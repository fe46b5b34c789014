"""A real Firefox, driven over WebDriver BiDi by puppeteer in Node (`tests/npm/firefox.mjs`).

Playwright drives only a Firefox of its own, which has to be downloaded.
"""

import json
import os
import subprocess
import time
from typing import Any, Final

import pytest

from tests.integration.npm_client import node_program, require_npm_packages
from tests.patience import PATIENCE_S

_SCRIPT: Final = os.path.join(os.path.dirname(__file__), "..", "npm", "firefox.mjs")
_POLL_S: Final = 0.05


class Firefox:
    """The browser. `with` starts it and ends it."""

    def __init__(self) -> None:
        require_npm_packages()
        path = os.environ.get("QUIRE_TEST_FIREFOX")
        if path is None:
            pytest.skip("no Firefox: run this tier with ./test e2e, which finds or installs one")
        node, environment = node_program()
        self._process = subprocess.Popen(
            [node, _SCRIPT, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self._commands = 0

    def __enter__(self) -> "Firefox":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()

    def open(self, url: str, *, beside: "FirefoxWindow | None" = None) -> "FirefoxWindow":
        """Open a window of its own profile, or of that of another window."""
        number = self.call("open", url=url, beside=None if beside is None else beside.number)
        return FirefoxWindow(self, number)

    @property
    def errors(self) -> list[str]:
        """Exceptions in any page, and what a page's policy refused."""
        found: list[str] = self.call("errors")
        return found

    def call(self, command: str, **parameters: Any) -> Any:
        """Have the driver do something; returns its answer, raises if it failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._commands += 1
        request = {"id": self._commands, "do": command, **parameters}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise AssertionError(f"{command}: {answer['error']}")
        return answer["result"]


class FirefoxWindow:
    """A page in Firefox, and what a user does with it."""

    def __init__(self, firefox: Firefox, number: int) -> None:
        self._firefox = firefox
        self.number = number

    def _call(self, command: str, **parameters: Any) -> Any:
        return self._firefox.call(command, window=self.number, **parameters)

    def type(self, text: str) -> None:
        self._call("type", text=text)

    def press(self, *keys: str) -> None:
        """Press keys together."""
        self._call("press", keys=keys)

    def click(self, selector: str) -> None:
        self._call("click", selector=selector)

    def reload(self) -> None:
        self._call("reload")

    def evaluate(self, expression: str) -> Any:
        return self._call("evaluate", expression=expression)

    def focus_end(self) -> None:
        """Put the caret at the end of the text."""
        self._call("focus", selector=".pane-source .cm-content")
        self.press("Control", "End")

    @property
    def text(self) -> str:
        text: str = self.evaluate("window.quire.text()")
        return text

    def wait_until(self, expression: str) -> None:
        """Wait until a JavaScript expression holds in the page."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.evaluate(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                seen = self.evaluate("window.quire?.state()")
                raise AssertionError(f"Firefox waited in vain for {expression}: {seen}")
            time.sleep(_POLL_S)

    def wait_until_saved(self) -> None:
        """Wait until every edit made here is acknowledged."""
        self.wait_until(
            "window.quire !== undefined && window.quire.state().pending === 0"
            " && window.quire.state().save.startsWith('Saved')"
        )

    def wait_for_text(self, text: str) -> None:
        self.wait_until(f"window.quire.text() === {json.dumps(text)}")
