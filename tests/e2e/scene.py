"""What the states of the pages start from: servers, documents and windows; no test is in here."""

from collections.abc import Callable
from typing import Final

import httpx
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.account_journey import PASSWORD, find_owner_link, join
from tests.e2e.link import Link
from tests.e2e.window import Window
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


RICH: Final = """---
title: Everything
tags: [one, two]
---

# Everything

[TOC]

:::info Note
A box, with ==marked== words, H~2~O, x^2^, ~~gone~~ and ++new++ ones. :smile:
:::

:::warning
Careful[^1].
:::

:::danger
Do not.
:::

:::success
Done.
:::

:::spoiler Folded
Hidden.
:::

[^1]: A note, at <https://example.org/>.

Term
: What it means.

## Code and formulas

Inline $e^{i\\pi} = -1$, and

$$\\int_0^1 x^2 dx$$

```python=7
def greet(name: str) -> str:
    return f"hello {name}"  # for 3 people
```

```mermaid
graph LR
A[Start] --> B[End]
```

```mermaid
nonsense
```

<details><summary>More</summary>

Hidden, too, with <kbd>Ctrl</kbd> and HTML.

</details>

## Scripts

מילים בעברית, and words

| long cell | another | third | fourth | fifth | sixth | seventh |
|---|:-:|--:|---|---|---|---|
| some words that are long | here | 3 | there | everywhere | nowhere | somewhere |

- [ ] open
- [x] done

![an image from elsewhere](http://example.org/a.png)
"""


class Scene:
    """What states start from: two servers, and windows that the states of a run share."""

    def __init__(self, browser: Browser, open_mode: ServerProcess, accounts: ServerProcess) -> None:
        self.server = open_mode
        self.accounts = accounts
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._links: list[Link] = []
        self._windows: dict[str, Window] = {}

    def window(
        self, name: str = "Ana", server: ServerProcess | None = None, *, locale: str = "en"
    ) -> Window:
        """Return a window of its own profile that shows nothing yet."""
        return self._new_window(name, (server or self.server).url, locale)

    def _new_window(self, name: str, url: str, locale: str = "en") -> Window:
        width, height = DESKTOP
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, locale=locale
        )
        self._contexts.append(context)
        return Window(context.new_page(), url, name)

    def shared_window(self, path: str) -> Window:
        """Return the window of Ana on the open server, which states take in turn, at `path`."""
        return self._at(path, "Ana", self.window)

    def _at(self, path: str, key: str, make: Callable[[], Window]) -> Window:
        """Return the window of that key, as wide as a desktop, with `path` opened anew."""
        window = self._windows.get(key) or make()
        self._windows[key] = window
        width, height = DESKTOP
        window.page.set_viewport_size({"width": width, "height": height})
        # An address that differs in its hash alone would leave the page as it is.
        window.page.goto("about:blank")
        window.visit(path)
        return window

    def cut_window(self) -> tuple[Window, Link]:
        """Return a window whose link to the open server can be cut."""
        link = Link(self.server.port)
        link.__enter__()
        self._links.append(link)
        return self._new_window("Ana", link.url), link

    def close(self) -> None:
        """Close all windows."""
        for context in self._contexts:
            context.close()
        for link in self._links:
            link.__exit__()
        self._contexts.clear()
        self._links.clear()
        self._windows.clear()

    def write(self, name: str, *texts: str) -> None:
        """Make sure that a document has these texts one after the other, however often asked."""
        url = f"{self.server.url}/api/documents/{name}"
        first, *later = texts or (TEXT,)
        made = self._post("/api/documents", {"name": name, "text": first})
        for text in later if made.is_success else ():
            headers = {"If-Match": "*", "X-Quire-Name": "Ben"}
            httpx.put(f"{url}/text", content=text, headers=headers, timeout=PATIENCE_S)
        assert httpx.get(f"{url}/text", timeout=PATIENCE_S).text == [first, *later][-1]

    def _post(self, path: str, body: object) -> httpx.Response:
        return httpx.post(f"{self.server.url}{path}", json=body, timeout=PATIENCE_S)

    def own(self, name: str, text: str = TEXT, *, thrown_away: bool = False) -> None:
        """Make sure that Ana of the shared window owns a document of this name."""
        window = self.shared_window("/")
        # Who is nobody yet would own nothing.
        expect(window.page.locator(".self-name")).to_have_count(1)
        window.page.evaluate(
            """async ([name, text, thrownAway]) => {
                const headers = { "Content-Type": "application/json" };
                const body = JSON.stringify({ name, text });
                await fetch("/api/documents", { method: "POST", headers, body });
                if (thrownAway) await fetch(`/api/documents/${name}`, { method: "DELETE" });
            }""",
            [name, text, thrown_away],
        )

    def let_others(self, name: str, role: str) -> None:
        """Give all but the owner this role in a document."""
        url = f"{self.server.url}/api/documents/{name}/access/signed-in"
        httpx.put(url, json={"role": role}, timeout=PATIENCE_S).raise_for_status()

    def document(self, name: str, *texts: str, view: str = "Both", is_own: bool = False) -> Window:
        """Return the shared window on a document with these texts, opened anew."""
        if is_own:
            self.own(name, *texts)
        else:
            self.write(name, *texts)
        window = self.shared_window(f"/d/{name}")
        window.wait_until_saved()
        if window.page.locator(".self-name").inner_text() != window.name:
            window.rename(window.name)
        window.page.get_by_role("button", name=view, exact=True).click()
        return window

    def other(self, path: str) -> Window:
        """Return the window of Ben on the open server, at the document of `path`."""
        window = self._at(path, "Ben", lambda: self.window("Ben"))
        window.wait_until_saved()
        if window.page.locator(".self-name").inner_text() != window.name:
            window.rename(window.name)
        return window

    def german_window(self, path: str) -> Window:
        """Return a window at `path` of a browser that asks for German."""
        return self._at(path, "German", lambda: self.window(locale="de"))

    def stranger(self, path: str) -> Window:
        """Return a window in which nobody is signed in, on the server with accounts."""
        return self._at(path, "stranger", lambda: self.window("Stranger", self.accounts))

    def operator(self, path: str) -> Window:
        """Return a window in which the first operator of the other server is signed in."""
        return self._at(path, "operator", self._sign_in)

    def signed_out(self, path: str) -> Window:
        """Return a window on a document whose session was ended elsewhere."""
        window = self._sign_in()
        window.visit(path)
        window.create_if_absent()
        window.wait_until_saved()
        cookies = {
            str(cookie["name"]): str(cookie["value"]) for cookie in window.page.context.cookies()
        }
        httpx.delete(
            f"{self.accounts.url}/api/session",
            cookies=cookies,
            headers={"Origin": self.accounts.url},
            timeout=PATIENCE_S,
        ).raise_for_status()
        return window

    def _sign_in(self) -> Window:
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
