"""What a sweep costs beside its trials: python benchmarks/sweep.py [--points N] [--json]

Compiler runs of a sweep that starts with an empty cache; overhead of a trial over its own time; time to notice that
1,000 finished trials are finished; time of the same trials with 1 and 2 workers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from msim.storage.trial_store import TrialStore, place_file, prepare, read_record
from msim.sweep.plan_files import latest_plan, read_plan
from msim.sweep.status import status

EXPERIMENT = """
title = "Cost of a sweep"
hypothesis = "A sweep costs little more than its trials."
source = "assumed"
notes = "a benchmark: nothing is predicted"
model = "circuits/cortical_column"
seeds = [1]
begin = "-1 minute"
duration = "DURATION"
body_weight = "70 kg"
set = { "column.n_cells" = CELLS }

[[arms]]
name = "ketamine"
doses = [{ drug = "ketamine", mg_per_kg = 0.5, route = "intravenous", at = "0 minute", duration = "4 minute" }]

[[record]]
quantity = "block_pv.b"
every = "1 minute"
"""
FINISHED = 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=200, help="points of the sweep that counts compiler runs")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="msim-bench-") as kept:
        found = measured(Path(kept), given.points, given.workers)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        print(f"{name:45} {value:.4g}")


def measured(folder: Path, points: int, workers: int) -> dict[str, float]:
    """Everything that is measured, by what it is."""
    return {**compiler_runs(folder, points, workers), **noticing(folder), **overhead(folder, workers)}


def swept(folder: Path, name: str, text: str, over: str, workers: int, environment: dict[str, str]) -> float:
    """Seconds that a sweep takes from the command line."""
    file = folder / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "msim", "sweep", str(file), "--over", over, "--out", str(folder / name), "--json",
         "--workers", str(workers)],
        env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - began


def compiler_runs(folder: Path, points: int, workers: int) -> dict[str, float]:
    """How often the compiler links in a sweep of many points that starts with an empty cache."""
    script = folder / "counting"
    script.write_text(f'#!/bin/sh\ncase "$*" in *-shared*) echo >> {folder}/links;; esac\nexec g++ "$@"\n')
    script.chmod(0o755)
    environment = {"CXX": str(script), "MSIM_CACHE": str(folder / "cache")}
    text = EXPERIMENT.replace("DURATION", "1 minute").replace("CELLS", "60")
    seconds = swept(folder, "many", text, f"doses.mg_per_kg=0.1 to 2 in {points}", workers, environment)
    links = len((folder / "links").read_text().splitlines())
    return {"points": points, "libraries linked in the whole sweep": links, "seconds of the sweep": seconds}


def noticing(folder: Path) -> dict[str, float]:
    """Seconds to tell of 1,000 finished trials that they are finished."""
    store = prepare(folder / "finished")
    plan = read_plan(latest_plan(folder / "many"))
    for number in range(FINISHED):
        place_file(store.trial(f"{number:032x}"[::-1]), b"", store.root)
    began = time.perf_counter()
    status(store, plan)
    return {f"s to notice {FINISHED} finished trials": time.perf_counter() - began}


def overhead(folder: Path, workers: int) -> dict[str, float]:
    """Trials of about ten seconds: what the sweep adds to them, and how it scales."""
    text = EXPERIMENT.replace("DURATION", "2 day").replace("CELLS", "1000")
    environment = {"MSIM_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    found: dict[str, float] = {}
    for count in (1, workers):
        name = f"workers{count}"
        over = "doses.mg_per_kg=0.4,0.5,0.6,0.7"
        found[f"s with {count} workers"] = swept(folder, name, text, over, count, environment)
        store = TrialStore(folder / name)
        trials = [read_record(store, one.key)["seconds"] for one in read_plan(latest_plan(store.root)).trials]
        found[f"s in trials with {count} workers"] = sum(trials)
    alone, together = found["s with 1 workers"], found[f"s with {workers} workers"]
    found["overhead over the time in trials, 1 worker"] = alone / found["s in trials with 1 workers"] - 1
    found[f"speed of {workers} workers over 1"] = alone / together
    return found


if __name__ == "__main__":
    main()
