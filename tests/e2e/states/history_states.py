"""States of the history: versions, comparisons, names, the playback, and who wrote what."""

import re
from collections.abc import Callable
from typing import Final

import httpx
from playwright.sync_api import expect

from tests.e2e.scene import TEXT, Scene
from tests.e2e.states.state import State, by_button
from tests.e2e.window import Window
from tests.patience import PATIENCE_S
from tests.thinned_file import thinned_file

_HISTORY: Final = (
    TEXT.replace("six**, maybe seven", "five**").replace("| salad  | Ben  |\n", ""),
    TEXT.replace("two* loaves", "one* loaf"),
    TEXT,
)


def _history(scene: Scene) -> Window:
    """The history with its newest sitting opened to single versions."""
    window = scene.document("history", *_HISTORY)
    window.page.keyboard.press("Control+Alt+h")
    opener = window.page.get_by_role("button", name=re.compile("^Single versions"))
    opener.first.click()
    expect(window.page.locator(".version-choice").nth(1)).to_be_visible()
    return window


def _old_version(scene: Scene) -> Window:
    """A version as it was, with what changed in it."""
    window = _history(scene)
    window.page.locator(".version-choice").first.click()
    expect(window.page.locator(".pane-source ins").first).to_be_visible()
    return window


def _compared(layout: str, view: str) -> Callable[[Scene], Window]:
    """Two versions are compared; where there is no room for two texts, in one."""

    def reach(scene: Scene) -> Window:
        window = _history(scene)
        window.page.get_by_role("button", name=view, exact=True).click()
        window.page.get_by_role("button", name="Compare", exact=True).click()
        for version in (3, 1):
            window.page.locator(f'[data-single="{version}"]').click()
        window.page.get_by_role("button", name=layout).click()
        window.page.get_by_role("button", name="Next change").click()
        return window

    return reach


def _named(scene: Scene) -> Window:
    """Two versions of the history have names, and somebody was there today."""
    window = scene.document("history", *_HISTORY)
    url = f"{scene.server.url}/api/documents/history/versions"
    names = ((1, "First draft", "Before we knew how many come."), (3, "Sent to all", ""))
    for version, name, note in names:
        httpx.post(url, json={"version": version, "name": name, "note": note}, timeout=PATIENCE_S)
    window.page.keyboard.press("Control+Alt+h")
    window.page.get_by_role("button", name="Named", exact=True).click()
    expect(window.page.locator(".named-title").nth(1)).to_be_visible()
    return window


def _by_three(scene: Scene) -> Window:
    """The history of a document that three people wrote."""
    name = "by-three"
    url = f"{scene.server.url}/api/documents/{name}/text"
    if httpx.get(url, timeout=PATIENCE_S).text != TEXT:
        text, *more = re.split(r"(?<=\n)(?=[-|#>\w`])", TEXT)
        scene.write(name, text)
        for index, part in enumerate(more):
            text += part
            headers = {"If-Match": "*", "X-Quire-Name": ("Ben", "Mira", "Ana")[index // 3 % 3]}
            httpx.put(url, content=text, headers=headers, timeout=PATIENCE_S)
    window = scene.shared_window(f"/d/{name}")
    window.wait_until_saved()
    window.page.get_by_role("button", name="Both", exact=True).click()
    window.page.keyboard.press("Control+Alt+h")
    expect(window.page.locator(".sitting").first).to_be_visible()
    return window


def _played_back(scene: Scene) -> Window:
    """In the midst of what three people wrote."""
    window = _by_three(scene)
    window.page.get_by_role("button", name="Play back").click()
    expect(window.page.locator(".playback-edge-end")).to_be_visible()
    for _ in range(4):
        window.page.keyboard.press("ArrowLeft")
    return window


def _authors(scene: Scene) -> Window:
    """The live text shows who wrote what, with the legend beside it."""
    window = _by_three(scene)
    window.page.get_by_role("button", name="People", exact=True).click()
    window.page.get_by_label("Show in the text who wrote what").check()
    expect(window.page.locator(".pane-source .author").first).to_be_visible()
    return window


def _people(scene: Scene) -> Window:
    window = _by_three(scene)
    window.page.get_by_role("button", name="People", exact=True).click()
    expect(window.page.locator(".person").first).to_be_visible()
    return window


def _take_back(window: Window) -> None:
    """Choose a person of the legend whose changes are to be taken back."""
    window.page.get_by_role("button", name="Take back changes of Mira").click()
    expect(window.page.locator(".take-back-changes li").first).to_be_visible()


def _take_back_part(window: Window) -> None:
    """Choose a word of an old version in which changes are to be taken back."""
    window.page.locator(".cm-content ins").first.dblclick()
    window.page.get_by_role("button", name="More about this version").click()
    window.page.get_by_role("menuitem", name="Take back changes in the selected text").click()
    expect(window.page.locator(".take-back-changes li").first).to_be_visible()


def _history_loads(scene: Scene) -> Window:
    """The panel is open, and its list is still on its way; it was gone through with Tab."""
    scene.write("history", *_HISTORY)
    window = scene.window()
    window.open("/d/history")
    window.page.route("**/history/sittings?**", lambda _: None)
    window.page.keyboard.press("Control+Alt+h")
    expect(window.page.locator(".side-panel")).to_be_visible()
    for _ in range(3):
        window.page.keyboard.press("Tab")
    return window


def _thinned(scene: Scene) -> Window:
    """A document of which old versions are gone."""
    url, ana = f"{scene.server.url}/api/documents", {"X-Quire-Name": "Ana"}
    body = thinned_file("choir")
    if httpx.post(f"{url}/import", content=body, headers=ana, timeout=PATIENCE_S).is_success:
        for path, wish in (
            ("retention", {"kind": "thin", "days": 30}),
            ("access/everyone", {"role": "editor"}),
        ):
            httpx.put(f"{url}/choir/{path}", json=wish, headers=ana, timeout=PATIENCE_S)
    window = scene.shared_window("/d/choir")
    window.wait_until_saved()
    window.page.keyboard.press("Control+Alt+h")
    expect(window.page.locator(".history-kept")).to_be_visible()
    window.page.get_by_role("button", name="Single versions").last.click()
    expect(window.page.locator(".version-choice")).to_be_visible()
    return window


def _gone(scene: Scene) -> Window:
    """A version was asked for that is no longer kept."""
    _thinned(scene)
    return scene.shared_window("/d/choir?version=5")


def _thinned_played(scene: Scene) -> Window:
    """A playback, at an event that stands for several."""
    window = _thinned(scene)
    window.page.get_by_role("button", name="Play back").click()
    expect(window.page.locator(".playback-edge-end")).to_be_visible()
    for _ in range(3):
        window.page.keyboard.press("ArrowLeft")
    return window


HISTORY_STATES: Final = (
    State("history", _history, ".version-choice"),
    State("history-version", _old_version, ".banner-version"),
    State("history-named", _named, ".named-title"),
    State("history-naming", _history, "dialog", by_button("Name the current version…")),
    State("history-compared", _compared("Inline", "Both"), ".banner-version"),
    State("history-beside", _compared("Side by side", "Both"), ".banner-version"),
    State("history-beside-rendered", _compared("Side by side", "View"), ".banner-version"),
    State("playback", _played_back, ".playback"),
    State("history-thinned", _thinned, ".history-kept"),
    State("history-gone", _gone, "dialog"),
    State("playback-thinned", _thinned_played, ".playback .chip"),
    State("authors", _authors, ".person"),
    State("take-back", _people, "dialog", _take_back),
    State("take-back-part", _old_version, "dialog", _take_back_part),
    State("history-loading", _history_loads, ".side-panel"),
)
