"""Trials of a sweep, and where each is stored in the sweep's folder."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msim.backends.context import Context
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.emulator.library import emulators_of, models_of
from msim.storage.provenance import made_by
from msim.storage.trial_store import TrialStore, write_trial_file
from msim.sweep.plan import Plan
from msim.sweep.plan_files import read_plan
from msim.trials.claimed import Attempt, ClaimedWork

_read_once = functools.lru_cache(maxsize=2)(read_plan)


@dataclass(frozen=True)
class SweepTrials:
    """Trials of a sweep; see `Trials`. plan_file: absolute path from which every process reads the plan."""

    store: TrialStore
    plan_file: Path

    @property
    def plan(self) -> Plan:
        """Return the plan, which is read once."""
        return _read_once(self.plan_file)

    @property
    def target(self) -> str:
        """Return what code runs the cells."""
        return str(self.plan.about["target"]).split()[0]

    def is_stored(self, key: str) -> bool:
        """Return whether a trial is done and stored."""
        return self.store.trial(key).is_file()

    def simulate(self, key: str, attempt: Attempt) -> None:
        """Simulate a trial and store it; see `Trials`."""
        # Brought by what stores a trial, and half a second of imports.
        from msim.storage.trial_file import pack

        began, trial = time.time(), self.plan.trial(key)
        experiment = self.plan.experiment(trial)
        datasets = attempt.simulate(experiment, experiment.arms[0], trial.seed, self._context(experiment))
        about = {"key": key, "arm": trial.arm, "seed": trial.seed}

        def write(path: Path) -> dict[str, Any]:
            recorded = pack(path, datasets, about)
            return {**about, "plan": self.plan.id, "recorded": recorded, "seconds": time.time() - began, **made_by()}

        write_trial_file(self.store, key, write)

    def _context(self, experiment: ExperimentDefinition) -> Context:
        """Return the settings with which a trial runs."""
        emulators = emulators_of(models_of(experiment), None) if self.target == "emulator" else None
        return Context(self.target, experiment.schedule, self.plan.precision, emulators=emulators)


@dataclass(frozen=True)
class Sweep:
    """A sweep in its folder: its plan, and its trials as the work of executors."""

    plan: Plan
    work: ClaimedWork

    @property
    def store(self) -> TrialStore:
        """Return the store of its trials."""
        return self.work.store
