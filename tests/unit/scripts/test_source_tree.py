"""`scripts.source_tree`: sizes, docstrings and names, read from source text."""

from pathlib import PurePosixPath

import pytest

from scripts.source_tree import SourceFile, clashing_imports, same_names


def source(path: str, text: str = "") -> SourceFile:
    return SourceFile(PurePosixPath(path), text)


def test_class_counts_from_its_first_decorator_to_its_last_line() -> None:
    file = source(
        "a.py", "x = 1\n@frozen\nclass A:\n    x: int\n\n    def f(self):\n        pass\n"
    )
    assert list(file.class_sizes()) == [("A", 6)]
    assert file.line_count == 7


def test_docstrings_are_those_of_modules_classes_functions_and_attributes() -> None:
    file = source(
        "a.py",
        '"""Module."""\n'
        "LIMIT = 1\n"
        '"""Constant."""\n'
        "class A:\n"
        '    """Class."""\n'
        "    x: int\n"
        '    """Attribute."""\n'
        "    def f(self):\n"
        '        """Method."""\n'
        '        return "no docstring"\n'
        "if True:\n"
        '    "no docstring"\n',
    )
    assert sorted(file.docstrings()) == ["Attribute.", "Class.", "Constant.", "Method.", "Module."]


@pytest.mark.parametrize(
    ("docstring", "is_riddle"),
    [
        ("What a room orders.", True),
        ("Whether it is open.", True),
        ("How long it waits.", True),
        ("When it was opened.", True),
        ("Why it was closed.", True),
        ("Which of them are open.", True),
        ("\n    Who is there.", True),
        ("Where's the cursor.", True),
        ("Whatever a room orders.", False),
        ("Return what a room orders.", False),
        ("However long it waits.", False),
        ("Whenever it is opened.", False),
    ],
)
def test_riddle_begins_with_a_question_word(docstring: str, *, is_riddle: bool) -> None:
    assert bool(source("a.py", f'"""{docstring}"""').riddles()) is is_riddle


def test_modules_of_one_name_are_reported_but_not_a_packages_own_main_module() -> None:
    files = [
        source("sync/document/document.py"),
        source("app/routes/document.py"),
        source("sync/wire/event.py"),
        source("app/routes/event.py"),
        source("app/main.py"),
        source("app/cli/main.py"),
        source("app/__init__.py"),
        source("sync/__init__.py"),
    ]
    assert same_names(files) == {"event": ["sync/wire/event.py", "app/routes/event.py"]}


def test_renamed_import_is_reported_only_if_two_of_our_modules_define_the_name() -> None:
    files = [
        source("sync/fact.py", "class Join: pass\nclass Leave: pass"),
        source("sync/wire/message.py", "class Join: pass\nLeave = 1\ndef connect(): pass"),
        source("app/sockets.py", "from sync.fact import Join as JoinFact, Leave"),
        source("app/main.py", "from websockets import connect as dial"),
        source("app/other.py", "from sync.wire.message import connect as dial"),
    ]
    assert clashing_imports(files) == [
        "app/sockets.py: Join is defined by sync.fact, sync.wire.message"
    ]


def test_module_that_only_declares_has_no_behaviour() -> None:
    declares = (
        'class Bus(Protocol):\n    def publish(self) -> None:\n        """Send it."""\n        ...'
    )
    assert not source("a.py", f"LIMIT = 1\n{declares}").has_behaviour
    assert source("a.py", "def f():\n    return 1").has_behaviour
