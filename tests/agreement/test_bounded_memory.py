"""What a trial needs of memory does not grow with what it records."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Starts a trial in a process of its own, stores it as a run and as a trial of a sweep, and tells the most that it had.
TRIAL = """
import sys
from dataclasses import replace
from pathlib import Path
from msim.definitions.experiments.experiment import read_experiment
from msim.backends.context import Context
from msim.recording.spool import SpoolFile
from msim.storage.checkpoints import write_checkpoint
from msim.storage.journal import write_journal
from msim.storage.run_store import RunFolder
from msim.storage.dataset_blocks import write_dataset
from msim.storage.trial_file import pack
from msim.trials.trial import Checkpoints, simulate_trial

folder = Path(sys.argv[1])
experiment = read_experiment(folder / "probed.toml")
experiment = replace(experiment, schedule=replace(experiment.schedule, probe=float(sys.argv[2])))
checkpoints = Checkpoints(
    lambda file: None, lambda state: write_checkpoint(folder / "checkpoints", state.arrays, state.about), every=0
)
journal = lambda *record: write_journal(RunFolder(folder / "run"), "vehicle", 1, *record)
found = simulate_trial(
    experiment, experiment.arms[0], 1, Context("cpp", experiment.schedule), journal=journal, checkpoints=checkpoints
)
for name, dataset in found.items():
    write_dataset(dataset, str(folder / "store"), name)
pack(folder / "trial.zip", found, {"arm": "vehicle", "seed": 1})
status = Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0], found["spikes"].sizes["spike"])
"""
EXPERIMENT = """
title       = "A long look"
hypothesis  = "Memory stays."
source      = "assumed"
notes       = "nothing is predicted"
model       = "circuits/cortical_column"
seeds       = [1]
begin       = "-1 minute"
duration    = "2 minute"
body_weight = "70 kg"
set         = { "column.n_cells" = 100 }
schedule    = { baseline = "0.4 second", settle = "0.1 second", burst = "0.2 second", burn_in = "0.05 second" }

[[arms]]
name    = "vehicle"

[[record]]
quantity = "pyramidal.firing_rate"
at       = ["0 minute", "1 minute"]

[[record]]
quantity = "gamma.power"
at       = ["0 minute", "1 minute"]
"""


def peak(folder: Path, seconds: float) -> tuple[int, int]:
    """The largest memory in kB of a process that runs such a trial, and the spikes that it stored."""
    folder.mkdir()
    (folder / "probed.toml").write_text(EXPERIMENT, encoding="utf-8")
    command = [sys.executable, "-c", TRIAL, str(folder), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    memory, spikes = done.stdout.split()
    return int(memory), int(spikes)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much memory a process had")
def test_a_recording_ten_times_as_long_takes_no_more_memory(tmp_path: Path) -> None:
    """Run, read out, kept on the way and stored; a tenth is for blocks that are shorter than the short recording."""
    peak(tmp_path / "first", 1)  # makes the library, if nobody has: that takes memory of its own
    short, few = peak(tmp_path / "short", 40)
    long, many = peak(tmp_path / "long", 400)
    assert many > 8 * few
    assert long < 1.1 * short
