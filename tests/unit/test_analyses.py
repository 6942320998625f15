"""Analyses of studies: each is one folder, found by its name, and whole."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import msim.studies.analyses
from msim.definitions.studies.analysis import analyses
from msim.studies.analysis import FigureModule, StudyModule

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
