"""A small experiment from its file to its verdicts, figures and back, through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import msim
from msim.storage.run_store import Run

EXPERIMENT = """
title       = "Block in the first minutes of an infusion"
hypothesis  = "Drug reaches the receptors within minutes."
source      = "gilling2009"
model       = "circuits/cortical_column"
seeds       = [1, 2]
begin       = "-2 minute"
duration    = "6 minute"
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
quantity = "bold.percent_signal_change"
every    = "1 minute"

[[record]]
quantity = "pyramidal.firing_rate"
at       = ["-1 minute", "5 minute"]

[[record]]
quantity = "gamma.power"
at       = ["-1 minute", "5 minute"]

[[predict]]
id       = "blocked"
quantity = "block_pv.b"
at       = "5 minute"
claim    = "ketamine > vehicle"
margin   = 0.001
source   = "gilling2009"
"""


def msim_command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run msim as a user does."""
    command = [sys.executable, "-m", "msim", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study")
    (path / "block.toml").write_text(EXPERIMENT, encoding="utf-8")
    done = msim_command("run", path / "block.toml", "--out", path / "first")
    assert done.returncode == 0, done.stderr
    assert "blocked" in done.stdout
    return path


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return msim.open_run(folder / "first")


def test_verdict_follows_from_the_mechanism(folder: Path) -> None:
    (found,) = json.loads((folder / "first/verdict.json").read_text())["predictions"]
    assert {"id", "claim", "verdict", "effect", "ci"} <= set(found)
    assert found["verdict"] == "yes" and found["effect"] > 0.001


def test_without_a_dose_there_is_no_block_at_all(run: Run) -> None:
    assert np.all(run.samples["block_pv.b"].sel(arm="vehicle") == 0)


def test_dimensions_and_units_are_named(run: Run) -> None:
    assert run.samples["block_pv.b"].dims == ("arm", "seed", "time")
    assert run.probes["pyramidal.firing_rate"].attrs["units"] == "Hz"
    assert list(run.samples["time"].values) == [-120, -60, 0, 60, 120, 180, 240, 300, 360]


def test_arms_of_one_seed_share_their_wiring_and_background(run: Run) -> None:
    """Until the dose nothing differs between arms, so paired differences hold the drug alone."""
    before = [run.spikes(arm, 1, 0, "pyramidal") for arm in ("vehicle", "ketamine")]
    assert before[0][0].size > 0
    assert np.array_equal(before[0][0], before[1][0]) and np.array_equal(before[0][1], before[1][1])


def test_the_same_seed_gives_the_same_run(folder: Path, run: Run) -> None:
    again = msim.simulate(folder / "block.toml", folder / "again", arms=["ketamine"], seeds=[2], workers=1)
    for name in run.samples.data_vars:
        first = run.samples[name].sel(arm="ketamine", seed=2).values
        assert np.array_equal(first, again.samples[name].sel(arm="ketamine", seed=2).values)
    assert msim.judge(again) == []


def test_what_narrowed_and_changed_a_run_is_in_its_provenance(folder: Path) -> None:
    out = folder / "changed"
    done = msim_command(
        "run", folder / "block.toml", "--out", out, "--arms", "ketamine", "--seeds", "5", "--until", "2 * minute",
        "--set", "ketamine_binding.IC50_2D=2 uM", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["predictions"] == []
    about = msim.open_run(out).provenance
    assert about["changes"] == {"ketamine_binding.IC50_2D": "2 uM"}
    assert (about["arms"], about["seeds"], about["end_s"]) == (["ketamine"], [5], 120.0)
    assert "--until" in about["command"]


def test_a_failed_trial_leaves_the_others_and_says_why(folder: Path) -> None:
    """A conductance that decays within a fraction of the time step blows up, in that arm alone."""
    text = EXPERIMENT.replace("[[arms]]\nname  = \"ketamine\"\n", "[[arms]]\nname  = \"ketamine\"\nset = { BROKEN }\n")
    text = text.replace("BROKEN", '"ampa.tau_decay" = "0.02 ms"')
    (folder / "broken.toml").write_text(text, encoding="utf-8")
    for attempt in range(2):
        done = msim_command("run", folder / "broken.toml", "--out", folder / "broken", "--seeds", "1")
        assert done.returncode == 3
        assert "1 of 2 trials failed" in done.stderr and "ketamine, seed 1" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (folder / "broken").exists()
        state = "done" if attempt == 0 else "stored"
        assert f"vehicle, seed 1: {state}" in done.stderr
    refused = msim_command("judge", folder / "broken")
    assert refused.returncode == 2 and "no finished run" in refused.stderr


def test_figures_are_written_for_what_was_recorded(folder: Path) -> None:
    done = msim_command("plot", folder / "first", "--json")
    assert done.returncode == 0, done.stderr
    paths = [Path(one) for one in json.loads(done.stdout)]
    assert paths and all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
