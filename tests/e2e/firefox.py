"""A real Firefox, driven over WebDriver BiDi by puppeteer in Node (`tests/npm/firefox.mjs`).

Playwright drives only a Firefox of its own, which has to be downloaded.
"""

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.e2e.window import NOTE_SAVE_WORDS
from tests.integration.npm_client import node_program, require_npm_packages
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

_SCRIPT: Final = os.path.join(os.path.dirname(__file__), "..", "npm", "firefox.mjs")
_POLL_S: Final = 0.05


class Firefox:
    """The browser. `with` starts it and ends it.

    Args:
        downloads: the folder into which it puts what pages have it download.
    """

    def __init__(self, downloads: Path) -> None:
        require_npm_packages()
        path = os.environ.get("QUIRE_TEST_FIREFOX")
        if path is None:
            pytest.skip("no Firefox: run this tier with ./test e2e, which finds or installs one")
        node, environment = node_program()
        self._process = subprocess.Popen(
            [node, _SCRIPT, path, str(downloads), str(int(PATIENCE_S * 1000))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self.downloads: Final = downloads
        self._commands = 0
        self._open: list[FirefoxWindow] = []

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
        window = FirefoxWindow(self, number)
        self._open.append(window)
        return window

    def close_windows(self) -> list[str]:
        """Close all windows; returns exceptions in any page, and what a page's policy refused."""
        for window in self._open:
            window.close()
        self._open.clear()
        found: list[str] = self.call("errors")
        return found

    def compose(self, text: str, *, is_done: bool = False) -> None:
        """Do as an input method does to the window in front: show what is about to be written.

        Args:
            is_done: write it instead.
        """
        self.call("compose", text=text, isDone=is_done)

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Stop all of its processes, as a laptop does whose lid is closed."""
        # It leads a process group of its own.
        group = int(self.call("process"))
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

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
        self._is_closed = False
        self.number = number

    def _call(self, command: str, **parameters: Any) -> Any:
        return self._firefox.call(command, window=self.number, **parameters)

    def click_on(self, selector: str, words: str = "") -> None:
        """Click what a selector finds with these words in it, or as its label, once it is there."""
        # Found and clicked at once: what was found before may not be there any more.
        self.wait_until(
            f"""(() => {{
                const found = [...document.querySelectorAll({json.dumps(selector)})].find((one) =>
                    one.checkVisibility() && `${{one.ariaLabel}} ${{one.textContent}}`
                        .includes({json.dumps(words)}));
                found?.click();
                return found !== undefined;
            }})()"""
        )

    def type(self, text: str) -> None:
        self._call("type", text=text)

    def insert(self, text: str) -> None:
        """Write a text where the caret is, as one step: see `Window.insert`."""
        self._call("insert", text=text)

    def press(self, *keys: str) -> None:
        """Press keys together."""
        self._call("press", keys=keys)

    def click(self, selector: str) -> None:
        self._wait_for(selector)
        self._call("click", selector=selector)

    def reload(self) -> None:
        self._call("reload")

    def visit(self, url: str) -> None:
        self._call("visit", url=url)

    def close(self) -> None:
        """Close it, unless it is closed."""
        if not self._is_closed:
            self._is_closed = True
            self._call("close")

    def bring_to_front(self) -> None:
        self._call("front")

    def prepare(self, script: str) -> None:
        """Run a script before those of each page that is opened in it from here on."""
        self._call("prepare", script=script)

    def choose_files(self, selector: str, *paths: Path) -> None:
        """Choose files in a field for files."""
        self._wait_for(selector)
        self._call("choose", selector=selector, paths=[str(path) for path in paths])

    def print(self) -> bytes:
        """Print as the browser does; returns a PDF."""
        return base64.b64decode(self._call("pdf"))

    def evaluate(self, expression: str) -> Any:
        return self._call("evaluate", expression=expression)

    def focus_end(self) -> None:
        """Put the caret at the end of the text."""
        editor = ".pane-source .cm-content"
        self._wait_for(editor)
        self._call("focus", selector=editor)
        self.press("Control", "End")

    def _wait_for(self, selector: str) -> None:
        """Wait until the page has such an element: the text can be stored before it is shown."""
        self.wait_until(f"document.querySelector({json.dumps(selector)}) !== null")

    def note_save_words(self) -> None:
        """Have all that is said of saving noted from here on."""
        self.evaluate(f"({NOTE_SAVE_WORDS})()")

    @property
    def text(self) -> str:
        text: str = self.evaluate("window.quire.text()")
        return text

    def wait_until(self, expression: str, *, patience_s: float = PATIENCE_S) -> None:
        """Wait until a JavaScript expression holds in the page."""
        deadline = time.monotonic() + patience_s
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
        self.wait_until(f"window.quire?.text() === {json.dumps(text)}")


def open_document(
    firefox: Firefox, server: ServerProcess, name: str, text: str = "", *, base: str | None = None
) -> FirefoxWindow:
    """Make a document with this text, which everybody may edit, and open it.

    Args:
        base: the address at which Firefox finds the server; None: the server's own.
    """
    body = {"name": name, "text": text}
    made = httpx.post(f"{server.url}/api/documents", json=body, timeout=PATIENCE_S)
    made.raise_for_status()
    window = firefox.open(f"{base or server.url}/d/{name}")
    window.wait_until_saved()
    window.wait_for_text(text)
    return window
