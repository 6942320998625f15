"""What recording takes: python benchmarks/recording.py [--seconds 10,100,1000] [--trials 1000] [--json]

Peak memory of the largest process of a run, and of a sweep, against the seconds of the one probe of its trial, on the
shipped column; the same for many short probes in one trial; files and folders of a sweep of so many trials.
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

EXPERIMENT = """
title = "Memory of a recording"
hypothesis = "Memory does not grow with what is recorded."
source = "assumed"
notes = "a benchmark: nothing is predicted"
model = "circuits/cortical_column"
seeds = [1]
begin = "-1 minute"
duration = "DURATION minute"
body_weight = "70 kg"
schedule = { probe = "SECONDS second" }

[[arms]]
name = "vehicle"

[[record]]
quantity = "pyramidal.firing_rate"
at = PROBES

[[record]]
quantity = "gamma.power"
at = PROBES
"""
SHORT = 10  # s of each of many probes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", default="10,100,1000", help="lengths of the probe")
    parser.add_argument("--trials", type=int, default=1000, help="of the sweep whose files are counted")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="msim-bench-") as kept:
        found = measured(Path(kept), [int(one) for one in given.seconds.split(",")], given.trials)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        print(f"{name:60} {value:.6g}")


def measured(folder: Path, seconds: list[int], trials: int) -> dict[str, float]:
    """Everything that is measured, by what it is."""
    found: dict[str, float] = {}
    # The first one makes the library, which takes memory of its own.
    peak(folder, "first", 1, 1, "run")
    for kind in ("run", "sweep"):
        for length in seconds:
            found[f"MB, {kind}, one probe of {length} s"] = peak(folder, f"{kind}{length}", length, 1, kind)
    many = max(seconds) // SHORT
    found[f"MB, run, {many} probes of {SHORT} s"] = peak(folder, "many", SHORT, many, "run")
    found[f"files and folders of a sweep of {trials} trials"] = stored(folder / "stored", trials)
    return found


def peak(folder: Path, name: str, seconds: int, probes: int, kind: str) -> float:
    """The most memory in MB of any process of a command."""
    text = EXPERIMENT.replace("SECONDS", str(seconds)).replace("DURATION", str(probes + 1))
    times = json.dumps([f"{minute} minute" for minute in range(1, probes + 1)])
    file = folder / f"{name}.toml"
    file.write_text(text.replace("PROBES", times), encoding="utf-8")
    command = [sys.executable, "-m", "msim", kind, str(file), "--out", str(folder / name)]
    if kind == "sweep":
        command += ["--over", "eef2k.tau_K=5 minute", "--arms", "vehicle", "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    found: dict[str, int] = {}
    while process.poll() is None:
        for one in Path("/proc").glob("[0-9]*"):
            found[one.name] = max(found.get(one.name, 0), _largest(one, process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(process.stderr.read().decode() if process.stderr else "")
    return max(found.values()) / 1e3


def _largest(process: Path, session: int) -> int:
    """The most memory in kB that a process of a session has had; 0 for one of another."""
    try:
        if os.getsid(int(process.name)) != session:
            return 0
        return int((process / "status").read_text().split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        return 0


def stored(folder: Path, trials: int) -> int:
    """Files and folders of so many finished trials, each with a second of spikes."""
    import numpy as np
    import xarray as xr

    from msim.storage.trial_file import pack
    from msim.storage.trial_store import prepare, remove_work, write_trial_file

    store = prepare(folder)
    datasets = {"spikes": xr.Dataset({"spike_time": ("spike", np.linspace(0, 1, 3000))})}
    about = {"arm": "vehicle", "seed": 1}
    for number in range(trials):
        key = f"{number * 2654435761 % 2**32:08x}{number:024x}"
        write_trial_file(store, key, lambda path: {**about, "recorded": pack(path, datasets, about)})
        remove_work(store, key)
    return sum(1 for _ in folder.rglob("*"))


if __name__ == "__main__":
    main()
