"""A sweep of a small column over two doses: three trials, as a vehicle has no dose that could differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msim.backends.context import Context
from msim.base.file_lease import owner
from msim.definitions.experiments.axes import read_design
from msim.definitions.experiments.experiment import read_experiment
from msim.executors.executor import Limits
from msim.storage.trial_store import TrialStore, read_record
from msim.sweep.plan import Plan, make_plan
from msim.sweep.run import begin_sweep
from msim.sweep.work import Sweep

EXPERIMENT = """
title       = "Block in the first minutes of an infusion"
hypothesis  = "Drug reaches the receptors within minutes."
source      = "gilling2009"
model       = "circuits/cortical_column"
seeds       = [1]
begin       = "-1 minute"
duration    = "4 minute"
body_weight = "70 kg"
set         = { "column.n_cells" = 60 }
schedule    = { baseline = "0.4 second", probe = "0.6 second", burst = "0.2 second", burn_in = "0.05 second" }

[[arms]]
name = "vehicle"

[[arms]]
name  = "ketamine"
doses = [{ drug = "ketamine", mg_per_kg = 0.5, route = "intravenous", at = "0 minute", duration = "4 minute" }]

[[record]]
quantity = "block_pv.b"
every    = "1 minute"

[[record]]
quantity = "pyramidal.firing_rate"
at       = ["0 minute", "4 minute"]

[[record]]
quantity = "gamma.power"
at       = ["4 minute"]
"""
DOSES = "dose:doses.mg_per_kg=0.1,0.5"


def write_experiment(folder: Path) -> Path:
    """The experiment's file."""
    path = folder / "small.toml"
    path.write_text(EXPERIMENT, encoding="utf-8")
    return path


def plan_of(file: Path, over: Sequence[str] = (DOSES,), seeds: Sequence[int] = (1,)) -> Plan:
    """The plan of a sweep of an experiment file."""
    experiment = read_experiment(file).narrowed(seeds=seeds)
    return make_plan(experiment, read_design(experiment, over), Context(schedule=experiment.schedule))


def begun(folder: Path, over: Sequence[str] = (DOSES,), **settings: float | int | None) -> Sweep:
    """A sweep that is laid down in a folder `sweep`, nothing of it run."""
    folder.mkdir(exist_ok=True)
    chosen = Limits(checkpoint_every=0, grace=5, **settings)  # type: ignore[arg-type]
    return begin_sweep(plan_of(write_experiment(folder), over), folder / "sweep", chosen)


def recorded(store: TrialStore) -> dict[str, str]:
    """The hash of what every finished trial recorded, by key."""
    return {path.stem: str(read_record(store, path.stem)["recorded"]) for path in store.root.glob("trials/*/*.zip")}


def process_of(sweep: Sweep, key: str) -> int:
    """The process that runs a trial."""
    return int(owner(sweep.store.claim(key)).rsplit("-", 2)[1])
