"""No store is taken up, or hit, with another emulator, other code, precision, schedule or definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_sweep import write_experiment

from msim.backends.context import Context
from msim.backends.fast_network import NetworkState
from msim.base.code_digest import COMPUTING, DECIDING, SOURCE, code_digest, is_deciding, package_folder
from msim.base.errors import InputError, StorageError
from msim.calibration.fit import Problem
from msim.calibration.space import Axis as FitAxis
from msim.definitions.experiments.axes import read_design
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.files.read import read_tables
from msim.definitions.files.schema import ExperimentFile
from msim.definitions.models.drug_binding import with_given_drugs
from msim.definitions.models.read_model import read_model
from msim.emulator.axes import axes_of
from msim.emulator.emulator import Emulator
from msim.emulator.files import read_emulator, write_emulator
from msim.emulator.fit import FitBudget
from msim.emulator.library import Emulators, emulator_name, emulators_of, kept_name, shipped_emulators
from msim.emulator.network import EmulatorNetwork
from msim.evidence.plan import TrialPlan
from msim.evidence.trials import jobs_of
from msim.executors.kinds.local import LocalExecutor
from msim.storage.provenance import provenance
from msim.storage.run_store import start_run
from msim.sweep.plan import make_plan
from msim.trials.trial_key import trial_keys

Key = Callable[[ExperimentDefinition, Context], str]
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
        "relaxation": replace(emulator, relaxation=relaxation), "cells": replace(emulator, cells_digest="0" * 64),
    }  # fmt: skip


def test_an_emulator_is_named_by_all_by_which_it_answers(emulator: Emulator, tmp_path: Path) -> None:
    """Not by who made it and when; and what a file holds has the name of what was written."""
    names = [emulator.digest, *(one.digest for one in changed(emulator).values())]
    assert len(set(names)) == len(names)
    assert replace(emulator, about={"msim": "1"}, record={}).digest == emulator.digest
    write_emulator(emulator, tmp_path / "emulator.json")
    assert read_emulator(tmp_path / "emulator.json").digest == emulator.digest


def test_every_part_of_the_effort_and_the_code_name_the_file_of_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
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
    return {
        "usual": Context(), "single": Context(precision="single"), "runtime": Context("runtime"),
        **{f"emulator, {name}": Context("emulator", emulators=emulators_of({}, path)) for name, path in files.items()},
    }  # fmt: skip


def run_key(experiment: ExperimentDefinition, context: Context) -> str:
    return trial_keys(experiment, context)[experiment.arms[-1].name, experiment.seeds[0]]


def sweep_key(experiment: ExperimentDefinition, context: Context) -> str:
    """The key of the trial at the point where an axis gives what the file gives, too."""
    plan = make_plan(experiment, read_design(experiment, ["doses.mg_per_kg=0.5"]), context)
    return next(one.key for one in plan.trials if one.arm == experiment.arms[-1].name)


def evidence_key(experiment: ExperimentDefinition, context: Context) -> str:
    entry = ExperimentFile(**read_tables(experiment.text, experiment.file))
    trial = TrialPlan(entry, experiment)
    jobs = jobs_of(trial, experiment.model, experiment.changes, experiment.seeds, context)
    return "\n".join(one.key for one in jobs.values())


def fit_key(experiment: ExperimentDefinition, context: Context) -> str:
    axes = (FitAxis("eef2k.tau_K", 1.0, 2.0, 1.5),)
    return Problem(experiment.model, (), (), axes, {}, "", experiment.seeds, context, Path(), LocalExecutor(1)).name


KEYS = pytest.mark.parametrize("key", [run_key, sweep_key, evidence_key, fit_key])


def every_identity(
    key: Key, emulator: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The key of one trial, and keys with each input changed that decides on its numbers."""
    file = write_experiment(folder)
    experiment = read_experiment(file)
    keys = {name: key(experiment, one) for name, one in contexts(folder, emulator).items()}
    finer = read_experiment(file, {"schedule.tolerance": 0.01})
    keys["schedule"] = key(finer, Context(schedule=finer.schedule))
    keys["value"] = key(read_experiment(file, {"eef2k.tau_K": "7 minute"}), Context())
    keys["seed"] = key(replace(experiment, seeds=(99,)), Context())
    files = {name: text + "\n# a change" for name, text in experiment.model.files.items()}
    keys["definition"] = key(replace(experiment, model=replace(experiment.model, files=files)), Context())
    monkeypatch.setenv("MSIM_CACHE", str(folder))
    keys["usual emulator"] = key(experiment, Context("emulator", emulators=Emulators()))
    with monkeypatch.context() as patch:
        patch.setattr("msim.emulator.library.emulator_marks", lambda models: ["another file"])
        keys["usual emulator, fitted otherwise"] = key(experiment, Context("emulator", emulators=Emulators()))
    with other_code(monkeypatch, "deciding"):
        keys["code"] = key(experiment, Context())
    for name in COMPUTING:
        with monkeypatch.context() as patch:
            patch.setattr("msim.base.code_digest.installed_version", lambda one, own=name: f"{one == own}")
            code_digest.cache_clear()
            keys[f"version of {name}"] = key(experiment, Context())
    code_digest.cache_clear()
    return keys


@contextmanager
def other_code(monkeypatch: pytest.MonkeyPatch, what: str) -> Iterator[None]:
    """A copy of msim's source with a comment more in every file: those that decide on trials, or the others."""
    root = package_folder()
    real = Path.read_bytes

    def read(path: Path) -> bytes:
        inside = path.is_relative_to(root) and path.suffix in SOURCE
        return real(path) + b"# more" if inside and is_deciding(path, root) == (what == "deciding") else real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read)
        code_digest.cache_clear()
        yield
    code_digest.cache_clear()


@KEYS
def test_a_key_changes_with_each_input_that_decides(
    key: Key, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = every_identity(key, emulator, tmp_path, monkeypatch)
    assert len(set(keys.values())) == len(keys), keys


@KEYS
def test_a_key_stays_where_nothing_that_decides_changes(
    key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Help texts, plots, what an experiment says about itself, and how cells are shared between processes."""
    file = write_experiment(tmp_path)
    experiment = read_experiment(file)
    before = key(experiment, Context())
    assert key(experiment, Context(partition="round_robin", interval=2)) == before
    with other_code(monkeypatch, "calls, draws and prints"):
        assert key(experiment, Context()) == before
    file.write_text(file.read_text(encoding="utf-8").replace("Block in the", "Now the block in the"), encoding="utf-8")
    assert key(read_experiment(file), Context()) == before


def test_every_deciding_package_is_in_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more character in a file of any of them is other code."""
    real, root, found = Path.read_bytes, package_folder(), {code_digest()}
    for name in DECIDING:
        chosen = min(one for one in (root / name).rglob("*.py") if is_deciding(one, root))
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", lambda path, one=chosen: real(path) + b"#" * (path == one))
            code_digest.cache_clear()
            found.add(code_digest())
    code_digest.cache_clear()
    assert len(found) == len(DECIDING) + 1


def test_a_run_and_a_sweep_name_one_trial_alike(tmp_path: Path) -> None:
    experiment = read_experiment(write_experiment(tmp_path))
    context = Context(schedule=experiment.schedule)
    assert run_key(experiment, context) == sweep_key(experiment, context)
    changed = read_experiment(write_experiment(tmp_path), {"eef2k.tau_K": "7 minute"})
    plan = make_plan(experiment, read_design(experiment, ["eef2k.tau_K=7 minute"]), context)
    assert set(trial_keys(changed, context).values()) == {one.key for one in plan.trials}


def test_models_are_equal_where_their_digests_are() -> None:
    model = read_model("circuits/cortical_column")
    same, other = read_model("circuits/cortical_column"), model.with_value("eef2k.tau_K", "7 minute")
    assert (same == model, hash(same) == hash(model), same.digest) == (True, True, model.digest)
    assert other != model and other.with_value("eef2k.tau_K", model.values["eef2k.tau_K"].text) != model
    changed = [
        replace(model, name="other"), replace(model, files={**model.files, "more": "x"}), other,
        replace(model, links=dict(list(model.links.items())[1:])),
        replace(model, instances=dict(list(model.instances.items())[1:])),
        replace(model, drives=dict(list(model.drives.items())[1:])), with_given_drugs(model, ("ketamine",)),
    ]  # fmt: skip
    assert len({model.digest, *(one.digest for one in changed)}) == len(changed) + 1


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
        about = {"emulator": one.digest, "values": {}, "fields": 0}
        with pytest.raises(InputError, match="is of another emulator"):
            network.restore(NetworkState({}, about))


def test_emulators_of_a_study_say_which_they_are(emulator: Emulator, tmp_path: Path) -> None:
    write_emulator(emulator, tmp_path / "emulator.json")
    assert (
        Context("emulator", emulators=emulators_of({}, tmp_path / "emulator.json")).about
        == f"emulator ({emulator.digest[:12]})"
    )
    assert isinstance(emulators_of({}, tmp_path / "emulator.json"), Emulators)
