"""The Python files of a source tree: their sizes, classes, docstrings and imported names."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

RIDDLES: Final = re.compile(r"(What|When|Where|Whether|Which|Who|Whom|Whose|Why|How)\b")
"""The first words that turn the first sentence of a docstring into a riddle."""

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class SourceFile:
    """One Python file.

    Args:
        path: relative to the root of the tree.
    """

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, str(self.path))

    @property
    def line_count(self) -> int:
        """The number of lines, blank ones and comments included."""
        return len(self.text.splitlines())

    @property
    def module(self) -> str:
        """The dotted name under which the file is imported."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_main_module(self) -> bool:
        """True for a package's own main module: `room/room.py`, `main.py`, and `__init__.py`."""
        return self.path.stem in ("__init__", "__main__", "main", self.path.parent.name)

    def class_sizes(self) -> Iterator[tuple[str, int]]:
        """Yield the name and the line count of every class, decorators included."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                yield node.name, (node.end_lineno or node.lineno) - first + 1

    def docstrings(self) -> Iterator[str]:
        """Yield every docstring: of the module, its classes and functions, and of attributes."""
        for node in ast.walk(self.tree):
            body = getattr(node, "body", None)
            if not isinstance(body, list):
                continue
            for before, statement in zip([None, *body], body, strict=False):
                is_first = before is None and isinstance(node, _Documented)
                if is_first or isinstance(before, ast.Assign | ast.AnnAssign):
                    text = _text_of(statement)
                    if text is not None:
                        yield text

    def riddles(self) -> list[str]:
        """Return the docstrings that begin with one of `RIDDLES`."""
        return [text for text in self.docstrings() if RIDDLES.match(text)]

    def top_level_names(self) -> set[str]:
        """Return the public names that the file itself defines."""
        names: set[str] = set()
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.Assign):
                names |= {each.id for each in node.targets if isinstance(each, ast.Name)}
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
        return {name for name in names if not name.startswith("_")}

    def renamed_imports(self) -> Iterator[tuple[str, str]]:
        """Yield the module and the name of each `from module import name as other`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                for alias in node.names:
                    if alias.asname not in (None, alias.name):
                        yield node.module, alias.name

    @property
    def has_behaviour(self) -> bool:
        """True if a function of the file does more than declare a protocol's method."""
        return any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_declaration(node)
            for node in ast.walk(self.tree)
        )


def read_tree(root: Path, folders: Iterable[str]) -> list[SourceFile]:
    """Return the Python files below some folders of `root`, sorted by path."""
    return [
        SourceFile(PurePosixPath(path.relative_to(root).as_posix()), path.read_text())
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
        if "node_modules" not in path.parts
    ]


def same_names(files: Iterable[SourceFile]) -> dict[str, list[str]]:
    """Return the modules that share their last name, by that name, main modules left out."""
    found: dict[str, list[str]] = {}
    for file in files:
        if not file.is_main_module:
            found.setdefault(file.path.stem, []).append(str(file.path))
    return {name: paths for name, paths in sorted(found.items()) if len(paths) > 1}


def clashing_imports(files: Iterable[SourceFile]) -> list[str]:
    """Return the renamed imports of a name that two modules of the tree define."""
    files = list(files)
    owners: dict[str, set[str]] = {}
    for file in files:
        for name in file.top_level_names():
            owners.setdefault(name, set()).add(file.module)
    return [
        f"{file.path}: {name} is defined by {', '.join(sorted(owners[name]))}"
        for file in files
        for module, name in file.renamed_imports()
        if module in owners.get(name, ()) and len(owners[name]) > 1
    ]


def _text_of(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return value.strip() if isinstance(value, str) else None
    return None


def _is_declaration(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """True if the body holds nothing but a docstring, `...` or `pass`."""
    return all(
        isinstance(each, ast.Pass)
        or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        for each in node.body
    )
