"""The imports inside one package, between its modules and between its places.

A *place* is a folder of the package, or a module that lies directly in it (a contract that several
folders share). An *arrow* is an import that crosses from one place or module to another; several
import statements with the same two ends are one arrow.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

import grimp

Arrow = tuple[str, str]
"""The importer and what it imports."""


@dataclass(frozen=True, slots=True)
class ImportPicture:
    """The modules of one package and the arrows between them."""

    package: str
    modules: frozenset[str]
    folders: frozenset[str]
    """The modules that are packages themselves."""
    arrows: frozenset[Arrow]

    def place_of(self, module: str) -> str:
        """Return the folder of a module; a module directly in the package is its own place."""
        parent = module.rpartition(".")[0]
        return module if module in self.folders or parent in ("", self.package) else parent

    def arrows_between_places(self) -> frozenset[Arrow]:
        """Return the arrows as someone sees them who knows only the folders and the contracts."""
        return lifted(self.arrows, self.place_of)


def read_imports(package: str) -> ImportPicture:
    """Return the picture of a package that can be imported; nothing of it is executed."""
    graph = grimp.build_graph(package, cache_dir=None)
    modules = frozenset(graph.modules)
    return ImportPicture(
        package,
        modules,
        frozenset(module for module in modules if graph.find_children(module)),
        frozenset(
            (module, imported)
            for module in modules
            for imported in graph.find_modules_directly_imported_by(module)
        ),
    )


def lifted(arrows: Iterable[Arrow], place_of: Callable[[str], str]) -> frozenset[Arrow]:
    """Return the arrows between the places of modules, without those inside one place."""
    between = {(place_of(start), place_of(end)) for start, end in arrows}
    return frozenset((start, end) for start, end in between if start != end)


def cycles(arrows: Iterable[Arrow]) -> list[tuple[str, ...]]:
    """Return each group of nodes that reach one another, sorted; none in a layered picture."""
    ahead = _neighbours(arrows)
    reached = {node: _reachable(node, ahead) for node in ahead}
    groups = {
        tuple(sorted(other for other in reached[node] if node in reached[other]))
        for node in ahead
        if node in reached[node]
    }
    return sorted(groups)


def longest_chain(arrows: Iterable[Arrow]) -> list[str]:
    """Return a longest chain of imports, importers first; its length is the number of floors.

    The nodes of a cycle are on one floor and appear as one node, joined by ` = `.
    """
    arrows = list(arrows)
    named = {node: " = ".join(group) for group in cycles(arrows) for node in group}
    layered = lifted(arrows, lambda node: named.get(node, node))
    ahead = _neighbours(layered)
    best: dict[str, list[str]] = {}
    for node in TopologicalSorter(ahead).static_order():
        below = max((best[each] for each in sorted(ahead[node])), key=len, default=[])
        best[node] = [node, *below]
    return max((best[node] for node in sorted(best)), key=len, default=[])


def _neighbours(arrows: Iterable[Arrow]) -> dict[str, set[str]]:
    ahead: dict[str, set[str]] = {}
    for start, end in arrows:
        ahead.setdefault(start, set()).add(end)
        ahead.setdefault(end, set())
    return ahead


def _reachable(node: str, ahead: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(ahead[node])
    while todo:
        other = todo.pop()
        if other not in found:
            found.add(other)
            todo += ahead[other]
    return found
