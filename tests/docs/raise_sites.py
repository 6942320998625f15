"""Where msim makes exceptions that a user can meet, and the words of their messages, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

MOST = 64  # messages of one place that differ by words chosen before it


@dataclass(frozen=True)
class Site:
    """One place that makes an exception: its class, and its messages with ... for what is filled in."""

    file: str
    line: int
    kind: str
    messages: tuple[str, ...]


def own_kinds(root: Path) -> set[str]:
    """msim's exceptions that a user can meet: MsimError and all that derive from it."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.py"))]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    kinds = {"MsimError"}
    while new := {one.name for one in classes if kinds & {getattr(base, "id", "") for base in one.bases}} - kinds:
        kinds |= new
    return kinds


def sites(root: Path) -> Iterator[Site]:
    """Every call that makes such an exception, whether it is raised there or handed on."""
    kinds = own_kinds(root)
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for node in ast.walk(tree):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in kinds and node.args:
                around = [one for one in functions if one.lineno <= node.lineno <= (one.end_lineno or 0)]
                within = max(around, key=lambda one: one.lineno, default=tree)
                # A refusal of a file says where first, and then what.
                text = node.args[1 if name == "DefinitionError" and len(node.args) > 1 else 0]
                found = tuple(dict.fromkeys(_joined(one) for one in words(text, within)))
                yield Site(str(path.relative_to(root)), node.lineno, name, found)


def words(node: ast.expr, within: ast.AST) -> list[str]:
    """The texts that an expression can be, with ... for what is only known when it runs.

    A name is what is assigned to it in the same function.
    """
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.FormattedValue):
        return words(node.value, within) if node.conversion == -1 else ["..."]
    if isinstance(node, ast.JoinedStr):
        parts = [words(part, within) for part in node.values]
        return ["".join(one) for _, one in zip(range(MOST), product(*parts))]
    if isinstance(node, ast.IfExp):
        return words(node.body, within) + words(node.orelse, within)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [left + right for left in words(node.left, within) for right in words(node.right, within)]
    if isinstance(node, ast.Name):
        found = [text for value in _assigned(node.id, within) for text in words(value, ast.Module([], []))]
        return found or ["..."]
    return ["..."]


def _assigned(name: str, within: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(within):
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == name for one in node.targets):
            yield node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else []
            yield from (value for one, value in zip(node.targets[0].elts, values) if getattr(one, "id", "") == name)


def _joined(text: str) -> str:
    """One ... for several in a row, and one space for line ends."""
    text = " ".join(text.split())
    while "......" in text:
        text = text.replace("......", "...")
    return text
