"""A course in memory is the trial that a run stores, and the emulators that come with msim are of its cells."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import msim
from msim.base.errors import DefinitionError, InputError
from msim.brain import emulator_axes as reach
from msim.brain.emulator_axes import moved_axes
from msim.definitions.brains.brain import read_brain
from msim.definitions.models.model import ModelDefinition
from msim.definitions.studies.participants import read_participants
from msim.emulator.axes import axes_of
from msim.emulator.files import read_emulator
from msim.emulator.fit import FitBudget
from msim.emulator.library import emulator_name, emulator_path, kept_name, models_of, shipped_emulators
from msim.studies import columns
from msim.studies.columns import cohort_axes

NAME = "ketamine_rapid_and_sustained"
FILE = Path(__file__).resolve().parents[2] / "experiments" / f"{NAME}.toml"
SHIPPED = sorted(shipped_emulators().glob("*.json"))


def test_a_course_is_the_trial_that_a_run_on_the_emulator_stores(tmp_path: Path) -> None:
    options = {"changes": {"eef2k.tau_K": "8 minute"}, "until": "2 hour"}
    run = msim.simulate(NAME, tmp_path / "run", arms=["ketamine"], seeds=[2], target="emulator", workers=1, **options)
    stored = run.samples.sel(arm="ketamine", seed=2, drop=True)
    found = msim.course(NAME, "ketamine", seed=2, **options)
    assert set(found.data_vars) <= set(stored.data_vars) and "ampar_scaling.AMPAR_scale" in found
    for name, values in found.data_vars.items():
        np.testing.assert_array_equal(values, stored[name])
    assert found["ketamine.C_e"].attrs["units"] and not np.array_equal(
        found["eef2k.p_eEF2"], msim.course(NAME, "ketamine", seed=2, until="2 hour")["eef2k.p_eEF2"]
    )


def test_tables_and_their_file_are_one_experiment() -> None:
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    before = tomllib.loads(FILE.read_text(encoding="utf-8"))
    model = msim.read_model(tables["model"])
    wanted = msim.course(FILE, "ketamine_S421A", until="1 hour")
    xr.testing.assert_identical(msim.course(tables, "ketamine_S421A", until="1 hour", model=model), wanted)
    xr.testing.assert_identical(msim.course(tables, "ketamine_S421A", until="1 hour"), wanted)
    assert tables == before
    assert msim.course(tables, until="1 hour").attrs["arm"] == tables["arms"][0]["name"]


def test_bad_tables_are_refused_by_key() -> None:
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    with pytest.raises(DefinitionError, match="experiment.*durations.*duration"):
        msim.course({**tables, "durations": "1 day"})
    with pytest.raises(DefinitionError, match="ketamin'.*ketamine"):
        msim.course(tables, "ketamin")
    with pytest.raises(InputError, match="read_experiment"):
        msim.course(msim.read_experiment(NAME), changes={"eef2k.tau_K": "8 minute"})
    with pytest.raises(InputError, match="model: give them to read_experiment"):
        msim.course(msim.read_experiment(NAME), model=msim.read_model(tables["model"]))
    with pytest.raises(InputError, match="changes nothing in vehicle"):
        msim.course(NAME, "vehicle", changes={"arms.ketamine.doses.0.mg_per_kg": 1})


def test_a_course_is_of_the_model_that_it_is_given() -> None:
    """By name, by file and by tables: a fit in Python would come out flat else."""
    name = "eef2k.tau_K"
    changed = msim.read_model("circuits/cortical_column").with_value(name, "20 minute")
    wanted = msim.course(NAME, "ketamine", changes={name: "20 minute"}, until="1 hour")
    plain = msim.course(NAME, "ketamine", until="1 hour")
    assert not np.array_equal(plain["eef2k.p_eEF2"], wanted["eef2k.p_eEF2"])
    for given in (NAME, FILE, tomllib.loads(FILE.read_text(encoding="utf-8"))):
        found = msim.course(given, "ketamine", until="1 hour", model=changed)
        np.testing.assert_array_equal(found["eef2k.p_eEF2"], wanted["eef2k.p_eEF2"])


@pytest.fixture(scope="module")
def models() -> list[ModelDefinition]:
    """The shipped column as it is, and under the treatments that change its cells."""
    experiment = msim.read_experiment("direct_or_disinhibition")
    return [msim.read_model("circuits/cortical_column"), *models_of(experiment).values()]


@pytest.mark.parametrize("path", SHIPPED, ids=[one.stem[:8] for one in SHIPPED])
def test_a_shipped_emulator_is_one_of_the_cells_as_they_are(path: Path, models: list[ModelDefinition]) -> None:
    emulator = read_emulator(path)
    efforts = (FitBudget(), reach.EFFORT, columns.EFFORT)
    assert path.name in [emulator_name(one, emulator.axes, effort) for one in models for effort in efforts], (
        "the cells have changed: run make emulators"
    )


def test_every_arm_of_the_hypotheses_has_its_emulator(models: list[ModelDefinition]) -> None:
    names = {one.name for one in SHIPPED}
    for one in models:
        assert emulator_name(one, axes_of(one)) in names


def test_the_column_and_a_brain_come_with_their_emulators() -> None:
    column, brain = msim.read_model("circuits/cortical_column"), read_brain("brains/brain19")
    population = read_participants("participants/adults")
    names = {one.name for one in SHIPPED}
    assert emulator_name(column, axes_of(column)) in names
    assert emulator_name(brain.column, moved_axes(brain, ()), reach.EFFORT) in names
    assert emulator_name(population.model, cohort_axes(population), columns.EFFORT) in names


def test_what_was_fitted_here_goes_before_what_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSIM_CACHE", str(tmp_path))
    model = msim.read_model("circuits/cortical_column")
    axes = axes_of(model)
    came = shipped_emulators() / emulator_name(model, axes)
    assert emulator_path(model, axes) == came
    kept = tmp_path / "emulators" / kept_name(model, axes)
    kept.parent.mkdir()
    shutil.copy(came, kept)
    assert emulator_path(model, axes) == kept
    # What other code fitted is another emulator.
    monkeypatch.setattr("msim.emulator.library.code_digest", lambda: "other")
    assert emulator_path(model, axes) == came
