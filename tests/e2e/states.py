"""The states of the pages that are looked at: by axe, for what overflows, and for screenshots.

A new surface of the page adds its states here. `tests/e2e/test_states.py` checks each in both
themes and at the width of a phone; `python -m scripts.pictures` takes pictures of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.account_journey import PASSWORD, find_owner_link, join
from tests.e2e.window import Window, wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

DESKTOP: Final = (1280, 800)
PHONE: Final = (390, 844)

TEXT: Final = """# Sunday dinner

We are **six**, maybe seven. Who brings what?

- [x] Table and chairs
- [ ] Bread, *two* loaves
- [ ] Something with lentils, see [the list](https://example.org/list)

> Mira cannot eat nuts.

| dish   | who  |
| :----- | ---: |
| soup   | Ana  |
| salad  | Ben  |

## Later

```js
const guests = ["Ana", "Ben"].map((name) => name.trim());
```
"""


class Scene:
    """What states start from: two servers, and windows of one theme and size."""

    def __init__(self, browser: Browser, open_mode: ServerProcess, accounts: ServerProcess) -> None:
        self.server = open_mode
        self.accounts = accounts
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def window(self, name: str = "Ana", server: ServerProcess | None = None) -> Window:
        """Return a window of its own profile that shows nothing yet."""
        width, height = DESKTOP
        context = self._browser.new_context(viewport={"width": width, "height": height})
        self._contexts.append(context)
        return Window(context.new_page(), (server or self.server).url, name)

    def close(self) -> None:
        """Close all windows."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()

    def write(self, name: str, text: str = TEXT) -> None:
        """Make sure that a document has this text, however often a state asks for it."""
        url = f"{self.server.url}/api/documents/{name}"
        httpx.post(
            f"{self.server.url}/api/documents",
            json={"name": name, "text": text},
            timeout=PATIENCE_S,
        )
        assert httpx.get(f"{url}/text", timeout=PATIENCE_S).text == text

    def document(self, name: str, text: str = TEXT, view: str = "Both") -> Window:
        """Return a window on a document with this text."""
        self.write(name, text)
        window = self.window()
        window.open(f"/d/{name}")
        window.page.get_by_role("button", name=view, exact=True).click()
        return window

    def operator(self) -> Window:
        """Return a window in which the first operator of the server with accounts is signed in."""
        window = self.window("Ana", self.accounts)
        answer = httpx.post(
            f"{self.accounts.url}/api/session",
            json={"login": "ana", "password": PASSWORD},
            headers={"Origin": self.accounts.url},
            timeout=PATIENCE_S,
        )
        if answer.is_success:
            name, value = next(iter(answer.cookies.items()))
            window.page.context.add_cookies(
                [{"name": name, "value": value, "url": self.accounts.url}]
            )
        else:
            join(window, find_owner_link(self.accounts), "ana")
        return window


@dataclass(frozen=True, slots=True)
class State:
    """One state of a page: its name, and how a window gets there."""

    name: str
    reach: Callable[[Scene], Window]


def _start_empty(scene: Scene) -> Window:
    window = scene.window("Ana", scene.accounts)
    window.visit("/")
    return window


def _start(scene: Scene) -> Window:
    scene.write("sunday-dinner")
    scene.write("packing-list", "# Packing list\n\n- tent\n")
    window = scene.window()
    window.visit("/")
    expect(window.page.get_by_text("Packing list").first).to_be_visible()
    return window


def _found(scene: Scene) -> Window:
    window = _start(scene)
    window.page.get_by_role("searchbox").fill("lentils")
    expect(window.page.locator(".document-excerpt mark").first).to_be_visible()
    return window


def _menu_of_document(scene: Scene) -> Window:
    window = _start(scene)
    window.page.get_by_role("button", name="Actions for Packing list").first.click()
    return window


def _templates(scene: Scene) -> Window:
    window = _start(scene)
    window.page.get_by_role("button", name="From a template").click()
    return window


def _document(view: str) -> Callable[[Scene], Window]:
    return lambda scene: scene.document("sunday-dinner", view=view)


def _together(scene: Scene) -> Window:
    """Ben is in the document too, and has just written at the end of the bread."""
    window = scene.document("together")
    ben = scene.window("Ben")
    ben.open("/d/together")
    ben.page.get_by_text("two").first.click()
    ben.page.keyboard.press("End")
    ben.type(" of them")
    wait_until_equal(window, ben)
    for _ in " of them":
        ben.page.keyboard.press("Backspace")
    wait_until_equal(window, ben)
    return window


def _empty_document(scene: Scene) -> Window:
    return scene.document("blank", "")


def _history(scene: Scene) -> Window:
    window = scene.document("sunday-dinner")
    window.page.keyboard.press("Control+Alt+h")
    expect(window.page.get_by_role("complementary").first).to_be_visible()
    return window


def _share(scene: Scene) -> Window:
    window = scene.document("sunday-dinner")
    window.share()
    return window


def _user_menu(scene: Scene) -> Window:
    window = scene.document("sunday-dinner")
    window.page.locator(".self").click()
    return window


def _pressed(keys: str, shown: str) -> Callable[[Scene], Window]:
    """Return a way to what a shortcut opens; `shown` is a selector of it."""

    def reach(scene: Scene) -> Window:
        window = scene.document("sunday-dinner")
        window.page.keyboard.press(keys)
        expect(window.page.locator(shown).first).to_be_visible()
        return window

    return reach


def _menu(scene: Scene) -> Window:
    window = scene.document("sunday-dinner")
    window.page.get_by_role("button", name="Menu", exact=True).click()
    expect(window.page.get_by_role("menu")).to_be_visible()
    return window


def _refused(scene: Scene) -> Window:
    window = scene.window("Stranger", scene.accounts)
    window.visit("/d/not-yours")
    expect(window.page.get_by_role("heading", level=1)).to_be_visible()
    return window


def _page(path: str, *, accounts: bool = False) -> Callable[[Scene], Window]:
    def reach(scene: Scene) -> Window:
        window = scene.window("Stranger", scene.accounts if accounts else None)
        window.visit(path)
        expect(window.page.get_by_role("heading", level=1)).to_be_visible()
        return window

    return reach


def _own_page(path: str) -> Callable[[Scene], Window]:
    def reach(scene: Scene) -> Window:
        window = scene.operator()
        window.visit(path)
        expect(window.page.get_by_role("heading", level=1)).to_be_visible()
        return window

    return reach


STATES: Final = (
    State("start-empty", _start_empty),
    State("start", _start),
    State("start-found", _found),
    State("start-menu", _menu_of_document),
    State("start-templates", _templates),
    State("document-edit", _document("Edit")),
    State("document-both", _document("Both")),
    State("document-view", _document("View")),
    State("document-together", _together),
    State("document-empty", _empty_document),
    State("history", _history),
    State("share", _share),
    State("user-menu", _user_menu),
    State("menu", _menu),
    State("all-commands", _pressed("F1", ".palette")),
    State("shortcuts", _pressed("Control+/", ".shortcut-help")),
    State("outline", _pressed("Control+Alt+o", ".outline-entry")),
    State("renaming", _pressed("F2", ".title-field")),
    State("refused", _refused),
    State("bad-name", _page("/d/%2F%2F")),
    State("sign-in", _page("/sign-in", accounts=True)),
    State("dead-invitation", _page("/join#nothing", accounts=True)),
    State("dead-link", _page("/l#nothing")),
    State("account", _own_page("/account")),
    State("people", _own_page("/people")),
)
