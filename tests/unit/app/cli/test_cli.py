"""Unit tests of the command line: its grammar, what it writes for people, and its notes."""

from pathlib import Path

import pytest

from app.cli.basis import Basis, basis_path, forget_basis, read_basis, replace_file, write_basis
from app.cli.failure import CommandFailed
from app.cli.flag_grammar import parser
from app.cli.main import main
from app.cli.summary import describe, printable, summarise
from app.settings import SETTINGS
from sync.text.delta import Delta


def test_serve_has_a_flag_for_every_setting() -> None:
    argv = ["serve"]
    for setting in SETTINGS:
        argv += [setting.flag, "1"]
    flags = parser().parse_args(argv)
    assert all(getattr(flags, setting.name) == "1" for setting in SETTINGS)


def test_flags_that_are_not_given_are_left_to_the_environment() -> None:
    flags = parser().parse_args(["serve"])
    assert all(getattr(flags, setting.name) is None for setting in SETTINGS)


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["unknown"],
        ["db"],
        ["db", "new-epoch", "now"],
        ["db", "copy", "--from", "sqlite:///quire.db"],
        ["cat"],
        ["cat", "no/slash"],
        ["cat", "notes", "--version", "-1"],
        ["log", "notes", "--limit", "0"],
        ["push", "notes"],
        ["serve", "--port", "many"],
    ],
)
def test_wrong_flags_exit_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--help"], ["serve", "--help"], ["push", "--help"]])
def test_help_exits_with_0(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 0
    assert "usage: quire" in capsys.readouterr().out


def test_a_url_that_is_none_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cat", "notes", "--url", "nonsense"]) == 2
    assert "--url nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("ops", "line"),
    [
        (("Hello",), 'at 0: +"Hello"'),
        ((4, "a\nb"), r'at 4: +"a\nb"'),
        ((2, "x" * 60), 'at 2: +"' + "x" * 39 + '…"'),
        ((2, -3), "at 2: -3"),
        ((1, "ab", 1, -2), "at 1: +2 -2"),
        ((), "changed something other than the text"),
    ],
)
def test_events_are_summarised_in_one_line(ops: Delta, line: str) -> None:
    assert summarise(ops) == line


def test_nothing_that_commands_a_terminal_is_printed() -> None:
    assert printable("\x1b[2J\x9b\u202e日本") == r"\x1b[2J\x9b\u202e日本"
    line = describe(12, "2026-11-20T09:30:00.125Z", "Ada\x07", ("x",))
    assert line == r'    12  2026-11-20 09:30:00  Ada\x07           at 0: +"x"'


def test_a_note_is_kept_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    assert read_basis(path) is None
    basis = Basis("http://127.0.0.1:8000", "notes", "e", 12)
    write_basis(path, basis)
    assert basis_path(path).name == ".notes.md.quire"
    assert read_basis(path) == basis
    forget_basis(path)
    assert read_basis(path) is None


def test_a_damaged_note_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    basis_path(path).write_text("{")
    with pytest.raises(CommandFailed, match="--base"):
        read_basis(path)


def test_replacing_a_file_keeps_its_mode_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]
