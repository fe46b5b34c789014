"""Take the README's picture: two people in one document. `python -m scripts.picture`

Needs the test environment (`./test` makes it) and a Chromium.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from tests.e2e.window import Window, wait_until_equal
from tests.integration.server import ServerProcess

TARGET: Final = Path(__file__).resolve().parents[1] / "docs" / "images" / "editor.png"
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
TEXT: Final = """# Sunday dinner

We are **six**, maybe seven. Who brings what?

- [x] Table and chairs
- [ ] Bread, *two* loaves
- [ ] Something with lentils

> Mira cannot eat nuts.

| dish   | who  |
| ------ | ---- |
| soup   | Ana  |
| salad  | Ben  |
"""


def main() -> None:
    chromium = os.environ.get("QUIRE_TEST_CHROMIUM") or shutil.which("chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        ana, ben = (
            Window(
                browser.new_context(
                    viewport={"width": 1280, "height": 720}, color_scheme="light"
                ).new_page(),
                server.url,
                name,
            )
            for name in ("Ana", "Ben")
        )
        ana.open("/d/sunday-dinner")
        ben.open("/d/sunday-dinner")
        ana.focus_end()
        ana.page.keyboard.insert_text(TEXT)
        wait_until_equal(ana, ben)
        ben.focus_end()
        for _ in range(8):
            ben.page.keyboard.press("ArrowUp")
        ben.page.keyboard.press("End")
        ben.type(" and lemon")
        wait_until_equal(ana, ben)
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        ana.page.wait_for_timeout(300)
        ana.page.screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    main()
