"""Every notebook is its script, and uses nothing of msim but its public names."""

from __future__ import annotations

import ast
from pathlib import Path

import jupytext
import nbformat
import pytest

import msim

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
SCRIPTS = sorted(FOLDER.glob("[0-9]*.py"))


def cells(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    return [(one.cell_type, one.source) for one in notebook.cells]


@pytest.mark.parametrize("script", SCRIPTS, ids=[one.stem for one in SCRIPTS])
def test_a_notebook_is_its_script(script: Path) -> None:
    stored = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    assert cells(stored) == cells(jupytext.read(script)), "run make notebooks"
    assert not any(one.get("outputs") for one in stored.cells), "outputs are not kept: make notebooks"


def test_no_notebook_is_without_its_script() -> None:
    assert SCRIPTS and {one.stem for one in FOLDER.glob("*.ipynb")} == {one.stem for one in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=[one.stem for one in SCRIPTS])
def test_a_notebook_uses_public_names_only(script: Path) -> None:
    tree = ast.parse(script.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("msim")
        elif isinstance(node, ast.Import):
            assert not any(one.name.startswith("msim.") for one in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "msim":
            assert node.attr in msim.__all__
