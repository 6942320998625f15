"""Repetition of a run or a trial from its stored provenance, and comparison with its record."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msim.backends.context import Context
from msim.backends.mpi import SERIAL
from msim.base.code_digest import code_digest
from msim.base.errors import SimulationError, StorageError, nearest
from msim.base.paths import given_path
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.emulator.library import emulators_of, models_of
from msim.executors.executor import Limits, Stop
from msim.executors.kinds.local import LocalExecutor
from msim.storage.difference import first_difference
from msim.storage.digest import digest_run
from msim.storage.provenance import experiment_from_provenance, made_by
from msim.storage.run_store import STORE, read_provenance, require_finished
from msim.storage.trial_store import TrialStore, read_failure_record, read_record
from msim.storage.verify import verify_run
from msim.sweep.plan import Plan
from msim.sweep.plan_files import latest_plan, plan_file, read_plan
from msim.sweep.run import begin_sweep
from msim.sweep.verify import trial_damage
from msim.trials.run import run_experiment


@dataclass(frozen=True)
class Reproduction:
    """Result of a repetition.

    changes: differences of versions, machine, definition files, and bytes of the store
    difference: the first difference of the records; '' where they are the same to the last bit
    sha256: of the stored record, and of the new one
    """

    changes: tuple[str, ...]
    difference: str
    sha256: tuple[str, str]


def reproduce_run(path: str | Path, workers: int = 1) -> Reproduction:
    """Run all trials of a finished run again from its provenance alone.

    raises: StorageError where there is no finished run, SimulationError where a trial fails now
    """
    folder = given_path(path, "run")
    require_finished(folder)
    about = read_provenance(folder / STORE)
    changes = [*_changed_versions(about["versions"]), *_changed_files(about)]
    changes += [f"{one.where} {one.what}" for one in verify_run(folder)]
    experiment = experiment_from_provenance(about)
    with tempfile.TemporaryDirectory(prefix="msim-") as kept:
        result = run_experiment(experiment, Path(kept) / "again", _context(about, experiment), LocalExecutor(workers))
        if result.failures:
            raise SimulationError(f"{folder}: fails now: {next(iter(result.failures.values()))}")
        try:
            stored = digest_run(folder)
        except StorageError as problem:
            return Reproduction(tuple(changes), str(problem), ("unreadable", digest_run(result.path).sha256))
        again = digest_run(result.path)
        return Reproduction(tuple(changes), first_difference(stored, again), (stored.sha256, again.sha256))


def reproduce_trial(path: str | Path, key: str) -> Reproduction:
    """Run one trial of a sweep again from the plan that it was run for.

    raises: StorageError where it is not done, SimulationError where it fails now
    """
    store = TrialStore(given_path(path, "sweep"))
    plan = _plan_of(store, key)
    trial = plan.trial(key)
    record = read_record(store, key)
    changes = [*_changed_versions(record.get("versions", {})), *_changed_files(plan.about)]
    if record.get("code") != code_digest():
        changes.append("msim's code is not what it was")
    changes += [f"{store.trial(key)} {what}" for what in trial_damage(store, key)]
    with tempfile.TemporaryDirectory(prefix="msim-") as kept:
        again = begin_sweep(plan, Path(kept) / "again", Limits())
        if again.work.run(key, lambda news: None, Stop(), SERIAL).state != "done":
            raise SimulationError(f"{trial.name}: fails now: {read_failure_record(again.store, key)['reason']}")
        hashes = (str(record.get("recorded")), str(read_record(again.store, key)["recorded"]))
    difference = "" if hashes[0] == hashes[1] else f"{trial.name}: recorded something else"
    return Reproduction(tuple(changes), difference, hashes)


def _plan_of(store: TrialStore, key: str) -> Plan:
    """Return the plan that a trial was run for."""
    named = str(read_record(store, key).get("plan", ""))
    file = plan_file(store.root, named) if named else latest_plan(store.root)
    plan = read_plan(file)
    if key not in plan.numbers or not store.trial(key).is_file():
        hint = nearest(key, [one for one in plan.numbers if store.trial(one).is_file()])
        raise StorageError(f"{store.root}: holds no finished trial '{key}'{hint}")
    return plan


def _context(about: Mapping[str, Any], experiment: ExperimentDefinition) -> Context:
    target, _, rest = str(about["target"]).partition(" ")
    # A run on an emulator from a file of one's own is held against the model's own emulator, and differs.
    emulators = emulators_of(models_of(experiment), None) if target == "emulator" else None
    return Context(target, experiment.schedule, "single" if "single" in rest else "double", emulators=emulators)


def _changed_versions(stored: Mapping[str, str]) -> list[str]:
    now = made_by()["versions"]
    return [f"{name} is {now[name]}, was {was}" for name, was in stored.items() if name in now and now[name] != was]


def _changed_files(about: Mapping[str, Any]) -> list[str]:
    """Describe a changed processor, and definition files that differ from their stored texts, which are run."""
    texts = {about["experiment"]["file"]: about["experiment"]["text"], **about["model"]["files"]}
    machine = about.get("host", {}).get("machine")
    found = []
    if machine not in (None, platform.machine()):
        found.append(f"the processor is {platform.machine()}, was {machine}")
    for name, text in texts.items():
        try:
            if Path(name).is_file() and Path(name).read_text(encoding="utf-8-sig") != text:
                found.append(f"{name} is not what it was (the stored text was run)")
        except (OSError, UnicodeDecodeError):
            found.append(f"{name} cannot be read any more (the stored text was run)")
    return found
