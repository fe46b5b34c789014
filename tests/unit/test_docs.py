"""The pages on the structure name what there is: decisions, folders, files, pages."""

import re

from app.settings import Settings
from tests.integration.server import ROOT

DOCS = ROOT / "docs"
CODE = ("alembic", "app", "bench", "scripts", "storage", "sync")


def test_every_decision_is_listed_in_the_index() -> None:
    decisions = sorted(path.name for path in (DOCS / "decisions").glob("*.md"))
    listed = re.findall(r"\(decisions/(\d{4}-[a-z0-9-]+\.md)\)", (DOCS / "README.md").read_text())
    assert listed == decisions


def test_every_page_is_listed_in_the_index() -> None:
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\(([a-z-]+\.md)\)", (DOCS / "README.md").read_text()))


def test_readme_links_to_the_architecture() -> None:
    assert "(docs/architecture.md)" in (ROOT / "README.md").read_text()


def test_map_names_every_folder_of_the_code() -> None:
    named = set(re.findall(r"`([a-z]+(?:/[a-z]+)*)/`", (DOCS / "architecture.md").read_text()))
    folders = {
        str(path.parent.relative_to(ROOT)) for top in CODE for path in (ROOT / top).rglob("*.py")
    }
    assert folders - named == set()


def test_modules_that_the_map_names_are_in_their_folders() -> None:
    page = (DOCS / "architecture.md").read_text()
    rows = re.findall(r"^\| `((?:app|storage|sync)(?:/[a-z]+)*)/` \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) >= 15
    named = [ROOT / folder / f"{name}.py" for folder, cell in rows for name in modules(cell)]
    assert [str(path.relative_to(ROOT)) for path in named if not path.exists()] == []


def modules(cell: str) -> list[str]:
    """Return the module names in a row of the map."""
    return re.findall(r"`([a-z_]+)`", cell)


def test_files_that_development_and_architecture_name_exist() -> None:
    for page in ("development.md", "architecture.md"):
        named = re.findall(
            r"`((?:app|alembic|bench|docs|scripts|storage|sync|tests|web)/[\w./-]*)`",
            (DOCS / page).read_text(),
        )
        missing = [each for each in named if not (ROOT / each).exists()]
        # The wheel makes that one.
        assert set(missing) <= {"storage/migrations/"}, page


def test_map_of_the_editor_names_every_folder_and_only_what_there_is() -> None:
    page = (DOCS / "editor.md").read_text().partition("## How it is made")[2]
    named = set(re.findall(r"^    (src/[\w/]+(?:\.ts)?)", page, re.MULTILINE))
    web = ROOT / "web"
    assert sorted(each for each in named if not (web / each).exists()) == []
    folders = {path.name for path in (web / "src").iterdir() if path.is_dir()}
    assert sorted(folders - {each.split("/")[1] for each in named}) == []


def test_shipped_nginx_passes_the_largest_body_that_quire_takes() -> None:
    conf = (DOCS / "deploy" / "nginx.conf").read_text()
    megabytes = [int(each) for each in re.findall(r"client_max_body_size (\d+)m;", conf)]
    settings = Settings()
    largest = max(settings.max_message_bytes, settings.max_image_bytes, settings.max_import_bytes)
    assert len(megabytes) == 1
    assert megabytes[0] << 20 >= largest


def test_at_least_twelve_changes_have_their_file() -> None:
    rows = changes()
    assert len(rows) >= 12
    assert all(re.search(r"`[\w./]+`", file) for _, file in rows)


def changes() -> list[tuple[str, str]]:
    """Return the rows of "where to change what": the change, and where it belongs."""
    page = (DOCS / "development.md").read_text()
    table = page.partition("## Where to change what")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return [(row[0].strip(), row[1].strip()) for row in rows[2:]]
