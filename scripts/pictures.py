"""Take pictures of the states of the page in `tests/e2e/states/`.

    python -m scripts.pictures               renew those that README and docs show
    python -m scripts.pictures --all FOLDER  every state, in both themes and on a phone, to look at

Needs the test environment (`./test` makes it) and a Chromium.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Error, Page, expect, sync_playwright

from scripts.chromium import find_chromium
from scripts.stage import CACHE, ROOT
from tests.e2e.conftest import FLAGS
from tests.e2e.scene import DESKTOP, PHONE, Scene
from tests.e2e.states.every_state import STATES
from tests.e2e.states.state import State
from tests.e2e.window import PATIENCE_MS
from tests.integration.server import ServerProcess

TARGET: Final = ROOT / "docs" / "images"
_SETTLED_MS: Final = 400


class Look(NamedTuple):
    """A theme, and the width and height of the window in pixels."""

    theme: Literal["light", "dark"]
    size: tuple[int, int]


LOOKS: Final = {
    "light": Look("light", DESKTOP),
    "dark": Look("dark", DESKTOP),
    "phone": Look("light", PHONE),
    "phone-dark": Look("dark", PHONE),
}
SHOWN: Final = (
    ("document-together", "light"),
    ("document-together", "dark"),
    ("document-both", "phone"),
    ("start", "light"),
    ("start", "phone-dark"),
    ("history", "light"),
    ("history-beside", "dark"),
    ("playback", "light"),
    ("authors", "light"),
    ("authors", "phone-dark"),
    ("share", "light"),
)


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every state, into this folder")
    parser.add_argument("--only", metavar="NAME", help="states whose name has this in it")
    options = parser.parse_args()
    every = [(state.name, look) for state in STATES for look in LOOKS]
    wanted = every if options.all else list(SHOWN)
    if options.only:
        wanted = [(state, look) for state, look in wanted if options.only in state]
    take_pictures(wanted, options.all or TARGET)


def take_pictures(wanted: list[tuple[str, str]], folder: Path) -> None:
    """Write `folder/STATE-LOOK.png` for each pair of a state and a look."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        ServerProcess(Path(one)) as server,
        ServerProcess(Path(other), arguments=("--auth", "accounts")) as accounts,
        sync_playwright() as playwright,
    ):
        expect.set_options(timeout=PATIENCE_MS)
        path = find_chromium(CACHE / "chromium")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        for state in STATES:
            looks = [look for name, look in wanted if name == state.name]
            scene = Scene(browser, server, accounts)
            _take(state, looks, scene, folder)
            scene.close()
        browser.close()


def _take(state: State, looks: list[str], scene: Scene, folder: Path) -> None:
    if not looks:
        return
    try:
        window = state.reach(scene)
        for look in looks:
            _wear(window.page, LOOKS[look])
            window.page.wait_for_timeout(_SETTLED_MS)
            state.show(window)
            window.page.wait_for_timeout(_SETTLED_MS)
            window.page.screenshot(path=folder / f"{state.name}-{look}.png")
    except (AssertionError, Error) as error:
        print(f"{state.name}: not reached: {error}")


def _wear(page: Page, look: Look) -> None:
    width, height = look.size
    page.emulate_media(color_scheme=look.theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})


if __name__ == "__main__":
    main()
