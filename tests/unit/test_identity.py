"""No store is taken up, or hit, with another emulator, other code, precision, schedule or definitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_sweep import write_experiment

from msim.backends.context import Context
from msim.backends.fast_network import NetworkState
from msim.base.errors import InputError, StorageError
from msim.calibration.fit import Problem
from msim.calibration.space import Axis as FitAxis
from msim.definitions.experiments.axes import read_design
from msim.definitions.experiments.experiment import read_experiment
from msim.emulator.axes import axes_of
from msim.emulator.emulator import Emulator
from msim.emulator.files import identity, read_emulator, write_emulator
from msim.emulator.fit import FitBudget
from msim.emulator.library import Emulators, emulator_name, emulators_of, kept_name, shipped_emulators
from msim.emulator.network import EmulatorNetwork
from msim.evidence.trials import Job
from msim.storage.provenance import provenance
from msim.storage.run_store import SAME_WHEN_RESUMED, start_run
from msim.sweep.plan import make_plan

CODE = ("msim.storage.provenance", "msim.evidence.trials", "msim.calibration.fit")
SHIPPED = min(shipped_emulators().glob("*.json"), key=lambda one: one.stat().st_size)


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return read_emulator(SHIPPED)


def changed(emulator: Emulator) -> dict[str, Emulator]:
    """The emulator with one thing changed that decides on what it answers."""
    axis = replace(emulator.axes[0], high=1.01 * emulator.axes[0].high)
    synchrony = {name: 2 * one for name, one in emulator.domain.synchrony.items()}
    relaxation = {name: replace(one, tau=2 * one.tau) for name, one in emulator.relaxation.items()}
    return {
        "coefficients": replace(emulator, coefficients=np.nextafter(emulator.coefficients, np.inf)),
        "covariance": replace(emulator, covariance=2 * emulator.covariance),
        "ranges": replace(emulator, axes=(axis, *emulator.axes[1:])),
        "domain": replace(emulator, domain=replace(emulator.domain, synchrony=synchrony)),
        "relaxation": replace(emulator, relaxation=relaxation), "cells": replace(emulator, digest="0" * 64),
    }  # fmt: skip


def test_a_emulator_is_named_by_all_by_which_it_answers(emulator: Emulator, tmp_path: Path) -> None:
    """Not by who made it and when; and what a file holds has the name of what was written."""
    names = [identity(emulator), *(identity(one) for one in changed(emulator).values())]
    assert len(set(names)) == len(names)
    assert identity(replace(emulator, about={"msim": "1"}, record={})) == identity(emulator)
    write_emulator(emulator, tmp_path / "emulator.json")
    assert identity(read_emulator(tmp_path / "emulator.json")) == identity(emulator)


def test_every_part_of_the_effort_and_the_code_name_a_emulator_s_file(monkeypatch: pytest.MonkeyPatch) -> None:
    model = read_experiment("ketamine_rapid_and_sustained").model
    axes, usual = axes_of(model), FitBudget()
    others = [replace(usual, **{name: f"{value}x" if isinstance(value, str) else value + 1})
              for name, value in vars(usual).items()]  # fmt: skip
    wider = (replace(axes[0], high=2 * axes[0].high), *axes[1:])
    names = [emulator_name(model, axes, one) for one in (usual, *others)] + [emulator_name(model, wider)]
    kept = [kept_name(model, axes, one) for one in (usual, *others)] + [kept_name(model, wider)]
    monkeypatch.setattr("msim.emulator.library.code_digest", lambda: "other")
    kept.append(kept_name(model, axes))
    assert len({*names, *kept}) == len(names) + len(kept)


def contexts(folder: Path, emulator: Emulator) -> dict[str, Context]:
    """Ways to run: as usual, and with one thing changed that moves numbers."""
    files = {}
    for name, one in {
        "as it is": emulator,
        **{key: changed(emulator)[key] for key in ("coefficients", "ranges")},
    }.items():
        files[name] = folder / f"{name}.json"
        write_emulator(one, files[name])
    schedule = Context().schedule
    return {
        "usual": Context(), "single": Context(precision="single"), "runtime": Context("runtime"),
        "tolerance": Context(schedule=replace(schedule, tolerance=2 * schedule.tolerance)),
        **{f"emulator, {name}": Context("emulator", emulators=emulators_of({}, path)) for name, path in files.items()},
    }  # fmt: skip


def run_key(experiment: Any, context: Context) -> str:
    about = provenance(replace(experiment, schedule=context.schedule), context.about, [])
    return repr([about[key] for key in SAME_WHEN_RESUMED])


def sweep_key(experiment: Any, context: Context) -> str:
    over = ["doses.mg_per_kg=0.1,0.5"]
    return make_plan(experiment, read_design(experiment, over), context).trials[0].key


def evidence_key(experiment: Any, context: Context) -> str:
    from msim.definitions.files.read import read_tables
    from msim.definitions.files.schema import ExperimentFile

    entry = ExperimentFile(**read_tables(experiment.text, experiment.file))
    return Job(entry, experiment.model.name, experiment.model.files, {}, 1, context, ()).digest


def fit_key(experiment: Any, context: Context) -> str:
    axes = (FitAxis("eef2k.tau_K", 1.0, 2.0, 1.5),)
    return Problem(experiment.model, (), (), axes, {}, "", (1,), context, Path(), 1).name


@pytest.mark.parametrize("key", [run_key, evidence_key, fit_key])
def test_a_store_knows_with_what_it_was_begun(
    key: Callable[[Any, Context], str], emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = read_experiment(write_experiment(tmp_path))
    keys = {name: key(experiment, one) for name, one in contexts(tmp_path, emulator).items()}
    for module in CODE:
        monkeypatch.setattr(f"{module}.code_digest", lambda: "other")
    keys["code"] = key(experiment, Context())
    assert len(set(keys.values())) == len(keys), keys


def test_trials_of_a_sweep_know_their_code_precision_and_emulators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emulators are fitted when trials run: what names them counts, and of those that came with msim the content."""
    experiment = read_experiment(write_experiment(tmp_path))
    keys = {"usual": sweep_key(experiment, Context()), "single": sweep_key(experiment, Context(precision="single"))}
    monkeypatch.setenv("MSIM_CACHE", str(tmp_path))
    keys["emulator"] = sweep_key(experiment, Context("emulator"))
    assert keys["emulator"] == sweep_key(experiment, Context("emulator"))
    monkeypatch.setattr("msim.emulator.library.code_digest", lambda: "other")
    keys["emulator by other code"] = sweep_key(experiment, Context("emulator"))
    monkeypatch.setattr("msim.sweep.plan.emulator_marks", lambda models: ["another file"])
    keys["another emulator"] = sweep_key(experiment, Context("emulator"))
    monkeypatch.setattr("msim.sweep.plan.code_digest", lambda: "other")
    keys["code"] = sweep_key(experiment, Context())
    assert len(set(keys.values())) == len(keys), keys


def test_a_run_that_other_code_began_is_not_taken_up(tmp_path: Path) -> None:
    experiment = read_experiment(write_experiment(tmp_path))
    about = provenance(experiment, "cpp", [])
    start_run(tmp_path / "run", about)
    start_run(tmp_path / "run", about)
    for key, other in (("code", "0" * 64), ("target", "cpp in single precision")):
        with pytest.raises(StorageError, match=f"begun with another '{key}'"):
            start_run(tmp_path / "run", {**about, key: other})


def test_a_checkpoint_of_another_emulator_is_not_gone_on_from(emulator: Emulator) -> None:
    model = read_experiment("ketamine_rapid_and_sustained").model
    network = object.__new__(EmulatorNetwork)
    network.known, network.model = (emulator,), model
    for one in changed(emulator).values():
        about = {"emulator": identity(one), "values": {}, "fields": 0}
        with pytest.raises(InputError, match="is of another emulator"):
            network.restore(NetworkState({}, about))


def test_emulators_of_a_study_say_which_they_are(emulator: Emulator, tmp_path: Path) -> None:
    write_emulator(emulator, tmp_path / "emulator.json")
    assert (
        Context("emulator", emulators=emulators_of({}, tmp_path / "emulator.json")).about
        == f"emulator ({identity(emulator)[:12]})"
    )
    assert isinstance(emulators_of({}, tmp_path / "emulator.json"), Emulators)
