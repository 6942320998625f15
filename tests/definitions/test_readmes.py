"""The pages that explain the formats: their examples pass the check, and no key of a format is left out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from msim.base.sources import kinds_text
from msim.definitions.evidence import schema as rows
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.files import schema as e
from msim.definitions.files.read import shipped
from msim.definitions.models.checks import check_files
from msim.definitions.models.read_model import read_model
from msim.definitions.models.tables import kinds_of_values

EXPERIMENTS = (shipped("experiments") / "README.md").read_text(encoding="utf-8")
MODELS = (shipped("models") / "README.md").read_text(encoding="utf-8")
OF_EXPERIMENTS = (
    e.ExperimentFile, e.ArmEntry, e.ActEntry,
    e.DoseEntry, e.TitrationStep, e.RecordEntry, e.PredictEntry, e.ScheduleEntry,
    e.SweepEntry, e.AxisEntry, e.ShowEntry, rows.RowEntry, rows.ReadoutEntry,
    rows.TermEntry, rows.RegimenEntry,
)  # fmt: skip
OF_MODELS = (
    e.ModelFile, e.ColumnEntry, e.MechanismEntry, e.PopulationEntry, e.ProjectionEntry, e.DriveEntry, e.LinkEntry,
    e.ManipulationEntry, e.PartEntry, e.HypothesisEntry, e.PreparationEntry, e.StateEntry, e.VariantEntry, e.ValueEntry,
)  # fmt: skip


def examples(page: str) -> list[str]:
    """Indented blocks of a page."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", page, re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks]


def test_the_example_of_an_experiment_passes_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands on the page, in a file anywhere; the arm shown apart needs an earlier begin."""
    text, _, acted = examples(EXPERIMENTS)
    text = text.replace('"-10 minute"', '"-6 day"', 1) + acted
    (tmp_path / "own.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert check_files(["own.toml"]) == ([("own.toml", "experiment", "3 arms, 2 predictions")], [])
    assert len(read_experiment("own.toml").predictions) == 2


def test_the_readme_counts_the_values_of_the_column_as_they_are() -> None:
    """A reader learns on the first page how much was measured."""
    text = (shipped("models").parent / "README.md").read_text(encoding="utf-8")
    assert kinds_text(kinds_of_values(read_model("circuits/cortical_column").values.values())) in " ".join(text.split())


def test_the_examples_of_a_model_are_in_the_shipped_one() -> None:
    """So they do not drift from what is read every day; notes may be shortened."""
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in shipped("models").rglob("*.toml")]
    blocks = [tomllib.loads(text) for text in examples(MODELS)]
    assert blocks
    for block in blocks:
        for table, named in block.items():
            for name, keys in named.items():
                (own,) = [file[table][name] for file in files if name in file.get(table, {})]
                assert without_notes(keys).items() <= without_notes(own).items()


def without_notes(given: dict[str, Any]) -> dict[str, Any]:
    """A table and those in it, without notes."""
    return {
        key: without_notes(one) if isinstance(one, dict) else one for key, one in given.items() if key != "note"
    }


@pytest.mark.parametrize(
    ("page", "kind"), [*((EXPERIMENTS, kind) for kind in OF_EXPERIMENTS), *((MODELS, kind) for kind in OF_MODELS)],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)  # fmt: skip
def test_a_page_names_every_key(page: str, kind: type[BaseModel]) -> None:
    """A key that a reader cannot find does not exist for them."""
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`", page))))
    assert {field.alias or name for name, field in kind.model_fields.items()} <= words
