"""No module of msim leads back to itself by imports: those at the top, inside of functions and for types alone."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import msim

PACKAGE = Path(msim.__file__).parent


def modules(package: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name."""
    found = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: Mapping[str, Path]) -> set[str]:
    """The modules among the known ones that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names if one.name in known}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports by a relative name"
            names = {f"{node.module}.{one.name}" for one in node.names}
            found |= names & known.keys() or {str(node.module)} & known.keys()
    return found


def circle(package: Path) -> list[str]:
    """Modules in a circle of imports, the first of them also the last; none where there is no circle."""
    known = modules(package)
    try:
        TopologicalSorter({name: imported(path, known) for name, path in known.items()}).prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def test_no_module_imports_itself_by_others() -> None:
    assert circle(PACKAGE) == []


def test_a_circle_is_found_wherever_its_imports_stand(tmp_path: Path) -> None:
    package = tmp_path / "ring"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("from ring import two\n")
    (package / "two.py").write_text("def late() -> None:\n    from ring.three import THREE\n")
    (package / "three.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import ring.one\n")
    assert set(circle(package)) == {"ring.one", "ring.two", "ring.three"}
