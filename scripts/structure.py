"""Print the structure of the code, and fail where it is above a ceiling.

    python -m scripts.structure             the picture, then what is above a ceiling
    python -m scripts.structure --all       every class, file and docstring that is counted

Imports are those inside `sync/`. A place is a folder of `sync/`, or a module directly in it (the
contracts that the folders share). An arrow is an import from one place to another: ten modules of
`sync/room` that import `sync/text` are one arrow, and imports inside a folder are none. This is the
picture that a newcomer has to learn, so the ceiling is on it; the arrows between single modules are
printed beside it. A class or a file counts all its lines, blank ones and docstrings included.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.import_picture import ImportPicture, cycles, longest_chain, read_imports
from scripts.source_tree import SourceFile, clashing_imports, read_tree, same_names

ROOT: Final = Path(__file__).resolve().parent.parent
CODE: Final = ("app", "sync", "storage", "bench", "lab", "scripts")
SHELLS: Final = (
    "sync/shells/",
    "sync/client/connection.py",
    "sync/client/transport.py",
    "sync/client/document_history.py",
    "sync/client/remote_document.py",
)
"""The part of `sync/` that waits; the rest is the core."""


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The limits of the structure; lower them freely, raise them only with a reason."""

    class_lines: int = 350
    core_file_lines: int = 450
    arrows: int = 100


@dataclass(frozen=True, slots=True)
class Structure:
    """The measured code: its files, its tests, and the imports inside `sync/`."""

    files: list[SourceFile]
    tests: list[SourceFile]
    picture: ImportPicture

    @property
    def core(self) -> list[SourceFile]:
        """The files of `sync/` that neither wait nor read a clock."""
        return [
            file
            for file in self.files
            if file.path.parts[0] == "sync" and not str(file.path).startswith(SHELLS)
        ]

    def classes(self) -> list[tuple[int, str]]:
        """Return every class as line count and place, the largest first."""
        sizes = [
            (lines, f"{name} in {file.path}")
            for file in self.files
            for name, lines in file.class_sizes()
        ]
        return sorted(sizes, key=lambda each: (-each[0], each[1]))

    def untested(self) -> list[str]:
        """Return the core modules with behaviour that have no unit test of their own."""
        present = {str(test.path) for test in self.tests}
        return [
            str(file.path)
            for file in self.core
            if file.has_behaviour and mirrored_test(file) not in present
        ]

    def riddles(self) -> list[tuple[int, int, str]]:
        """Return files with docstrings that begin with a question word: those, all, the path."""
        counted = [
            (len(file.riddles()), len(list(file.docstrings())), str(file.path))
            for file in self.files
        ]
        return sorted((each for each in counted if each[0]), key=lambda each: (-each[0], each[2]))


def mirrored_test(file: SourceFile) -> str:
    """Return the path of the unit test that belongs to a file."""
    return f"tests/unit/{file.path.parent}/test_{file.path.name}"


def read_structure(root: Path = ROOT) -> Structure:
    """Return the structure of the checkout at `root`, whose `sync` can be imported."""
    return Structure(read_tree(root, CODE), read_tree(root, ("tests",)), read_imports("sync"))


def excesses(structure: Structure, ceilings: Ceilings) -> Iterator[str]:
    """Yield a line for everything that is above a ceiling."""
    for lines, where in structure.classes():
        if lines > ceilings.class_lines:
            yield f"class of {lines} lines (at most {ceilings.class_lines}): {where}"
    for file in structure.core:
        if file.line_count > ceilings.core_file_lines:
            size = f"{file.line_count} lines (at most {ceilings.core_file_lines})"
            yield f"core file of {size}: {file.path}"
    arrows = structure.picture.arrows_between_places()
    if len(arrows) > ceilings.arrows:
        yield f"{len(arrows)} arrows between the places of sync/ (at most {ceilings.arrows})"
    for group in cycles(structure.picture.arrows):
        yield f"modules that import one another: {', '.join(group)}"
    for group in cycles(arrows):
        yield f"places that import one another: {', '.join(group)}"
    for name, paths in same_names(structure.files).items():
        yield f"modules of one name, {name}: {', '.join(paths)}"
    for clash in clashing_imports([*structure.files, *structure.tests]):
        yield f"import that needs `as`: {clash}"
    for path in structure.untested():
        yield f"core module without a unit test of its own: {path}"
    for count, _, path in structure.riddles():
        yield f"{count} docstrings that begin with a question word: {path}"


def describe(structure: Structure, *, shown: int | None) -> Iterator[str]:
    """Yield the lines of the picture.

    Args:
        shown: the number of rows in each list; None: all.
    """
    picture = structure.picture
    places = {picture.place_of(module) for module in picture.modules} - {picture.package}
    arrows = picture.arrows_between_places()
    yield "Imports inside sync/"
    yield f"  modules  {len(picture.modules - picture.folders):4}   arrows {len(picture.arrows):4}"
    yield f"  places   {len(places):4}   arrows {len(arrows):4}"
    for title, edges in (("modules", picture.arrows), ("places", arrows)):
        chain = longest_chain(edges)
        yield f"  {len(chain)} floors of {title}: {' > '.join(chain)}"
    yield "  arrows of each place"
    for place in sorted(places):
        ahead = sorted(end for start, end in arrows if start == place)
        names = (end.removeprefix(f"{picture.package}.") for end in ahead)
        yield f"    {place:<22} {len(ahead):3}  {' '.join(names)}".rstrip()
    yield "Largest classes"
    yield from (f"  {lines:4}  {where}" for lines, where in structure.classes()[:shown])
    yield "Largest files (+: core)"
    core = {file.path for file in structure.core}
    sizes = sorted(structure.files, key=lambda file: (-file.line_count, str(file.path)))
    for file in sizes[:shown]:
        yield f"  {file.line_count:4} {'+' if file.path in core else ' '} {file.path}"
    riddles = structure.riddles()
    total = sum(len(list(file.docstrings())) for file in structure.files)
    yield f"Docstrings that begin with a question word: {sum(n for n, _, _ in riddles)} of {total}"
    yield from (f"  {count:4} of {all_:3}  {path}" for count, all_, path in riddles[:shown])


def main(arguments: list[str]) -> int:
    """Print the structure; return 1 if something is above a ceiling, else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.structure",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--all", action="store_true", help="show every row of each list")
    options = parser.parse_args(arguments)
    structure = read_structure()
    for line in describe(structure, shown=None if options.all else 10):
        print(line)
    found = list(excesses(structure, Ceilings()))
    print("Above a ceiling" if found else "Nothing is above a ceiling.")
    for line in found:
        print(f"  {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
