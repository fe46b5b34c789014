"""The document page around the text: menus, toolbar, palette, shortcuts, theme, language, phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import AGAIN_MS, Window, expect_soon, repeat_until, wait_until_equal


def _focused_label(page: Page) -> str:
    label: str = page.evaluate(
        "(document.activeElement.querySelector('.menu-label') ?? document.activeElement)"
        ".textContent"
    )
    return label


def _expect_focus(window: Window, label: str) -> None:
    expect_soon(lambda: _focused_label(window.page), label)


def _type_in_menu(window: Window, letters: str, label: str) -> None:
    """Type letters in a menu, which lead to the entry of this label."""
    entry = window.page.locator(f".menu-entry:has(.menu-label:text-is('{label}'))")
    repeat_until(
        lambda: expect(entry).to_be_focused(timeout=AGAIN_MS),
        lambda: window.page.keyboard.type(letters),
    )


def _open_menu(window: Window) -> None:
    """Open the menu by the keyboard, even if a page that was just opened takes the focus."""
    menu = window.page.get_by_role("menu", name="Menu")
    repeat_until(
        lambda: expect(menu).to_be_visible(timeout=AGAIN_MS),
        lambda: window.page.get_by_role("button", name="Menu", exact=True).press("ArrowDown"),
    )


def test_menu_is_walked_by_arrows_and_letters_and_gives_the_focus_back(
    open_window: OpenWindow,
) -> None:
    ana = open_window("/d/menu", "Ana")
    _open_menu(ana)
    _expect_focus(ana, "Edit only")
    ana.page.keyboard.press("End")
    _expect_focus(ana, "Keyboard shortcuts")
    ana.page.keyboard.press("ArrowDown")
    _expect_focus(ana, "Edit only")
    _type_in_menu(ana, "hi", "History")
    ana.page.keyboard.press("Escape")
    expect(ana.page.get_by_role("menu")).to_have_count(0)
    expect(ana.page.get_by_role("button", name="Menu", exact=True)).to_be_focused()
    _open_menu(ana)
    _type_in_menu(ana, "hi", "History")
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_role("complementary", name="History")).to_be_visible()


def test_menu_closes_by_a_click_elsewhere(open_window: OpenWindow) -> None:
    ana = open_window("/d/menu", "Ana")
    _open_menu(ana)
    ana.editor.click()
    expect(ana.page.get_by_role("menu")).to_have_count(0)


def test_toolbar_is_one_tab_stop_with_arrows_and_keeps_the_selection(
    open_window: OpenWindow,
) -> None:
    ana = open_window("/d/tools", "Ana")
    ana.focus_end()
    ana.type("word")
    ana.page.keyboard.press("Control+a")
    toolbar = ana.page.get_by_role("toolbar", name="Formatting")
    assert toolbar.locator(".tool[tabindex='0']").count() == 1
    toolbar.get_by_role("button", name="Bold").click()
    ana.wait_for_text("**word**")
    expect(ana.editor).to_be_focused()
    toolbar.get_by_role("button", name="Undo").focus()
    ana.page.keyboard.press("ArrowRight")
    expect(toolbar.get_by_role("button", name="Redo")).to_be_focused()
    ana.page.keyboard.press("ArrowLeft")
    ana.page.keyboard.press("ArrowLeft")
    expect(toolbar.locator(".tool").last).to_be_focused()
    ana.page.keyboard.press("Home")
    expect(toolbar.get_by_role("button", name="Undo")).to_be_focused()
    assert toolbar.locator(".tool[tabindex='0']").count() == 1
    ana.page.keyboard.press("Enter")
    ana.wait_until("() => window.quire.text() !== '**word**'")


def test_toolbar_puts_what_does_not_fit_into_a_menu(open_window: OpenWindow) -> None:
    ana = open_window("/d/tools", "Ana")
    toolbar = ana.page.get_by_role("toolbar", name="Formatting")
    more = toolbar.get_by_role("button", name="More")
    expect(toolbar.get_by_role("button", name="Insert divider")).to_be_visible()
    expect(more).to_have_count(0)
    ana.page.set_viewport_size({"width": 780, "height": 600})
    ana.page.evaluate("document.querySelector('.toolbar').style.width = '330px'")
    expect(more).to_be_visible()
    expect(toolbar.get_by_role("button", name="Insert divider")).to_be_hidden()
    ana.focus_end()
    more.click()
    ana.page.get_by_role("menuitemcheckbox", name="Task list").click()
    ana.wait_for_text("- [ ] ")


def test_palette_finds_a_command_and_runs_it(open_window: OpenWindow) -> None:
    ana = open_window("/d/palette", "Ana")
    ana.focus_end()
    ana.page.keyboard.press("Control+Shift+P")
    field = ana.page.get_by_role("combobox", name="All commands")
    expect(field).to_be_focused()
    ana.type("zzz")
    expect(ana.page.get_by_text("No command is called that.")).to_be_visible()
    field.fill("preview o")
    expect(ana.page.get_by_role("option").first).to_contain_text("Preview only")
    ana.page.keyboard.press("Enter")
    expect(field).to_have_count(0)
    expect(ana.page.locator(".pane-source")).to_be_hidden()
    ana.page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    ana.page.keyboard.press("Escape")
    expect(field).to_have_count(0)


def test_mod_k_is_a_link_in_the_text(open_window: OpenWindow) -> None:
    ana = open_window("/d/link", "Ana")
    ana.focus_end()
    ana.page.keyboard.press("Control+k")
    expect(ana.page.get_by_role("combobox")).to_have_count(0)
    ana.wait_until("() => window.quire.text().includes('](')")


def test_shortcuts_are_listed(open_window: OpenWindow) -> None:
    ana = open_window("/d/help", "Ana")
    ana.page.keyboard.press("Control+/")
    dialog = ana.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Bold")
    expect(dialog).to_contain_text("Preview only")
    ana.page.keyboard.press("Control+Alt+h")
    expect(ana.page.get_by_role("complementary")).to_have_count(0)
    ana.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_saving_by_hand_tells_that_it_is_saved(open_window: OpenWindow) -> None:
    ana = open_window("/d/save", "Ana")
    ana.wait_until("() => window.quire.state().connected")
    ana.note_toasts()
    ana.page.keyboard.press("Control+s")
    ana.wait_for_toast("Everything is saved as you write.")
    ana.page.keyboard.press("Control+s")
    expect(ana.page.locator(".toast")).to_have_count(0)
    assert ana.page.evaluate("window.mostToasts") == 1
    assert set(ana.page.evaluate("window.toasts")) == {"Everything is saved as you write."}


def test_tooltip_shows_the_shortcut_on_hover_and_on_focus(open_window: OpenWindow) -> None:
    ana = open_window("/d/tip", "Ana")
    tip = ana.page.locator(".tooltip")
    bold = ana.page.get_by_role("button", name="Bold")
    bold.hover()
    expect(tip).to_be_visible()
    expect(tip).to_have_text("BoldCtrlB")
    ana.page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    ana.page.get_by_role("button", name="Undo").focus()
    ana.page.keyboard.press("ArrowRight")
    expect(tip).to_have_text(re.compile("^Redo"))


def test_theme_is_kept_on_the_device_and_there_before_the_first_paint(
    open_window: OpenWindow,
) -> None:
    ana = open_window("/d/theme", "Ana")
    page = "getComputedStyle(document.body).backgroundColor"
    light = ana.page.evaluate(page)
    ana.page.locator(".self").click()
    ana.page.get_by_role("radio", name="Dark").check(force=True)
    ana.wait_until("() => document.documentElement.dataset.theme === 'dark'")
    dark = ana.page.evaluate(page)
    assert dark != light
    ana.page.add_init_script(
        "new MutationObserver(() => {"
        " if (document.body) window.firstTheme ??= document.documentElement.dataset.theme;"
        "}).observe(document, {childList: true, subtree: true})"
    )
    ana.page.reload()
    ana.wait_until_saved()
    assert ana.page.evaluate("window.firstTheme") == "dark"
    assert ana.page.evaluate(page) == dark
    ana.page.locator(".self").click()
    ana.page.get_by_role("radio", name="As the system").check(force=True)
    expect_soon(lambda: ana.page.evaluate(page), light)


def test_language_is_changed_at_once_and_kept(open_window: OpenWindow) -> None:
    ana = open_window("/d/sprache", "Ana")
    ana.page.locator(".self").click()
    ana.page.get_by_label("Language").select_option(label="Deutsch")
    expect(ana.page.get_by_role("button", name="Teilen")).to_be_visible()
    expect(ana.page.locator("html")).to_have_attribute("lang", "de")
    # What was there before follows too: the empty text, its name, the state of saving.
    expect(ana.page.locator(".cm-placeholder")).to_contain_text("Hier schreiben")
    expect(ana.editor).to_have_attribute("aria-label", "Text von sprache")
    expect(ana.page.locator("#save-state")).to_contain_text("Gespeichert · Version")
    ana.page.reload()
    expect(ana.page.get_by_role("button", name="Verlauf")).to_be_visible()
    ana.page.keyboard.press("Control+Shift+P")
    expect(ana.page.get_by_role("combobox", name="Alle Befehle")).to_be_focused()


@pytest.mark.parametrize("width", [320, 390, 640, 760, 1024])
def test_page_fits_into_its_width(open_window: OpenWindow, width: int) -> None:
    ana = open_window("/d/narrow", "Ana")
    ana.focus_end()
    ana.type("# A title that is longer than a telephone is wide, and then some more of it")
    ana.page.set_viewport_size({"width": width, "height": 800})
    ana.wait_until("() => document.documentElement.scrollWidth <= innerWidth")
    ana.wait_until("() => document.querySelector('.topbar').scrollWidth <= innerWidth")
    ana.wait_until(
        "() => [...document.querySelectorAll('.topbar button, .topbar a')].every((dom) => {"
        " const box = dom.getBoundingClientRect();"
        " return box.width === 0 || (box.right <= innerWidth && box.left >= 0); })"
    )


def test_phone_shows_one_pane_and_a_switch_at_the_bottom(open_window: OpenWindow) -> None:
    ana = open_window("/d/phone", "Ana")
    ana.page.set_viewport_size({"width": 390, "height": 800})
    expect(ana.page.locator(".pane-preview")).to_be_hidden()
    expect(ana.page.get_by_role("button", name="Both")).to_have_count(0)
    ana.page.get_by_role("button", name="View", exact=True).click()
    expect(ana.page.locator(".pane-preview")).to_be_visible()
    expect(ana.page.locator(".pane-source")).to_be_hidden()
    switch = ana.page.locator(".segmented").bounding_box()
    assert switch is not None
    assert switch["y"] > 700


def test_title_is_set_in_place_and_emptied_for_the_texts_own(open_window: OpenWindow) -> None:
    ana, ben = open_window("/d/named", "Ana"), open_window("/d/named", "Ben")
    ana.focus_end()
    ana.type("# From the text\n")
    title = ana.page.locator("h1.title")
    expect(title).to_have_text("From the text")
    ana.wait_until_saved()
    title.get_by_role("button").click()
    field = ana.page.get_by_label("Title")
    field.fill("Not this")
    ana.page.keyboard.press("Escape")
    expect(title).to_have_text("From the text")
    ana.page.keyboard.press("F2")
    expect(field).to_be_focused()
    field.fill("  Set   by hand ")
    ana.page.keyboard.press("Enter")
    expect(title).to_have_text("Set by hand")
    expect(ana.editor).to_be_focused()
    expect(ana.page).to_have_title("Set by hand – Quire")
    _wait_for_title(ana, "Set by hand")
    ben.page.reload()
    expect(ben.page.locator("h1.title")).to_have_text("Set by hand")
    title.get_by_role("button").click()
    field.fill("")
    ana.page.keyboard.press("Enter")
    expect(title).to_have_text("From the text")
    _wait_for_title(ana, "From the text", is_derived=True)


def _wait_for_title(window: Window, title: str, *, is_derived: bool = False) -> None:
    """Wait until the server has this title of the document `named`."""
    window.wait_until(
        """async ([wanted, isDerived]) => {
            const { title, title_derived } = await (await fetch("/api/documents/named")).json();
            return title === wanted && title_derived === isDerived;
        }""",
        [title, is_derived],
    )


def test_outline_leads_to_each_heading(open_window: OpenWindow) -> None:
    ana = open_window("/d/outline", "Ana")
    ana.page.keyboard.press("Control+Alt+o")
    panel = ana.page.get_by_role("complementary", name="Outline")
    expect(panel).to_contain_text("Headings of the text will be listed here.")
    ana.focus_end()
    ana.page.keyboard.insert_text("# One\n\n" + "text\n\n" * 60 + "## Two\n\nend\n")
    entries = panel.locator(".outline-entry")
    expect(entries).to_have_text(["One", "Two"])
    entries.nth(0).click()
    expect(ana.page.locator(".statusbar")).to_contain_text("Ln 1, Col 1")
    expect(entries.nth(0)).to_have_attribute("aria-current", "location")
    entries.nth(1).click()
    expect(ana.page.locator(".statusbar")).to_contain_text("Ln 123, Col 1")
    expect(ana.editor).to_be_focused()
    expect(entries.nth(1)).to_have_attribute("aria-current", "location")


def _is_line_seen(window: Window, text: str) -> bool:
    seen: bool = window.page.evaluate(
        """text => [...document.querySelectorAll('.pane-source .cm-line')].some((line) => {
            const box = line.getBoundingClientRect();
            const pane = line.closest('.cm-scroller').getBoundingClientRect();
            return line.textContent === text && box.top >= pane.top && box.bottom <= pane.bottom;
        })""",
        text,
    )
    return seen


def test_circle_leads_to_the_caret_and_a_person_can_be_followed(open_window: OpenWindow) -> None:
    ana, ben = open_window("/d/where", "Ana"), open_window("/d/where", "Ben")
    ana.focus_end()
    ana.page.keyboard.insert_text("first\n" + "\n" * 200 + "last")
    wait_until_equal(ana, ben)
    ben.focus_start()
    assert not _is_line_seen(ben, "last")
    ben.page.get_by_label("Also here").get_by_role("button", name="Ana").click()
    expect_soon(lambda: _is_line_seen(ben, "last"), True)
    ben.page.get_by_role("button", name="People here").click()
    ben.page.get_by_role("menuitem", name="Follow Ana").click()
    expect(ben.page.get_by_text("Following Ana")).to_be_visible()
    ana.focus_start()
    ben.wait_until("() => document.querySelector('.pane-source .cm-scroller').scrollTop < 50")
    ben.page.keyboard.press("Escape")
    expect(ben.page.get_by_text("Following Ana")).to_have_count(0)
    ana.focus_end()
    ana.type("!")
    wait_until_equal(ana, ben)
    assert not _is_line_seen(ben, "last!")


def test_colour_is_chosen_where_one_sees_oneself(open_window: OpenWindow) -> None:
    ana, ben = open_window("/d/colour", "Ana"), open_window("/d/colour", "Ben")
    ana.page.locator(".self").click()
    chosen = "Colour 12" if ana.user()["color"] != "#cf1e85" else "Colour 11"
    ana.page.get_by_role("radio", name=chosen, exact=True).check(force=True)
    color = "#cf1e85" if chosen == "Colour 12" else "#b625d3"
    expect_soon(lambda: ana.user()["color"], color)
    circle = ben.page.get_by_label("Also here").get_by_role("button", name="Ana")
    rgb = f"rgb({int(color[1:3], 16)}, {int(color[3:5], 16)}, {int(color[5:7], 16)})"
    expect(circle).to_have_css("background-color", rgb)
