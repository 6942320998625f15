"""A package of somebody else, installed beside msim, gives it what runs: a mechanism, a readout and so on."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from small_sweep import DOSES, recorded, write_experiment

from msim.backends.context import Context, build_network
from msim.backends.fast_network import Burst
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.values import with_changes
from msim.storage.run_store import open_run
from msim.storage.trial_store import TrialStore

EXAMPLE = Path(__file__).resolve().parents[1] / "example_plugin"
DIGEST = "from msim.base.code_digest import code_digest; print(code_digest())"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the example package was installed into."""
    source, target = tmp_path_factory.mktemp("source") / "example", tmp_path_factory.mktemp("installed")
    shutil.copytree(EXAMPLE, source)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(source)], check=True)
    return target


def run(folder: Path, *words: str, installed: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A Python process of its own, which finds packages of a folder if there is one."""
    path = [str(installed)] if installed else []
    path += [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500)


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a table by its header."""
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"))


@pytest.fixture()
def files(tmp_path: Path) -> Path:
    for path in EXAMPLE.glob("*.toml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_what_is_not_installed_is_unknown(files: Path) -> None:
    done = run(files, "-m", "msim", "check", "own.toml", "study.toml")
    assert done.returncode == 2
    told = done.stdout + done.stderr
    assert "unknown form 'gain_memory'" in told and "unknown key 'potentiation'" in told


def test_a_mechanism_and_a_readout_of_another_package_run(files: Path, installed: Path) -> None:
    """The trace follows the gain by its time constant; the load is the mean activity so far, by its weight."""
    words = ("run", "question.toml", "--target", "emulator", "--workers", "1", "--out", "result")
    done = run(files, "-m", "msim", *words, installed=installed)
    assert done.returncode == 0, done.stderr
    samples, bursts = (
        xr.open_zarr(next((files / "result").rglob(name)), consolidated=False) for name in ("samples", "bursts")
    )
    gain, memory, load = (
        samples[name].values.ravel() for name in ("ampar_scaling.AMPAR_scale", "memory.m", "load.load")
    )
    fastest = np.abs(np.diff(gain)).max() / 600
    assert np.ptp(gain) > 0.01 and np.abs(memory - gain).max() <= 5 * 2 * fastest + 1e-3
    kept = bursts["accepted"].values.ravel() == 1
    times, current = (bursts[name].values.ravel()[kept] for name in ("burst_time", "pyramidal.synaptic_current"))
    sums = np.concatenate([[0], np.cumsum(np.diff(times) * (current[1:] + current[:-1]) / 2)]) / current[0]
    assert load[-1] == pytest.approx(2 * sums[-1] / (times[-1] - times[0]), rel=1e-9)


def test_a_study_of_another_package_runs(files: Path, installed: Path) -> None:
    pytest.importorskip("statsmodels")
    assert run(files, "-m", "msim", "check", "study.toml", installed=installed).returncode == 0
    words = ("study", "study.toml", "--out", "result", "--figure", "figure.png")
    done = run(files, "-m", "msim", *words, installed=installed)
    assert done.returncode == 0, done.stderr
    rows, people = (table(files / "result" / name) for name in ("table.tsv", "potentiation.tsv"))
    assert [row["statistic"] for row in rows] == ["patients, day_after: potentiation"]
    after = [float(one["potentiation"]) for one in people if one["visit"] == "day_after"]
    assert len(after) == 3 and float(rows[0]["estimate"]) == pytest.approx(np.mean(after), rel=1e-6)
    assert (files / "figure.png").stat().st_size > 5000
    report = run(files, "-m", "msim", "report", "result", "--out", "page.html", installed=installed)
    assert report.returncode == 0, report.stderr
    assert "no scanner sees it" in (files / "page.html").read_text(encoding="utf-8")


def test_a_trial_of_another_package_s_backend_runs(files: Path, installed: Path) -> None:
    """Like one of msim's own: its rates are those of its spikes, and its target is part of what it is known by."""
    question, quick = files / "question.toml", 'schedule    = { settle = "0.05 second", tolerance = 1, '
    text = question.read_text(encoding="utf-8").replace("schedule    = { ", quick)
    question.write_text(text.replace("0.4 second", "0.2 second").replace("0.6 second", "0.2 second"), encoding="utf-8")
    words = ("run", "question.toml", "--set", "column.n_cells=20", "--until", "2 minute", "--workers", "1")
    done = run(files, "-m", "msim", *words, "--target", "plain_numpy", "--out", "result", installed=installed)
    assert done.returncode == 0, done.stderr
    assert open_run(files / "result").provenance["target"] == "plain_numpy"
    bursts = xr.open_zarr(next((files / "result").rglob("bursts")), consolidated=False)
    assert bursts["pyramidal.firing_rate"].values.max() > 0
    missed = run(files, "-m", "msim", *words, "--target", "plain_nunpy", "--out", "other", installed=installed)
    assert missed.returncode == 2 and "nearest known: 'plain_numpy'" in missed.stderr


def test_a_backend_of_another_package_agrees_with_cpp(
    model: ModelDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without background to rounding, each cell and every spike, before, with and after other values and inputs."""
    monkeypatch.syspath_prepend(EXAMPLE)
    from msim_example.plain_numpy import BACKEND

    values = {"column.n_cells": 40, "resting_release.rate_mini": "0 Hz"}
    for name in model.populations:
        values |= {f"background_{name}.rate": "0 Hz", f"{name}_membrane.E_L": "-45 mV"}
    own = with_changes(model, values, "test")
    other = with_changes(own, {"ampa.tau_decay": "4 ms", "pv_to_pyramidal.peak.gaba_pv": "0.5 nS"}, "test")
    found: list[list[Burst]] = []
    for network in (build_network(own, 3, Context()), BACKEND.build(own, 3, Context())):
        bursts = [network.burst(0.01, 0.04, keep_field=True)]
        network.set_input("pyramidal", "nmda", "block", np.linspace(0, 1, own.cells("pyramidal")))
        for one in (other, own):
            network.update_parameters(one)
            bursts.append(network.burst(0.0, 0.04, keep_field=True))
        found.append(bursts)
    assert sum(one.spikes[name][0].size for one in found[0] for name in own.populations) > 20
    for left, right in zip(*found, strict=True):
        for several, others in ((left.halves, right.halves), (left.field, right.field)):
            assert set(several) == set(others)
            for name, wanted in several.items():
                near = 1e-10 * np.abs(wanted).max()
                np.testing.assert_allclose(others[name], wanted, rtol=0, atol=near, err_msg=name)
        for name, (times, cells) in left.spikes.items():
            np.testing.assert_allclose(right.spikes[name][0], times, rtol=0, atol=1e-9)
            np.testing.assert_array_equal(right.spikes[name][1], cells)


def test_background_of_another_package_s_backend_has_its_rate(
    model: ModelDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mean conductance is rate x peak x decay time (Campbell): 5 errors of N events of shot noise."""
    monkeypatch.syspath_prepend(EXAMPLE)
    from msim_example.plain_numpy import BACKEND

    own = with_changes(model, {"column.n_cells": 40, "slow_background.CV": 0}, "test")
    burst = BACKEND.build(own, 3, Context()).burst(0.03, 0.2, keep_field=False)
    name = "background_pyramidal"
    events = own[f"{name}.contacts"] * own[f"{name}.rate"]
    wanted = events * own[f"{name}.peak.ampa_background"] * own["ampa_background.tau_decay"]
    error = 1 / np.sqrt(events * 0.2 * own.cells("pyramidal"))
    assert burst.mean("pyramidal.ampa_background.g") == pytest.approx(wanted, rel=5 * error)


def test_an_executor_of_another_package_gives_the_same_bits(tmp_path: Path, installed: Path) -> None:
    """It stores what processes of this machine store; other options, and its name where it is not, are refused.

    The package is there for both, as its code is part of a trial's key.
    """
    command = ("-m", "msim", "sweep", str(write_experiment(tmp_path)), "--over", DOSES, "--json")
    found = []
    for name in ("local", "in_turn"):
        done = run(tmp_path, *command, "--executor", name, "--out", name, installed=installed)
        assert done.returncode == 0 and json.loads(done.stdout)["done"] == 4, done.stderr
        found.append(recorded(TrialStore(tmp_path / name)))
    assert found[0] == found[1] and len(found[0]) == 3
    done = run(tmp_path, *command, "--executor", "in_turn", "--workers", "2", "--out", "more", installed=installed)
    assert done.returncode == 2 and "--workers: has no effect here" in done.stderr
    done = run(tmp_path, *command, "--executor", "in_tun", "--out", "more", installed=installed)
    assert done.returncode == 2 and "nearest known: 'in_turn'" in done.stderr
    done = run(tmp_path, *command, "--executor", "in_turn", "--out", "more")
    assert done.returncode == 2 and "unknown executor 'in_turn'" in done.stderr
    assert not (tmp_path / "more").exists()


def test_an_analysis_s_own_check_is_made(files: Path, installed: Path) -> None:
    with (files / "study.toml").open("a", encoding="utf-8") as file:
        file.write('unit  = "mV"\n')
    done = run(files, "-m", "msim", "check", "study.toml", installed=installed)
    assert done.returncode == 2 and "potentiation.unit: wants 'relative', got 'mV'" in done.stdout + done.stderr


def test_the_code_of_a_package_is_part_of_what_a_trial_is_known_by(installed: Path, tmp_path: Path) -> None:
    """A changed package is other code: without it, with it, and after a line of it was changed."""
    changed = tmp_path / "changed"
    shutil.copytree(installed, changed)
    file = changed / "msim_example/gain_memory.py"
    file.write_text(file.read_text(encoding="utf-8").replace("(gain - m)", "2 * (gain - m)"), encoding="utf-8")
    found = [run(tmp_path, "-c", DIGEST, installed=one).stdout for one in (None, installed, installed, changed)]
    assert all(found) and found[1] == found[2] and len(set(found)) == 3


BROKEN = {
    "two words": ("msim.backends", "own", "words:BACKEND", "cannot be loaded: InputError: backend: wants a name of"),
    "taken": ("msim.mechanisms", "ampa", "own:FORM", "wants a name that no other object of this kind has"),
    "gone": ("msim.mechanisms", "own", "own:NOTHING", "cannot be loaded: AttributeError"),
    "another type": ("msim.analyses", "own", "own:FORM", "wants an object of type Analysis, got Mechanism"),
    "another name": ("msim.mechanisms", "own", "own:FORM", "wants the name of its object, 'form'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_is_named(name: str, tmp_path: Path) -> None:
    group, entry, value, told = BROKEN[name]
    form = 'from msim.base.mechanism import Mechanism\nFORM = Mechanism("form", "a test", "slow")\n'
    (tmp_path / "own.py").write_text(form, encoding="utf-8")
    backend = 'from msim.backends.registry import Backend\nBACKEND = Backend("own one", "a test", print)\n'
    (tmp_path / "words.py").write_text(backend, encoding="utf-8")
    about = tmp_path / "own-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[{group}]\n{entry} = {value}\n", encoding="utf-8")
    reading = "siegel2021_resting_fc" if group == "msim.analyses" else "circuits/cortical_column"
    words = ("-m", "msim", "show", f"studies/{reading}" if group == "msim.analyses" else reading)
    if group == "msim.backends":
        words = ("-m", "msim", "run", "ketamine_rapid_and_sustained", "--target", "own", "--out", "result")
    done = run(tmp_path, *words, installed=tmp_path)
    assert done.returncode == 4 and f"own 1.0: entry point {entry} of {group}: {told}" in done.stderr, done.stderr
