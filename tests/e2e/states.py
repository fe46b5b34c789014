"""The states of the pages that are looked at: by axe, for what overflows, and for screenshots.

A new surface of the page adds its states here. `tests/e2e/test_states.py` checks each in both
themes and at the width of a phone; `python -m scripts.pictures` takes pictures of them. What a
state starts from is in `tests/e2e/scene.py`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx
from playwright.sync_api import FilePayload, expect

from tests.e2e.scene import RICH, TEXT, Scene
from tests.e2e.test_images import give
from tests.e2e.window import Window, wait_until_equal
from tests.patience import PATIENCE_S

HISTORY: Final = (
    TEXT.replace("six**, maybe seven", "five**").replace("| salad  | Ben  |\n", ""),
    TEXT.replace("two* loaves", "one* loaf"),
    TEXT,
)


@dataclass(frozen=True, slots=True)
class State:
    """One state of a page: its name, how a window gets there, and what can be seen then.

    What closes when the window gets another size is opened again by `open`.
    """

    name: str
    reach: Callable[[Scene], Window]
    shown: str = "h1"
    open: Callable[[Window], None] | None = None

    def show(self, window: Window) -> None:
        """Open what the state is about, unless it is there; wait until it can be seen."""
        shown = window.page.locator(self.shown).first
        if self.open is not None and not shown.is_visible():
            self.open(window)
        expect(shown).to_be_visible()


# --- the start page -------------------------------------------------------------------------------


def _start(scene: Scene, path: str = "/#show=all") -> Window:
    scene.write("sunday-dinner")
    scene.write("packing-list", "# Packing list\n\n- tent\n")
    window = scene.shared_window(path)
    expect(window.page.get_by_text("Packing list").first).to_be_visible()
    return window


def _found(scene: Scene) -> Window:
    window = _start(scene)
    window.page.get_by_role("searchbox").fill("lentils")
    return window


def _found_nothing(scene: Scene) -> Window:
    window = _start(scene)
    window.page.get_by_role("searchbox").fill("aubergines")
    return window


def _menu_of_document(window: Window) -> None:
    window.page.get_by_role("button", name="Actions for Packing list").first.click()


def _templates(scene: Scene) -> Window:
    window = _start(scene)
    window.page.get_by_role("button", name="From a template").click()
    return window


def _renaming_row(scene: Scene) -> Window:
    window = _start(scene)
    window.page.locator(".document-row a").first.focus()
    window.page.keyboard.press("F2")
    return window


def _trash(scene: Scene) -> Window:
    """Something is in the trash, and one is about to delete it for good."""
    scene.own("old-plans", "# Old plans\n", thrown_away=True)
    return scene.shared_window("/#show=trash")


def _purging(scene: Scene) -> Window:
    window = _trash(scene)
    window.page.get_by_role("button", name="Delete for good").first.click()
    return window


def _imported(scene: Scene) -> Window:
    """Of two files one could not be read; they were chosen on a page of its own."""
    window = _start(scene)
    files: list[FilePayload] = [
        {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Notes from afar\n"},
        {"name": "broken.docx", "mimeType": "application/zip", "buffer": b"no archive"},
    ]
    window.page.locator("input[type=file]").set_input_files(files)
    return window


def _dropping(scene: Scene) -> Window:
    """A file is dragged over the page."""
    window = _start(scene)
    window.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["# Notes"], "notes.md"));
            document.body.dispatchEvent(new DragEvent("dragover", {
                dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    return window


def _trashed_with_undo(scene: Scene) -> Window:
    scene.own("thrown", "# Thrown away\n")
    window = scene.shared_window("/#show=all")
    window.page.get_by_role("button", name="Actions for Thrown away").click()
    window.page.get_by_role("menuitem", name="Move to the trash").click()
    return window


def _unsent(scene: Scene) -> Window:
    """Edits of a document that is gone, and the server is not there."""
    scene.write("left-behind", "# Left behind\n")
    window, link = scene.cut_window()
    window.open("/d/left-behind")
    window.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    link.cut()
    window.focus_end()
    window.type("more")
    window.wait_for_words("Offline – 4 edits kept on this device")
    window.page.goto("about:blank")
    window.visit("/")
    return window


# --- a document -----------------------------------------------------------------------------------


def _document(view: str) -> Callable[[Scene], Window]:
    return lambda scene: scene.document("sunday-dinner", view=view)


def _together(scene: Scene) -> Window:
    """Ben is in the document too, and has just written at the end of the bread."""
    window = scene.document("together")
    ben = scene.other("/d/together")
    ben.page.get_by_text("two").first.click()
    ben.page.keyboard.press("End")
    ben.type(" of them")
    wait_until_equal(window, ben)
    for _ in " of them":
        ben.page.keyboard.press("Backspace")
    wait_until_equal(window, ben)
    return window


def _rich(scene: Scene) -> Window:
    """All that the preview shows of a text, with what is loaded on demand."""
    window = scene.document("everything", RICH, view="View")
    expect(window.page.locator(".preview .katex-html").first).to_be_visible()
    expect(window.page.locator(".preview img.drawing").first).to_be_visible()
    return window


def _pressing(keys: str) -> Callable[[Window], None]:
    return lambda window: window.page.keyboard.press(keys)


def _clicking(name: str) -> Callable[[Window], None]:
    return lambda window: window.page.get_by_role("button", name=name, exact=True).click()


def _find(window: Window) -> None:
    window.editor.focus()
    window.page.keyboard.press("Control+f")
    window.type("list")


def _shared(scene: Scene) -> Window:
    return scene.document("bring-along", is_own=True)


def _invite_by_link(window: Window) -> None:
    """The share dialog, with a link just made."""
    window.share().create_link("Can view")


def _history(scene: Scene) -> Window:
    """The history with its newest sitting opened to single versions."""
    window = scene.document("history", *HISTORY)
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
    window = scene.document("history", *HISTORY)
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


def _offline(scene: Scene) -> Window:
    scene.write("sunday-dinner")
    window, link = scene.cut_window()
    window.open("/d/sunday-dinner")
    link.cut()
    window.focus_end()
    window.type("not sent")
    return window


def _storage_full(scene: Scene) -> Window:
    """What is written has room in the tab only."""
    scene.write("sunday-dinner")
    window, link = scene.cut_window()
    window.visit("/")
    session = window.page.context.new_cdp_session(window.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": link.url, "quotaSize": 1})
    window.open("/d/sunday-dinner")
    link.cut()
    window.focus_end()
    window.type("not sent")
    expect(window.page.get_by_text("storage of this device is full")).to_be_visible()
    return window


def _signed_out(scene: Scene) -> Window:
    window = scene.signed_out("/d/signed-out")
    expect(window.page.get_by_text("You are signed out.")).to_be_visible()
    return window


def _history_loads(scene: Scene) -> Window:
    """The panel is open, and its list is still on its way; it was gone through with Tab."""
    scene.write("history", *HISTORY)
    window = scene.window()
    window.open("/d/history")
    window.page.route("**/history/sittings?**", lambda _: None)
    window.page.keyboard.press("Control+Alt+h")
    expect(window.page.locator(".side-panel")).to_be_visible()
    for _ in range(3):
        window.page.keyboard.press("Tab")
    return window


def _shared_together(scene: Scene) -> Window:
    """Ben was met in the document, so that he can be found by name."""
    window = scene.document("bring-together", is_own=True)
    scene.other("/d/bring-together")
    expect(window.page.get_by_label("Also here").get_by_role("button")).to_have_count(1)
    return window


def _find_person(window: Window) -> None:
    window.share().dom.get_by_role("combobox", name="Add a person").fill("Be")


def _read_only(scene: Scene) -> Window:
    scene.write("read-only")
    scene.let_others("read-only", "viewer")
    window = scene.shared_window("/d/read-only")
    window.wait_for_words("View only")
    return window


def _limit(scene: Scene) -> Window:
    """A paste was larger than the document may be."""
    window = scene.document("limit", "")
    window.editor.focus()
    window.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "x".repeat(2_000_001));
            const shape = { clipboardData: data, bubbles: true, cancelable: true };
            const text = document.querySelector(".pane-source .cm-content");
            text.dispatchEvent(new ClipboardEvent("paste", shape));
        }"""
    )
    return window


def _upload_fails(scene: Scene) -> Window:
    """One image is on its way, and another was refused."""
    window = scene.document("pictures", "# Pictures\n\n")
    window.focus_end()
    give(window, "paste", "bad.png", b"no image")
    expect(window.page.get_by_text("bad.png was not uploaded")).to_be_visible()
    window.page.route("**/files", lambda _: None)
    give(window, "paste", "cat.png", b"on its way")
    window.wait_until("() => window.quire.text().includes('uploading cat.png')")
    return window


def _german(path: str) -> Callable[[Scene], Window]:
    def reach(scene: Scene) -> Window:
        scene.write("sunday-dinner")
        return scene.german_window(path)

    return reach


# --- other pages ----------------------------------------------------------------------------------


def _page(path: str) -> Callable[[Scene], Window]:
    return lambda scene: scene.shared_window(path)


def _stranger(path: str) -> Callable[[Scene], Window]:
    return lambda scene: scene.stranger(path)


def _operator(path: str) -> Callable[[Scene], Window]:
    return lambda scene: scene.operator(path)


_DINNER: Final = _document("Both")

STATES: Final = (
    State("start-stranger", _stranger("/")),
    State("start-invites", _operator("/"), ".start-empty"),
    State("start", _start),
    State("start-found", _found, ".document-excerpt mark"),
    State("start-nothing-found", _found_nothing, ".start-empty"),
    State("start-dropping", _dropping, ".drop-here"),
    State("start-undo", _trashed_with_undo, ".toast"),
    State("unsent-away", _unsent, ".unsent"),
    State("start-menu", _start, "[role=menu]", _menu_of_document),
    State("start-renaming", _renaming_row, ".document-row input"),
    State("start-templates", _templates, "dialog"),
    State("start-trash", _trash, ".document-actions"),
    State("start-purging", _purging, "dialog"),
    State("start-imported", _imported, ".import-outcome li"),
    State("document-edit", _document("Edit"), ".cm-content"),
    State("document-both", _DINNER),
    State("document-view", _document("View"), ".preview h1"),
    State("document-rich", _rich, ".preview h1"),
    State("document-together", _together),
    State("people-menu", _together, "[role=menu]", _clicking("People here (1)")),
    State("document-empty", lambda scene: scene.document("blank", "")),
    State("document-absent", _page("/d/not-there"), ".banner"),
    State("history", _history, ".version-choice"),
    State("history-version", _old_version, ".banner-version"),
    State("history-named", _named, ".named-title"),
    State("history-naming", _history, "dialog", _clicking("Name the current version…")),
    State("history-compared", _compared("Inline", "Both"), ".banner-version"),
    State("history-beside", _compared("Side by side", "Both"), ".banner-version"),
    State("history-beside-rendered", _compared("Side by side", "View"), ".banner-version"),
    State("playback", _played_back, ".playback"),
    State("authors", _authors, ".person"),
    State("take-back", _people, "dialog", _take_back),
    State("share", _shared, "dialog", _invite_by_link),
    State("share-person", _shared_together, "[role=option]", _find_person),
    State("share-told", _DINNER, "dialog", _clicking("Share")),
    State("user-menu", _DINNER, ".popover", lambda window: window.page.locator(".self").click()),
    State("menu", _DINNER, "[role=menu]", _clicking("Menu")),
    State("all-commands", _DINNER, ".palette", _pressing("F1")),
    State("shortcuts", _DINNER, ".shortcut-help", _pressing("Control+/")),
    State("outline", _DINNER, ".outline-entry", _pressing("Control+Alt+o")),
    State("renaming", _DINNER, ".title-field", _pressing("F2")),
    State("find", _document("Edit"), ".find", _find),
    State("said", _DINNER, ".toast", _pressing("Control+s")),
    State("offline", _offline, ".banner"),
    State("storage-full", _storage_full, ".banner"),
    State("signed-out", _signed_out, ".banner"),
    State("sign-in-dialog", _signed_out, "dialog", _clicking("Sign in")),
    State("history-loading", _history_loads, ".side-panel"),
    State("read-only", _read_only),
    State("too-large", _limit, ".banner"),
    State("uploading", _upload_fails, ".banner"),
    State("refused", _stranger("/d/not-yours")),
    State("unknown-path", _page("/nope")),
    State("bad-name", _page("/d/Notes!")),
    State("sign-in", _stranger("/sign-in")),
    State("dead-invitation", _stranger("/join#nothing")),
    State("dead-link", _page("/l#nothing")),
    State("account", _operator("/account")),
    State("people", _operator("/people")),
    State("german-start", _german("/#show=all"), ".document-row"),
    State("german-document", _german("/d/sunday-dinner"), ".toolbar"),
)
