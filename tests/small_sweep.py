"""A sweep of a small column over two doses: three trials, as a vehicle has no dose that could differ."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from msim.backends.context import Context
from msim.base.file_lease import owner
from msim.definitions.experiments.axes import read_design
from msim.definitions.experiments.experiment import read_experiment
from msim.executors.executor import Limits
from msim.storage.digest import digest_run
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
    return laid_down(plan_of(write_experiment(folder), over), folder, **settings)


def laid_down(plan: Plan, folder: Path, **settings: float | int | None) -> Sweep:
    """The same of a plan that is there already."""
    chosen = Limits(checkpoint_every=0, grace=5, **settings)  # type: ignore[arg-type]
    return begin_sweep(plan, folder / "sweep", chosen)


def recorded(store: TrialStore) -> dict[str, str]:
    """The hash of what every finished trial recorded, by key."""
    return {path.stem: str(read_record(store, path.stem)["recorded"]) for path in store.root.glob("trials/*/*.zip")}


def process_of(sweep: Sweep, key: str) -> int:
    """The process that runs a trial."""
    return int(owner(sweep.store.claim(key)).rsplit("-", 2)[1])


def run_command(folder: Path, *options: str) -> list[str]:
    """The command that runs the experiment itself, two trials, into a folder `run`."""
    return [sys.executable, "-m", "msim", "run", str(write_experiment(folder)), "--out", str(folder / "run"), *options]


def run_hash(folder: Path) -> str:
    """What `msim hash` says of that run."""
    return digest_run(folder / "run").sha256


@functools.cache
def run_hash_here() -> str:
    """The hash of that run on this machine."""
    with tempfile.TemporaryDirectory(prefix="msim-") as name:
        done = subprocess.run(run_command(Path(name), "--workers", "1"), capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr
        return run_hash(Path(name))


@functools.cache
def evidence_here() -> dict[str, bytes]:
    """What `evidence_of` gives on this machine."""
    with tempfile.TemporaryDirectory(prefix="msim-") as name:
        return evidence_of(Path(name), os.environ, "--workers", "1")


def evidence_of(folder: Path, environment: Mapping[str, str], *options: str) -> dict[str, bytes]:
    """What `msim evidence` keeps of a row's trial, by the names of files."""
    command = [sys.executable, "-m", "msim", "evidence", "--only", "T2_rapid", "--set", "column.n_cells=60", "--seeds",
               "1", "--json", "--out", str(folder / "kept"), *options]  # fmt: skip
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return {one.name: one.read_bytes() for one in (folder / "kept").glob("*.json")}
