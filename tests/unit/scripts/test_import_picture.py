"""`scripts.import_picture`: arrows between places, cycles and floors."""

from pathlib import Path

import pytest

from scripts.import_picture import (
    ImportPicture,
    cycles,
    longest_chain,
    read_imports,
)

PICTURE = ImportPicture(
    "core",
    frozenset({"core", "core.names", "core.text", "core.text.delta", "core.room.room"}),
    frozenset({"core", "core.text", "core.room"}),
    frozenset(
        {
            ("core.room.room", "core.text.delta"),
            ("core.room.room", "core.text"),
            ("core.room.feed", "core.text.delta"),
            ("core.text.delta", "core.text"),
            ("core.text.delta", "core.names"),
        }
    ),
)


def test_arrows_between_two_folders_count_once_and_those_inside_a_folder_not() -> None:
    assert PICTURE.arrows_between_places() == {
        ("core.room", "core.text"),
        ("core.text", "core.names"),
    }


def test_module_directly_in_the_package_is_a_place_of_its_own() -> None:
    assert PICTURE.place_of("core.names") == "core.names"
    assert PICTURE.place_of("core.text.delta") == PICTURE.place_of("core.text") == "core.text"


def test_cycle_is_found_with_all_its_nodes_and_nothing_else() -> None:
    layered = {("a", "b"), ("b", "c"), ("a", "c")}
    assert cycles(layered) == []
    assert cycles(layered | {("c", "b")}) == [("b", "c")]
    assert cycles(layered | {("c", "a"), ("x", "a"), ("y", "z"), ("z", "y")}) == [
        ("a", "b", "c"),
        ("y", "z"),
    ]


def test_longest_chain_goes_down_one_floor_with_each_import() -> None:
    assert longest_chain({("a", "b"), ("b", "c"), ("a", "c"), ("x", "c")}) == ["a", "b", "c"]
    assert longest_chain(()) == []


def test_cycle_is_one_floor_of_the_longest_chain() -> None:
    arrows = {("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")}
    assert longest_chain(arrows) == ["a", "b = c", "d"]


def test_imports_of_a_package_are_read_with_a_planted_cycle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = {
        "planted/__init__.py": "",
        "planted/names.py": "raise AssertionError('it is read, and not run')\n",
        "planted/text/__init__.py": "",
        "planted/text/delta.py": "from planted.names import Name\nimport json\n",
        "planted/room/__init__.py": "",
        "planted/room/room.py": "def join():\n    from planted.text.delta import apply\n",
    }
    for path, text in sources.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert read_imports("planted").arrows_between_places() == {
        ("planted.text", "planted.names"),
        ("planted.room", "planted.text"),
    }
    (tmp_path / "planted/names.py").write_text("from planted.room import room\n")
    assert cycles(read_imports("planted").arrows_between_places()) == [
        ("planted.names", "planted.room", "planted.text")
    ]
