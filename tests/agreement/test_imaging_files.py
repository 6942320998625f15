"""Files of signals as nibabel, nilearn and MNE read them, and connectivity against NumPy and SciPy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, detrend, sosfiltfilt

from msim.base.errors import InputError, StorageError
from msim.brain.connectome import read_connectome
from msim.definitions.files.read import shipped
from msim.imaging.bids import Derivatives, start_derivatives, write_connectivity, write_scan
from msim.imaging.bids_task import write_estimates, write_events
from msim.imaging.connectivity import Band, between, filtered, functional_connectivity, similarity
from msim.imaging.fields import evoked_of, raw_of, write_evoked, write_raw
from msim.imaging.glm import estimated
from msim.imaging.parcels import AFFINE, parcel_voxels, parcels_axis
from msim.imaging.scan import Label, Scan

nibabel = pytest.importorskip("nibabel", reason="wants the extra 'imaging'")
mne = pytest.importorskip("mne", reason="wants the extra 'imaging'")

BRAIN = read_connectome(shipped("models") / "brains" / "brain19")
CENTERS = np.array([one.center_mm for one in BRAIN.regions])
VOLUMES = np.array([one.volume_mm3 for one in BRAIN.regions])
TR = 2.2


def scan(volumes: int = 164, task: str = "rest") -> Scan:
    """Correlated noise: three sources mixed into all regions."""
    random = np.random.default_rng(11)
    mixing = random.standard_normal((3, len(BRAIN.names)))
    signal = random.standard_normal((volumes, 3)) @ mixing + random.standard_normal((volumes, len(BRAIN.names)))
    return Scan(Label("01", task, "pre"), BRAIN.names, signal, TR)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Derivatives:
    axis = parcels_axis(BRAIN.names, CENTERS, VOLUMES)
    return start_derivatives(tmp_path_factory.mktemp("derivatives"), "brain19", axis, {"Name": "a test"})


def test_parcels_do_not_share_voxels_and_lie_around_their_centres() -> None:
    voxels = parcel_voxels(CENTERS, VOLUMES)
    every = np.concatenate(voxels)
    assert len(np.unique(every, axis=0)) == len(every)
    for one, center in zip(voxels, CENTERS, strict=True):
        places = one @ AFFINE[:3, :3].T + AFFINE[:3, 3]
        left = places[places[:, 0] < 0]
        assert np.linalg.norm(left.mean(axis=0) - center) < 10


def test_a_scan_comes_back_from_both_files_as_it_went(folder: Derivatives) -> None:
    one = scan()
    paths = write_scan(folder, one)
    image = nibabel.load(paths["ptseries"])
    assert image.get_fdata() == pytest.approx(one.signal, rel=1e-6)
    series, parcels = (image.header.get_axis(index) for index in (0, 1))
    assert list(parcels.name) == list(BRAIN.names) and (series.step, series.unit) == (TR, "SECOND")
    assert image.nifti_header.get_intent()[0] == "ConnParcelSries"
    assert all(len(one.voxels[index]) for index, one in enumerate([parcels] * len(BRAIN.names)))
    header, *rows = paths["tsv"].read_text().splitlines()
    assert header.split("\t") == list(BRAIN.names)
    assert np.array([row.split("\t") for row in rows], dtype=float) == pytest.approx(one.signal, rel=1e-6)
    assert json.loads(paths["json"].read_text())["RepetitionTime"] == TR
    description = json.loads((folder.root / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative" and description["GeneratedBy"][0]["Name"] == "msim"


def test_connectivity_is_that_of_scipy_and_numpy(folder: Derivatives) -> None:
    """The same filter by hand, then NumPy's correlation."""
    one, band = scan(), Band()
    sos = butter(5, [band.low, band.high], "bandpass", fs=1 / TR, output="sos")
    by_hand = np.arctanh(np.corrcoef(sosfiltfilt(sos, detrend(one.signal, axis=0), axis=0).T) - np.eye(19))
    z = functional_connectivity(one)
    assert np.corrcoef(z[np.triu_indices(19, 1)], by_hand[np.triu_indices(19, 1)])[0, 1] > 0.98
    assert z == pytest.approx(np.arctanh(np.corrcoef(filtered(one, band).T) - np.eye(19)), abs=1e-6)
    matrix = nibabel.load(write_connectivity(folder, one.label, BRAIN.names, z)["pconn"])
    assert matrix.get_fdata() == pytest.approx(z, abs=1e-6)


def test_the_band_keeps_what_is_in_it_and_nothing_else() -> None:
    """Sines in the middle of the band and beyond it, away from the edges of the scan."""
    times = np.arange(600) * TR
    sines = np.stack([np.sin(2 * np.pi * hz * times) for hz in (0.03, 0.18)], axis=1)
    kept = filtered(Scan(Label("01", "rest"), ("slow", "fast"), sines, TR), Band())[100:-100]
    assert kept.std(axis=0) / sines.std(axis=0) == pytest.approx([1, 0], abs=0.05)


def test_means_over_systems_take_each_pair_once() -> None:
    z = np.arange(16.0).reshape(4, 4)
    z = (z + z.T) / 2
    one, other = np.array([True, True, False, False]), np.array([False, False, True, True])
    assert between(z, one, other) == pytest.approx(np.mean([z[0, 2], z[0, 3], z[1, 2], z[1, 3]]))
    assert between(z, one, one) == pytest.approx(z[0, 1])
    with pytest.raises(InputError, match="one pair"):
        between(z, np.array([True, False, False, False]), np.array([True, False, False, False]))
    assert similarity(z, 3 * z + 1) == pytest.approx(1)


def test_dipoles_come_back_from_mne_as_they_went(tmp_path: Path) -> None:
    """Raw to the last bit, an average in single precision."""
    moment = 1e-8 * np.random.default_rng(3).standard_normal((2, 500))
    write_raw(tmp_path / "s_raw.fif", raw_of(("S1", "VIS"), moment, 500.0))
    again = mne.io.read_raw_fif(tmp_path / "s_raw.fif", verbose="error")
    assert (again.get_data() == moment).all() and again.ch_names == ["S1", "VIS"] and again.info["sfreq"] == 500
    assert set(again.get_channel_types()) == {"dipole"}
    write_evoked(tmp_path / "s-ave.fif", evoked_of(("S1", "VIS"), moment, 500.0, -0.1, 40))
    (mean,) = mne.read_evokeds(tmp_path / "s-ave.fif", verbose="error")
    assert mean.data == pytest.approx(moment, rel=1e-6, abs=1e-16) and mean.nave == 40
    assert mean.times[0] == pytest.approx(-0.1)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: Scan(Label("0 1", "rest"), BRAIN.names, np.ones((5, 19)), TR), "subject: wants letters and digits"),
        (lambda: Scan(Label("01", "rest"), BRAIN.names, np.ones((5, 18)), TR), "(volumes, 19)"),
        (lambda: Scan(Label("01", "rest"), BRAIN.names, np.full((5, 19), np.nan), TR), "in region 'sgACC'"),
        (lambda: Scan(Label("01", "rest"), BRAIN.names, np.ones((5, 19)), 0.0), "TR above 0 s"),
        (lambda: functional_connectivity(scan(20)), "lasts 44 s, but 0.009 Hz wants at least 222.2 s"),
        (lambda: functional_connectivity(scan(), Band(0.01, 0.3)), "0.2273 Hz, half of the sampling rate"),
        (lambda: functional_connectivity(Scan(Label("01", "rest"), ("a", "b"), np.ones((200, 2)), TR)),
         "region 'a' and 1 more do not vary"),
        (lambda: parcel_voxels(np.array([[-20.0, 0, 0], [-20.0, 0, 0]]), np.array([9e3, 9e3])), "no voxel of its own"),
        (lambda: write_raw(Path("x.fif"), None), "_raw.fif"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_or_analysed_is_refused(broken, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as refused:
        broken()
    assert message in str(refused.value), str(refused.value)


def test_a_folder_that_holds_something_is_left_alone(folder: Derivatives) -> None:
    with pytest.raises(StorageError, match="does not exist or is empty"):
        start_derivatives(folder.root, "brain19", folder.axis, {})


def test_events_and_betas_come_back_as_they_went(folder: Derivatives) -> None:
    """Events as pandas reads them, betas from both files; a response that was not made is missing."""
    pandas = pytest.importorskip("pandas", reason="wants the extra 'imaging'")
    one = scan(300, "gonogo")
    onsets = {"go_correct": np.arange(4.0, 600.0, 20.0), "nogo_correct": np.arange(12.0, 600.0, 60.0)}
    path = write_events(folder, one.label, onsets, 0.6, {4.0: 0.35})
    table = pandas.read_csv(path, sep="\t")
    assert list(table.columns) == ["onset", "duration", "trial_type", "response_time"]
    assert (np.diff(table.onset) > 0).all() and len(table) == sum(len(times) for times in onsets.values())
    assert table.response_time[0] == 0.35 and table.response_time[1:].isna().all()
    found = estimated(one, onsets, 0.6, {"nogo_correct": 1.0, "go_correct": -1.0})
    paths = write_estimates(folder, one, found, "nogo_minus_go")
    image = nibabel.load(paths["pscalar"])
    assert list(image.header.get_axis(0).name) == [
        "beta_go_correct", "beta_nogo_correct", "nogo_minus_go", "t_nogo_minus_go",
    ]  # fmt: skip
    assert image.nifti_header.get_intent()[0] == "ConnParcelScalr"
    assert image.get_fdata()[:2] == pytest.approx(found.betas, rel=1e-5, abs=1e-6)
    written = pandas.read_csv(paths["tsv"], sep="\t", index_col="region")
    assert list(written.index) == list(BRAIN.names)
    assert written.nogo_minus_go.to_numpy() == pytest.approx(found.contrast, rel=1e-5, abs=1e-6)
