"""What the README shows works as shown."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import msim
from msim.definitions.experiments.experiment import read_experiment

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Fenced blocks of the README in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_experiment_of_the_readme_passes_the_check(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    path = tmp_path / "needs_bdnf.toml"
    path.write_text(text, encoding="utf-8")
    experiment = read_experiment(path)
    assert [one.name for one in experiment.arms] == ["ketamine", "ketamine_no_BDNF"]
    assert experiment.arm("ketamine_no_BDNF").model["bdnf_trkb.BDNF_gene"] == 0


def test_the_python_of_the_readme_uses_public_names_only() -> None:
    (text,) = blocks("python")
    used = {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "msim"
    }
    assert used and used <= set(msim.__all__)


@pytest.mark.parametrize("name", msim.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(msim, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        msim.no_such_name


def test_every_file_that_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links and [one for one in links if not (ROOT / one).exists()] == []
