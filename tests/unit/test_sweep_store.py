"""Stores of sweeps that are written without simulating: opened, counted, tabulated, drawn, verified."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_run import datasets, sealed_again, started
from small_sweep import begun, laid_down, plan_of, write_experiment
from zarr.errors import ZarrUserWarning

import msim
from msim.base.errors import InputError, StorageError
from msim.base.file_lease import is_alive, take, token
from msim.base.intervals import mean_and_reach
from msim.base.settings import with_settings
from msim.storage.run_store import STORE, finish_run, open_run
from msim.storage.trial_file import open_trial, pack
from msim.storage.trial_store import TrialStore, write_failure_record, write_trial_file
from msim.storage.verify import verify_run
from msim.sweep.opened import sweep_trial
from msim.sweep.plan import Plan, Trial
from msim.sweep.status import states, status
from msim.sweep.table import csv_text, sweep_table, write_table
from msim.sweep.verify import trial_damage, verify_sweep
from msim.sweep.work import Sweep

HOW_PACKED = 12  # bytes of an entry of an archive's directory that say so: its mark, versions, flags and method
AXES = ["dose:doses.mg_per_kg=0.1,0.5", "tau:eef2k.tau_K=5 minute,10 minute"]


def store_trial(store: TrialStore, trial: Trial) -> None:
    """A finished trial with the numbers of small_run."""
    about = {"key": trial.key, "arm": trial.arm, "seed": trial.seed}
    own = datasets(trial.arm, trial.seed)
    own["probes"]["pv.v"].attrs["long_name"] = "membrane potential"
    write_trial_file(store, trial.key, lambda path: {**about, "recorded": pack(path, own, about), "seconds": 1.0})


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan of those trials."""
    return plan_of(write_experiment(tmp_path_factory.mktemp("planned")), AXES)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A sweep of which every trial is done."""
    made = begun(tmp_path_factory.mktemp("stored"))
    for one in made.plan.trials:
        store_trial(made.store, one)
    return made


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """Eight trials, six of them their own: the last failed, the one before is pending, the others are done."""
    made = begun(tmp_path, AXES)
    for trial in made.plan.trials[:-2]:
        store_trial(made.store, trial)
    write_failure_record(made.store, made.plan.trials[-1].key, "it rained", "Traceback", "raised")
    return made


def test_every_trial_is_done_failed_or_pending(sweep: Sweep) -> None:
    now = status(sweep.store, sweep.plan)
    assert (now.asked, now.done, now.failed, now.pending) == (8, 7, 1, 0)  # the vehicle of the second dose is done
    (sweep.store.trial(sweep.plan.trials[-2].key)).unlink()
    now = status(sweep.store, sweep.plan)
    assert (now.asked, now.done, now.failed, now.pending) == (8, 5, 1, 2)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["", "done", "failed", "claimed", "work"]), min_size=24, max_size=24))
def test_the_three_counts_add_up_whatever_files_are_there(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, files: list[str]
) -> None:
    """Whichever files exist of which trial, and some of nobody's."""
    sweep = laid_down(plan, tmp_path_factory.mktemp("any"))
    store, keys = sweep.store, [one.key for one in sweep.plan.trials]
    for index, kind in enumerate(files):
        key = keys[index % len(keys)] if index < 16 else f"{index:032x}"
        places = {"done": store.trial, "failed": store.failure, "claimed": store.claim}
        if kind in places:
            places[kind](key).parent.mkdir(parents=True, exist_ok=True)
            places[kind](key).write_text("", encoding="utf-8")
        elif kind:
            store.work(key).mkdir(exist_ok=True)
    now = status(store, sweep.plan)
    assert now.asked == 8 == now.done + now.failed + now.pending and 0 <= now.running <= now.pending
    assert set(states(store, sweep.plan)) == set(keys)


def test_a_sweep_opens_as_one_dataset(sweep: Sweep) -> None:
    """Named dims, SI coordinates, every value where it belongs, NaN and a reason where there is none."""
    found = msim.open_sweep(sweep.store.root)
    assert found["eef2k.p_eEF2"].dims == ("dose", "tau", "arm", "seed", "time")
    assert list(found["tau"].values) == [300, 600] and found["tau"].attrs["units"] == "s"
    last = found.isel(dose=-1, tau=-1).sel(arm="ketamine", seed=1)
    assert str(last["status"].values) == "failed" and str(last["reason"].values) == "it rained"
    assert np.all(np.isnan(last["eef2k.p_eEF2"].values))
    for trial in sweep.plan.trials[:-2]:
        own = found["eef2k.p_eEF2"][sweep.plan.place(trial)].values
        np.testing.assert_array_equal(own, datasets(trial.arm, trial.seed)["samples"]["eef2k.p_eEF2"].values)
    whole = found["eef2k.p_eEF2"].values
    part = found["eef2k.p_eEF2"].isel(dose=[1, 0], tau=slice(0, 1), arm=1, time=[3, 1]).values
    np.testing.assert_array_equal(part, whole[[1, 0]][:, :1, 1][..., [3, 1]])
    assert "pv.v_cells" not in found


def test_nothing_is_read_before_it_is_asked_for(sweep: Sweep) -> None:
    """A damaged trial does not keep the others from being read."""
    found, broken = msim.open_sweep(sweep.store.root), sweep.plan.trials[1]
    sweep.store.trial(broken.key).write_bytes(b"nothing")
    assert np.isfinite(found["eef2k.p_eEF2"].isel(dose=1, tau=0).sel(arm="ketamine").values).all()
    with pytest.raises(StorageError, match=broken.key):
        found["eef2k.p_eEF2"].isel(dose=0, tau=0).sel(arm="ketamine").values


def test_a_sweep_of_which_nothing_is_done_opens(tmp_path: Path) -> None:
    found = msim.open_sweep(begun(tmp_path, AXES).store.root)
    assert set(found.data_vars) == {"status", "reason", "key"} and np.all(found["status"] == "pending")


def test_one_trial_opens_whole(sweep: Sweep) -> None:
    root = sweep.store.root
    found = sweep_trial(root, "vehicle", 1, dose="0.5", tau="5 minute")
    assert set(found) == {"samples", "probes", "spectra", "spikes", "bursts"}
    with pytest.raises(StorageError, match="not done"):
        sweep_trial(root, "ketamine", 1, dose="0.5", tau="10 minute")
    with pytest.raises(InputError, match="no trial ketamine, seed 2"):
        sweep_trial(root, "ketamine", 2, dose="0.5", tau="10 minute")
    # A value is what it means; one that is left out where it matters is not taken to be the first.
    assert sweep_trial(root, "vehicle", 1, tau="300 second")["samples"].identical(found["samples"])
    with pytest.raises(InputError, match="the sweep has 2 of ketamine, seed 1, tau = 5 minute: say dose"):
        sweep_trial(root, "ketamine", 1, tau="5 minute")


def test_the_same_trial_gives_the_same_bytes(tmp_path: Path) -> None:
    """So two that ran it unknowingly wrote the same file."""
    about = {"arm": "vehicle", "seed": 1}
    first, second, other = (
        (pack(tmp_path / name, datasets("vehicle", seed), about), (tmp_path / name).read_bytes())
        for name, seed in (("first", 1), ("second", 1), ("other", 2))
    )
    assert first == second and first[0] != other[0]


def test_a_table_has_a_row_for_every_trial(sweep: Sweep, tmp_path: Path) -> None:
    found = sweep_table(sweep.store.root)
    assert len(found) == 8 and [one["status"] for one in found].count("failed") == 1
    read = list(csv.DictReader(io.StringIO(csv_text(found))))
    for row, trial in zip(read, sweep.plan.trials, strict=True):
        if row["status"] == "done":
            value = datasets(trial.arm, trial.seed)["probes"]["pv.v"].values[0]
            assert float(row["pv.v at 10 s"]) == value and row["seconds"] == "1.0"
        else:
            assert (row["pv.v at 10 s"], row["reason"]) == ("", "it rained")
    write_table(found, tmp_path / "table.parquet")
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(tmp_path / "table.parquet")
    assert table.num_rows == 8 and table["pv.v at 10 s"].null_count == 1
    with pytest.raises(InputError, match="ends in .csv or .parquet"):
        write_table(found, tmp_path / "table.xls")
    with pytest.raises(InputError, match="nearest known: 'pv.v'"):
        sweep_table(sweep.store.root, ["pv.w"])


def test_the_interval_is_that_of_students_t() -> None:
    from scipy import stats

    values = np.random.default_rng(1).normal(size=(3, 6))
    values[1, 2:] = np.nan
    values[2] = np.nan
    mean, reach = mean_and_reach(values)
    for row, known in ((0, values[0]), (1, values[1, :2])):
        low, high = stats.t.interval(0.95, known.size - 1, known.mean(), stats.sem(known))
        np.testing.assert_allclose([mean[row] - reach[row], mean[row] + reach[row]], [low, high])
    assert np.isnan(mean[2]) and np.isnan(reach[2])


@pytest.mark.parametrize("axes", [AXES[:1], AXES])
def test_an_unfinished_sweep_is_drawn(tmp_path: Path, axes: list[str]) -> None:
    """Over one axis and over two, with trials missing; the file is a PNG."""
    from msim.plots.sweep_pages import write_sweep_figures

    made = begun(tmp_path, axes)
    for trial in made.plan.trials[:-1]:
        store_trial(made.store, trial)
    with with_settings(shown_quantities=1):
        for path in write_sweep_figures(made.store.root, tmp_path / "figures", "pv.v"):
            assert path.read_bytes().startswith(b"\x89PNG")


# Damage


def test_a_whole_sweep_is_verified_and_a_missing_trial_named(sweep: Sweep) -> None:
    damages = {one.where: one.what for one in verify_sweep(sweep.store.root)}
    assert len(damages) == 1 and next(iter(damages.values())) == "failed: it rained"
    lost = sweep.plan.trials[0]
    sweep.store.trial(lost.key).unlink()
    named = [one for one in verify_sweep(sweep.store.root) if lost.key in one.where]
    assert [one.what for one in named] == ["is missing: it was done"] and "vehicle, seed 1" in named[0].where


@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_every_flipped_bit_of_a_trial_is_found(stored: Sweep, place: float, bit: int) -> None:
    trial = stored.plan.trials[1]
    path = stored.store.trial(trial.key)
    whole = path.read_bytes()
    content = bytearray(whole)
    content[int(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    try:
        found = verify_sweep(stored.store.root)
    finally:
        path.write_bytes(whole)
    assert found and all(trial.key in one.where for one in found)


def test_every_flipped_bit_of_the_directory_of_a_trial_is_found(stored: Sweep) -> None:
    """The directory of an archive says how each member is packed: Python has an error of its own for each bit of it.

    Tried on the entry of one member, as all are alike, and on the record at the end. A reader holds the size of a file
    against its record and no checksum, so that it may succeed; what it raises is a StorageError.
    """
    trial = stored.plan.trials[1]
    path = stored.store.trial(trial.key)
    whole = path.read_bytes()
    first = whole.index(b"PK\x01\x02")
    second = whole.index(b"PK\x01\x02", first + 1)
    end = whole.index(b"PK\x05\x06")
    try:
        for place in (*range(first, second), *range(end, len(whole))):
            for bit in range(8):
                content = bytearray(whole)
                content[place] ^= 1 << bit
                path.write_bytes(content)
                found = [*trial_damage(stored.store, trial.key)]
                assert found and all("not what was written" in one for one in found), (place - first, bit)
                if place >= first + HOW_PACKED:
                    continue
                with suppress(StorageError), warnings.catch_warnings():
                    warnings.simplefilter("ignore", ZarrUserWarning)
                    open_trial(path)
    finally:
        path.write_bytes(whole)


def test_a_truncated_trial_and_a_flipped_chunk_are_named(sweep: Sweep) -> None:
    first, second = (sweep.store.trial(sweep.plan.trials[k].key) for k in (0, 1))
    content = first.read_bytes()
    first.write_bytes(content[:-100])
    with zipfile.ZipFile(second) as archive:
        chunk = next(one for one in archive.infolist() if one.filename == "samples/eef2k.p_eEF2/c/0")
        data = archive.read(chunk)
    whole = bytearray(second.read_bytes())
    whole[whole.index(data) + 5] ^= 1
    second.write_bytes(whole)
    found = {one.where: one.what for one in verify_sweep(sweep.store.root)}
    texts = [text for where, text in found.items() if first.stem in where or second.stem in where]
    assert f"is truncated: {len(content) - 100} of {len(content)} bytes" in texts
    assert "samples/eef2k.p_eEF2/c/0 is not what was written" in texts


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return finish_run(started(tmp_path / "run"))


def chunks(run: Path) -> Iterator[Path]:
    return (one for one in sorted((run / STORE).rglob("*")) if one.is_file() and "/c" in one.as_posix())


def test_damage_of_a_run_is_named(run: Path) -> None:
    """A flipped bit, a truncated chunk, a trial that is gone, a file that nobody wrote."""
    assert verify_run(run) == []
    flipped, cut, *_ = (one for one in chunks(run) if one.stat().st_size > 8)
    content = bytearray(flipped.read_bytes())
    content[0] ^= 1
    flipped.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[:-3])
    (run / STORE / "stray").write_text("", encoding="utf-8")
    lost = run / STORE / "trials" / "vehicle" / "seed_2"
    subprocess.run(["rm", "-r", str(lost)], check=True)
    found = {one.where: one.what for one in verify_run(run)}
    assert "crc32c does not hold" in found[flipped.relative_to(run).as_posix()]
    assert "is truncated" in found[cut.relative_to(run).as_posix()]
    assert found[f"{STORE}/trials/vehicle/seed_2"] == "the trial is missing"
    assert "was not there" in found[f"{STORE}/stray"] and len(found) == 4


# Stores of strangers


def test_a_manifest_cannot_name_files_outside(run: Path) -> None:
    for name in ("../../etc/passwd", "/etc/passwd", "run.zarr/../../x"):
        manifest = json.loads((run / "MANIFEST.json").read_bytes())
        manifest["sha256"][name] = "0"
        (run / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")
        with pytest.raises(StorageError, match="outside of itself"):
            verify_run(run)


def test_arms_of_a_store_cannot_lead_out_of_it(run: Path) -> None:
    path = run / STORE / "zarr.json"
    about = json.loads(path.read_bytes())
    about["attributes"]["provenance"]["arms"] = ["../../../x"]
    path.write_text(json.dumps(about), encoding="utf-8")
    sealed_again(run)
    with pytest.raises(StorageError, match="names of arms"):
        open_run(run)


class Runs:
    """An object whose unpickling makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_pickled_object_in_a_store_is_not_unpickled(run: Path, tmp_path: Path) -> None:
    """Zarr's second format would run it; msim reads the third only."""
    from numcodecs import Pickle

    trap = tmp_path / "trapped"
    group = run / STORE / "trials" / "vehicle" / "seed_1" / "samples"
    subprocess.run(["rm", "-r", str(group)], check=True)
    group.mkdir()
    (group / ".zgroup").write_text('{"zarr_format": 2}', encoding="utf-8")
    inner = group / "eef2k.p_eEF2"
    inner.mkdir()
    about = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "compressor": None, "fill_value": None,
             "order": "C", "filters": [{"id": "pickle", "protocol": 5}]}  # fmt: skip
    (inner / ".zarray").write_text(json.dumps(about), encoding="utf-8")
    (inner / ".zattrs").write_text('{"_ARRAY_DIMENSIONS": ["time"]}', encoding="utf-8")
    (inner / "0").write_bytes(bytes(Pickle().encode(np.array([Runs(trap)], dtype=object))))
    sealed_again(run)
    with pytest.raises(StorageError, match="cannot be read as a run"):
        open_run(run).trial("vehicle", 1, "samples")
    assert not trap.exists()


def test_members_of_a_trial_are_never_unpacked(sweep: Sweep, tmp_path: Path) -> None:
    """A name that leads out of the archive is refused, and nothing is written anywhere."""
    path = sweep.store.trial(sweep.plan.trials[0].key)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../../escaped", b"x")
    with pytest.raises(StorageError, match="[.][.]"):
        open_trial(path)
    assert not any("escaped" in one.name for one in tmp_path.rglob("*"))


# Claims


def test_a_claim_has_one_owner(tmp_path: Path) -> None:
    """Of many processes that take it at once, one has it."""
    code = f"""
import sys, time
sys.path.insert(0, {str(Path(msim.__file__).parent.parent)!r})
from pathlib import Path
from msim.base.file_lease import take
print(take(Path({str(tmp_path / "claim")!r})), flush=True)
time.sleep(20)
"""
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    try:
        answers = [one.stdout.readline().strip() for one in processes if one.stdout]
        assert sorted(answers) == ["False", "False", "False", "True"]
        assert is_alive(tmp_path / "claim") and not take(tmp_path / "claim")
    finally:
        for one in processes:
            one.kill()
            one.communicate()
    assert not is_alive(tmp_path / "claim") and take(tmp_path / "claim")
    assert token() in (tmp_path / "claim").read_text(encoding="utf-8")


def test_an_owner_elsewhere_is_dead_after_a_silence(tmp_path: Path) -> None:
    claim = tmp_path / "claim"
    claim.write_text(json.dumps({"owner": "elsewhere-1-2"}), encoding="utf-8")
    assert is_alive(claim) and not take(claim)
    os.utime(claim, (0, 0))
    assert not is_alive(claim) and take(claim)
