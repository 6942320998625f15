"""Analyses of studies: each is one folder, found by its name, and whole."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import msim.studies.analyses
from msim.definitions.files.read import find
from msim.definitions.studies.analysis import analyses
from msim.studies.analysis import FigureModule, StudyModule

EXAMPLE = Path(__file__).resolve().parents[1] / "example_plugin/msim_example/potentiation"
FOLDER = Path(msim.studies.analyses.__path__[0])
PLACES = {"all", "controls", "others", "patients", "treated"}


def test_every_folder_is_an_analysis_under_its_name() -> None:
    assert set(analyses()) == {one.name for one in FOLDER.iterdir() if (one / "__init__.py").is_file()}


@pytest.mark.parametrize("name", analyses())
def test_an_analysis_has_all_that_a_study_needs(name: str) -> None:
    one = analyses()[name]
    for module, protocol in ((one.study, StudyModule), (one.figure, FigureModule)):
        found = importlib.import_module(module)
        wanted = [name for name in vars(protocol) if not name.startswith("_")]
        assert wanted and all(callable(getattr(found, name, None)) for name in wanted)
    assert {*one.times, *one.visits} <= set(one.schema.model_fields)
    assert {kind for kinds in one.visits.values() for kind in kinds} <= PLACES


@pytest.mark.parametrize("name", analyses())
def test_no_other_code_knows_an_analysis(name: str) -> None:
    """By its table's name: what differs from one analysis to another stands in its folder."""
    root = FOLDER.parents[1]
    rooms = [root / one for one in ("definitions/studies", "studies", "plots", "report", "cli")]
    files = [one for room in rooms for one in room.rglob("*.py") if FOLDER not in one.parents]
    assert [one for one in files if f'"{name}"' in one.read_text(encoding="utf-8")] == []


ADDED = """
import sys
import msim.studies.analyses
msim.studies.analyses.__path__.append(sys.argv[1])
from msim.definitions.studies.analysis import analyses
from msim.studies.analysis import figure_module, study_module
from msim.definitions.studies.read_study import read_study
study = read_study(sys.argv[2])
print(len(analyses()), study.analysis, *study_module(study).statistics(study), figure_module(study).draw.__name__)
"""


def test_a_further_analysis_is_a_folder(tmp_path: Path) -> None:
    """The one of docs/howto/analysis.md: a copy of its folder beside the others is all that is done."""
    shutil.copytree(EXAMPLE, tmp_path / "analyses/potentiation")
    shipped = find("studies/krystal2024_mrs_pet", "experiments").read_text(encoding="utf-8")
    own = shipped[: shipped.index("[glutamate]")] + '[potentiation]\nafter = ["day_after"]\n'
    (tmp_path / "own.toml").write_text(own, encoding="utf-8")
    command = [sys.executable, "-c", ADDED, str(tmp_path / "analyses"), str(tmp_path / "own.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    rows = [f"{group}, day_after: potentiation" for group in ("patients", "controls")]
    assert done.stdout.strip() == " ".join([str(len(analyses()) + 1), "potentiation", *rows, "draw"]), done.stderr
