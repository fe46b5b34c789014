"""`scripts.structure`: what is planted above a ceiling is reported, and nothing else."""

from pathlib import PurePosixPath

import pytest

from scripts.import_picture import Arrow, ImportPicture
from scripts.source_tree import SourceFile
from scripts.structure import SHELLS, Ceilings, Structure, excesses, read_structure
from tests.integration.server import ROOT

CEILINGS = Ceilings(class_lines=3, core_file_lines=5, arrows=2)


def structure(
    files: dict[str, str] | None = None,
    tests: tuple[str, ...] = (),
    arrows: tuple[Arrow, ...] = (),
) -> Structure:
    modules = frozenset(node for arrow in arrows for node in arrow)
    folders = frozenset(node.rpartition(".")[0] for node in modules if node.count(".") > 1)
    return Structure(
        [SourceFile(PurePosixPath(path), text) for path, text in (files or {}).items()],
        [SourceFile(PurePosixPath(path), "") for path in tests],
        ImportPicture("sync", modules, folders, frozenset(arrows)),
    )


def test_code_below_every_ceiling_is_not_reported() -> None:
    clean = structure(
        {"sync/room/room.py": "class Room:\n    def f(self):\n        return 1\n"},
        ("tests/unit/sync/room/test_room.py",),
        (("sync.room.room", "sync.text.delta"), ("sync.text.delta", "sync.names")),
    )
    assert list(excesses(clean, CEILINGS)) == []


@pytest.mark.parametrize(
    ("planted", "report"),
    [
        (
            structure({"app/a.py": "class A:\n    x = 1\n    y = 2\n    z = 3\n"}),
            "class of 4 lines (at most 3): A in app/a.py",
        ),
        (
            structure({"sync/a.py": "x = 1\n" * 6}),
            "core file of 6 lines (at most 5): sync/a.py",
        ),
        (
            structure(arrows=(("sync.a", "sync.b"), ("sync.a", "sync.c"), ("sync.b", "sync.c"))),
            "3 arrows between the places of sync/ (at most 2)",
        ),
        (
            structure(arrows=(("sync.a.x", "sync.b.x"), ("sync.b.y", "sync.a.y"))),
            "places that import one another: sync.a, sync.b",
        ),
        (
            structure(arrows=(("sync.a.x", "sync.a.y"), ("sync.a.y", "sync.a.x"))),
            "modules that import one another: sync.a.x, sync.a.y",
        ),
        (
            structure({"app/event.py": "", "storage/event.py": ""}),
            "modules of one name, event: app/event.py, storage/event.py",
        ),
        (
            structure({"sync/a.py": "def f():\n    return 1\n"}, ("tests/unit/app/test_a.py",)),
            "core module without a unit test of its own: sync/a.py",
        ),
        (
            structure({"sync/text/a.py": '"""How it goes."""'}),
            "1 docstrings that begin with a question word: sync/text/a.py",
        ),
        (
            structure({"sync/room/a.py": '"""Who is there."""\nX = 1\n"""How many."""'}),
            "2 docstrings that begin with a question word: sync/room/a.py",
        ),
        (
            structure(
                {
                    "sync/a.py": "class Join: pass",
                    "sync/b.py": "class Join: pass",
                    "app/c.py": "from sync.a import Join as JoinFact",
                }
            ),
            "import that needs `as`: app/c.py: Join is defined by sync.a, sync.b",
        ),
    ],
)
def test_planted_excess_is_reported(planted: Structure, report: str) -> None:
    assert list(excesses(planted, CEILINGS)) == [report]


def test_shells_need_no_unit_test_and_may_be_longer() -> None:
    shell = structure({"sync/shells/a.py": "def f():\n    return 1\n" * 4})
    assert list(excesses(shell, CEILINGS)) == []


def test_structure_of_the_checkout_is_measured() -> None:
    measured = read_structure()
    assert {"sync/text/delta.py", "app/main.py"} <= {str(file.path) for file in measured.files}
    assert [shell for shell in SHELLS if not (ROOT / shell).exists()] == []
    assert ("sync.room", "sync.text") in measured.picture.arrows_between_places()
