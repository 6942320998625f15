"""Nothing is not counted as something: what is gone from a store is named, and a ratio of roundings is refused."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from small_run import ARMS, SEEDS, TRIALS, about, datasets, started

import msim
from msim.base.errors import InputError, StorageError
from msim.base.rounding import is_constant
from msim.brain.field import effects
from msim.imaging.connectivity import (  # fmt: skip
    LARGEST_Z,
    Band,
    between,
    filtered,
    functional_connectivity,
    similarity,
    validate_finite_z,
)
from msim.imaging.group import Test, against_zero, correlation, paired, unpaired
from msim.imaging.scan import Label, Scan
from msim.report.write import page_of
from msim.storage import run_store
from msim.storage.digest import digest_run
from msim.storage.journal import journal_path, journal_reach, read_journal
from msim.storage.manifest import MANIFEST
from msim.storage.run_store import STORE, finish_run, finished_trials, open_run, start_run, trial_path, write_trial
from msim.storage.trial_file import pack
from msim.storage.trial_store import prepare, whole_trial, write_trial_file
from msim.storage.verify import verify_run
from msim.verdicts.verdict import standardized_effect


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk is not what this is about."""
    monkeypatch.setattr(run_store, "flush", lambda folder: None)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_store, "flush", lambda folder: None)
        return finish_run(started(tmp_path_factory.mktemp("sealed") / "run"))


@pytest.fixture
def run(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "run"))


# Stores

READERS: dict[str, Callable[[Path], object]] = {
    "open_run, and with it judge, plot and tables": open_run, "hash": digest_run, "report": page_of,
    "msim.open_run": msim.open_run,
}  # fmt: skip


def stored_files(run: Path) -> list[Path]:
    return sorted(one for one in (run / STORE).rglob("*") if one.is_file())


@pytest.mark.parametrize("how", ["gone", "empty", "cut", "longer"])
@pytest.mark.parametrize("reader", READERS)
def test_any_file_that_is_gone_or_of_another_size_is_named(reader: str, how: str, run: Path) -> None:
    """Chunk or description, of whichever trial and dataset: nothing opens as 'not a number'. All are tried in turn."""
    files = stored_files(run)
    for path in files[:: max(1, len(files) // 12)]:
        content = path.read_bytes()
        if how == "gone":
            path.unlink()
        else:
            path.write_bytes({"empty": b"", "cut": content[:-1], "longer": content + b"\0"}[how])
        said = "is missing" if how == "gone" else f"and had {len(content)}"
        with pytest.raises(StorageError, match=f"{path.relative_to(run)} .*{said}"):
            READERS[reader](run)
        path.write_bytes(content)
    open_run(run)


def test_a_file_that_is_gone_after_opening_is_named_too(run: Path) -> None:
    opened = open_run(run)
    chunk = next(one for one in stored_files(run) if "ketamine/seed_1/spikes/spike_time/c" in one.as_posix())
    chunk.unlink()
    opened.trial("vehicle", 1, "spikes")
    with pytest.raises(StorageError, match="spike_time/c/0 is missing"):
        opened.trial("ketamine", 1, "spikes")


@pytest.mark.parametrize("name", ["c/9", "zarr.json"])
def test_a_file_that_was_not_written_with_the_run_is_named(name: str, run: Path) -> None:
    """Where Zarr would read it; a note that somebody laid beside does no harm, and verify tells of it."""
    store = run / STORE / trial_path("vehicle", 1)
    (store / "notes.txt").write_text("mine")
    open_run(run)
    assert [one.what for one in verify_run(run)] == ["was not there when the run was finished"]
    more = store / "samples" / "more" / name
    more.parent.mkdir(parents=True)
    more.write_text("{}")
    with pytest.raises(StorageError, match="was not there when it was written"):
        open_run(run)


@pytest.mark.parametrize("manifest", [{}, {"sha256": {}}, {"sha256": [], "bytes": {}}, {"sha256": {"run.zarr/a": "b"}}])
def test_a_manifest_of_nothing_is_no_manifest(manifest: dict[str, object], run: Path) -> None:
    """With it a run without any dataset would verify clean."""
    (run / MANIFEST).write_text(json.dumps(manifest))
    shutil.rmtree(run / STORE / "trials" / ARMS[0])
    for read in (open_run, digest_run):
        with pytest.raises(StorageError):
            read(run)
    try:
        assert any(ARMS[0] in one.where or "run.zarr/a" in one.where for one in verify_run(run))
    except StorageError as problem:
        assert MANIFEST in str(problem)


def test_trials_that_the_manifest_forgot_are_missed_by_verify(run: Path) -> None:
    """The run says which it has."""
    manifest = json.loads((run / MANIFEST).read_text())
    lost = f"{STORE}/{trial_path('vehicle', 1)}/"
    for key in ("sha256", "bytes"):
        manifest[key] = {name: one for name, one in manifest[key].items() if not name.startswith(lost)}
    (run / MANIFEST).write_text(json.dumps(manifest))
    shutil.rmtree(run / lost)
    assert [one.where for one in verify_run(run)] == [lost.rstrip("/")]


@pytest.mark.parametrize("recorded", ["no dataset", "datasets without a value"])
def test_what_recorded_nothing_has_no_hash(recorded: str, tmp_path: Path) -> None:
    """Else any two such runs were the same to the last bit."""
    empty = {} if recorded == "no dataset" else {name: xr.Dataset() for name in datasets(*TRIALS[0])}
    partial = start_run(tmp_path / "run", about())
    for arm, seed in TRIALS:
        write_trial(partial, arm, seed, empty)
    with pytest.raises(StorageError, match="vehicle|ketamine, seed 1.*nothing to hash"):
        digest_run(finish_run(partial))
    with pytest.raises(StorageError, match="nothing to hash"):
        pack(tmp_path / "trial.zip", empty, {"arm": "vehicle", "seed": 1})


def test_a_run_without_trials_has_no_hash(tmp_path: Path) -> None:
    path = finish_run(start_run(tmp_path / "run", {**about(), "seeds": []}))
    with pytest.raises(StorageError, match="holds no trial, so that there is nothing to hash"):
        digest_run(path)


@pytest.mark.parametrize("lost", ["a chunk", "a trial", "the list"])
def test_a_run_is_not_sealed_without_what_was_stored(lost: str, tmp_path: Path) -> None:
    """What was lost between storing a trial and the end of its run, or of a run that is taken up again."""
    partial = started(tmp_path / "run")
    trial = partial.store / trial_path("vehicle", 1)
    if lost == "a trial":
        shutil.rmtree(trial)
    elif lost == "a chunk":
        next(one for one in trial.rglob("c/0") if one.is_file()).unlink()
    else:
        (partial.partial / "written" / "vehicle" / "seed_1.json").unlink()
    with pytest.raises(StorageError, match="vehicle/seed_1: is not what was stored: .*remove this folder"):
        finish_run(partial)
    if lost != "a trial":
        with pytest.raises(StorageError, match="is not what was stored"):
            finished_trials(partial, ARMS, SEEDS)
        shutil.rmtree(trial)
    write_trial(partial, "vehicle", 1, datasets("vehicle", 1))
    assert open_run(finish_run(partial)).seeds == SEEDS


@pytest.mark.parametrize("content", [b"", b"PK", b"nothing"])
def test_a_damaged_journal_is_refused_and_reaches_nowhere(content: bytes, tmp_path: Path) -> None:
    partial = start_run(tmp_path / "run", about())
    path = journal_path(partial, "vehicle", 1)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert journal_reach(partial, "vehicle", 1) is None
    with pytest.raises(StorageError, match="cannot be read"):
        read_journal(partial, "vehicle", 1)


@pytest.mark.parametrize("how", ["cut", "longer", "without a record"])
def test_a_trial_of_a_sweep_is_of_the_size_of_its_record(how: str, tmp_path: Path) -> None:
    store, key = prepare(tmp_path / "sweep"), "a" * 64
    about_it = {"arm": "vehicle", "seed": 1}
    write_trial_file(store, key, lambda path: {"recorded": pack(path, datasets("vehicle", 1), about_it)})
    path = whole_trial(store, key)
    if how == "without a record":
        store.record(key).unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] if how == "cut" else path.read_bytes() + b"\0")
    with pytest.raises(StorageError, match="is not what was stored"):
        whole_trial(store, key)


# Ratios

TR, VOLUMES, REGIONS = 2.2, 300, ("a", "b", "c")


def scan(signal: np.ndarray) -> Scan:
    return Scan(Label("01", "rest"), REGIONS, signal, TR)


def noise(seed: int) -> np.ndarray:
    """A signal as large as BOLD's, shape (volumes, regions)."""
    return np.random.default_rng(seed).normal(0, 0.5, (VOLUMES, len(REGIONS)))


@pytest.mark.parametrize("level", [0.0, 1.0, 1e4])
@pytest.mark.parametrize("size", [0.0, 1e-16, 1e-12, 1e-9])
def test_a_region_that_is_constant_but_for_rounding_has_no_connectivity(size: float, level: float) -> None:
    """Whatever its mean: what is left correlates as rounding happens to, up to a Fisher z of 8."""
    signal = noise(1)
    signal[:, 1] = level * (1 + np.finfo(float).eps * np.sign(signal[:, 1])) + size * signal[:, 0]
    with pytest.raises(InputError, match="region 'b' does not vary beyond rounding"):
        functional_connectivity(scan(signal))
    with pytest.raises(InputError, match="region 'a' and 2 more do not vary"):
        functional_connectivity(scan(1e-12 * noise(2)))


@pytest.mark.parametrize("size", [1e-3, 1.0, 10.0])
def test_what_varies_is_not_refused(size: float) -> None:
    """A hundredth of what scanners resolve is far above rounding; z does not depend on the size."""
    z = functional_connectivity(scan(size * noise(3)))
    np.testing.assert_allclose(z, functional_connectivity(scan(noise(3))), atol=1e-9)
    assert (np.abs(z) < LARGEST_Z).all() and filtered(scan(noise(3)), Band()).std() > 0


@pytest.mark.parametrize("factor", [1.0, -1.0, 3.0, 1 + 1e-12])
def test_regions_of_one_signal_have_no_fisher_z(factor: float) -> None:
    """It has no bound there; both are named."""
    signal = noise(4)
    signal[:, 2] = factor * signal[:, 0]
    with pytest.raises(InputError, match="regions 'a' and 'c' have no Fisher z"):
        functional_connectivity(scan(signal))


@pytest.mark.parametrize("value", [np.nan, np.inf, 8.5, -9.0])
def test_connectivity_that_is_none_is_neither_written_nor_read(value: float) -> None:
    z = np.zeros((3, 3))
    z[0, 2] = z[2, 0] = value
    with pytest.raises(InputError, match="x: regions 'a' and 'c' have no Fisher z"):
        validate_finite_z(z, REGIONS, "x")
    if not np.isfinite(value):
        with pytest.raises(InputError, match="known"):
            between(z, np.array([True, False, False]), np.array([False, False, True]))
    own = np.zeros((3, 3))
    np.fill_diagonal(own, value)
    validate_finite_z(own, REGIONS, "a region with itself has none")


def test_a_matrix_of_one_value_is_like_nothing() -> None:
    upper = np.arange(16.0).reshape(4, 4)
    for flat in (np.full((4, 4), 0.3), 0.3 + np.finfo(float).eps * np.sign(upper - 7)):
        for pair in ((flat, upper), (upper, flat)):
            with pytest.raises(InputError, match="has one value in all pairs"):
                similarity(*pair)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_values_that_differ_by_rounding_are_constant_and_others_are_not(size: float) -> None:
    values = size * np.array([0.1 + 0.2, 0.3, 0.3, 0.1 * 3])
    assert np.ptp(values) > 0 and is_constant(values) and is_constant(np.full(3, size)) and is_constant(np.array([]))
    assert not is_constant(values * [1, 1, 1, 1 + 1e-9])
    assert is_constant(values - values[::-1], size) and not is_constant(values * [1, 2, 1, 1] - values, size)


def test_statistics_of_roundings_are_left_out() -> None:
    """A mean stands without a test, and no number is infinite or a warning."""
    same = np.array([0.1 + 0.2, 0.3, 0.3, 0.1 * 3, 0.3])
    varied = np.array([1.0, 2.0, 4.0, 3.0, 7.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows: list[Test] = [
            against_zero("x", same), paired("x", varied, varied + same), unpaired("x", same, same[::-1]),
            correlation("x", same, varied), correlation("x", varied, same),
        ]  # fmt: skip
    assert all(np.isnan([one.value, one.p, one.effect]).all() for one in rows)
    assert standardized_effect((varied + same) - varied, 7.0) is None and standardized_effect(varied) is not None


def test_a_gradient_along_a_constant_map_is_refused() -> None:
    """Rounding over its own spread would be of size 1."""
    class Connected:
        weights = np.ones((3, 3)) - np.eye(3)
        gradient = np.array([0.1 + 0.2, 0.3, 0.3])

    with pytest.raises(InputError, match="T1w/T2w that differs"):
        effects(Connected(), 0.3, 0.5)  # type: ignore[arg-type]
    np.testing.assert_allclose(effects(Connected(), 0.3, 0.0), 0.15 * Connected.weights)  # type: ignore[arg-type]
