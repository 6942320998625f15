"""The hash of a run: the same for the same record however it is stored, another for every single change of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from small_run import ARMS, TRIALS, about, datasets, sealed_again
from zarr.codecs import BytesCodec

from msim.base.errors import StorageError
from msim.base.settings import with_settings
from msim.storage import digest, run_store
from msim.storage.difference import first_difference
from msim.storage.digest import Digest, digest_run
from msim.storage.run_store import MANIFEST, STORE, finish_run, start_run, trial_path, write_trial

Change = Callable[[dict[str, xr.Dataset]], None]
CHANGED = ("ketamine", 1)
QUANTITY = "eef2k.p_eEF2"
FLOATS = (QUANTITY, "pv.v_cells", "lfp_power", "spike_time", "leap")


def stored(folder: Path, change: Change = lambda found: None, **provenance: Any) -> Path:
    """A whole run in which one trial is changed before it is stored."""
    run = start_run(folder, {**about(), **provenance})
    for arm, seed in TRIALS:
        found = datasets(arm, seed)
        if (arm, seed) == CHANGED:
            change(found)
        write_trial(run, arm, seed, found)
    return finish_run(run)


@pytest.fixture
def plain(tmp_path: Path) -> Digest:
    """The run that others are held against."""
    return digest_run(stored(tmp_path / "plain"))


def sums(found: Digest) -> dict[tuple[str, int, str], str]:
    """The hash of every part."""
    return {(one.arm, one.seed, one.dataset): one.sha256 for one in found.parts}


# The same


def test_provenance_is_not_hashed(tmp_path: Path, plain: Digest) -> None:
    """Another command on another day by another version, with the arms in another order."""
    other = {"versions": {"msim": "9"}, "command": ["x"], "started": "later", "host": "y", "arms": ARMS[::-1]}
    again = digest_run(stored(tmp_path / "again", **other))
    assert again.sha256 == plain.sha256 and first_difference(plain, again) == ""


@pytest.mark.parametrize("rows", [1, 2])
def test_compression_and_chunks_are_not_hashed(
    tmp_path: Path, plain: Digest, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uncompressed, in chunks of one or two along every axis."""

    def write(dataset: xr.Dataset, store: Any, name: str) -> None:
        encoding = {one: {"compressors": None, "chunks": tuple(min(rows, n) for n in dataset[one].shape)}
                    for one in dataset.variables}
        dataset.to_zarr(store, group=name, mode="a", zarr_format=3, consolidated=False, encoding=encoding)

    monkeypatch.setattr(run_store, "write_dataset", write)
    other = stored(tmp_path / "chunked")
    chunks = [sorted(one.relative_to(run) for one in (run / STORE).rglob("c/*")) for run in (other, plain.path)]
    assert len(chunks[0]) > len(chunks[1])
    assert digest_run(other).sha256 == plain.sha256


def test_how_much_is_read_at_a_time_is_not_hashed(
    tmp_path: Path, plain: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no block is larger than what is asked for, where the chunks allow it."""
    sizes: list[int] = []
    bits = digest.bits

    def seen(values: np.ndarray) -> bytes:
        sizes.append(values.nbytes)
        return bits(values)

    def write(dataset: xr.Dataset, store: Any, name: str) -> None:
        encoding = {one: {"chunks": tuple(1 for _ in dataset[one].shape)} for one in dataset.variables}
        dataset.to_zarr(store, group=name, mode="a", zarr_format=3, consolidated=False, encoding=encoding)

    monkeypatch.setattr(run_store, "write_dataset", write)
    path = stored(tmp_path / "chunked")
    monkeypatch.setattr(digest, "bits", seen)
    with with_settings(hashed_bytes=16):
        assert digest_run(path).sha256 == plain.sha256
    assert max(sizes) == 24  # one row of three cells, the smallest that can be read


def test_byte_order_and_words_are_not_hashed(tmp_path: Path, plain: Digest) -> None:
    """A big-endian array holds the same numbers; a long name is for readers."""
    other = stored(tmp_path / "big")
    samples = zarr.open_group(str(other / STORE / trial_path(*CHANGED) / "samples"), mode="r+")
    old: Any = samples[QUANTITY]
    values, attributes = old[...], {**old.attrs, "long_name": "in other words"}
    chunk = chunk_of(other)
    new = samples.create_array(
        QUANTITY, shape=values.shape, dtype=">f8", dimension_names=["time"], overwrite=True, compressors=None,
        serializer=BytesCodec(endian="big"), attributes=attributes,
    )  # fmt: skip
    new[...] = values
    assert chunk.read_bytes() == values.astype(">f8").tobytes() != values.tobytes()
    sealed_again(other)
    assert digest_run(other).sha256 == plain.sha256


def chunk_of(run: Path) -> Path:
    """The one chunk of the sampled quantity of the changed trial."""
    folder = run / STORE / trial_path(*CHANGED) / "samples" / QUANTITY / "c"
    return next(one for one in folder.rglob("*") if one.is_file())


# Another


def flip(name: str) -> Change:
    """Turn the last bit of the last value of a variable."""

    def change(found: dict[str, xr.Dataset]) -> None:
        own = next(one for one in found.values() if name in one.variables)
        values = own[name].values.copy()
        values.reshape(-1)[-1:].view(np.uint8)[0] ^= 1
        own[name] = (own[name].dims, values, own[name].attrs)

    return change


def in_samples(edit: Callable[[xr.Dataset], xr.Dataset]) -> Change:
    """A change of the dataset of samples."""

    def change(found: dict[str, xr.Dataset]) -> None:
        found["samples"] = edit(found["samples"])

    return change


def with_attribute(dataset: str, variable: str, key: str, value: Any) -> Change:
    """Another attribute of a variable, or of a dataset where the variable is ''."""

    def change(found: dict[str, xr.Dataset]) -> None:
        (found[dataset][variable] if variable else found[dataset]).attrs[key] = value

    return change


CHANGES: list[tuple[str, Change, str]] = [
    *((f"a bit of {one}", flip(one), one) for one in (*FLOATS, "time", "cell", "population", "probe_time")),
    ("units", with_attribute("samples", QUANTITY, "units", "mM"), "'mM'"),
    ("populations", with_attribute("spikes", "population", "populations", ["pv", "pyramidal"]), "populations"),
    ("a count of cells", with_attribute("spikes", "", "pv_cells", 7), "pv_cells is None and 7"),
    ("a name", in_samples(lambda one: one.rename({QUANTITY: "eef2k.p"})), "eef2k.p: only in"),
    ("a dimension", in_samples(lambda one: one.rename_dims({"time": "probe"})), "dims is ['time'] and ['probe']"),
    ("a type", in_samples(lambda one: one.assign({QUANTITY: one[QUANTITY].astype("f4", keep_attrs=True)})), "'<f4'"),
    ("a shape", in_samples(lambda one: one.isel(time=slice(3))), "shape is [4] and [3]"),
    ("a variable more", in_samples(lambda one: one.assign(extra=one[QUANTITY])), "extra: only in"),
    ("a dataset less", lambda found: found.pop("bursts") and None, "bursts: only in"),
]


@pytest.mark.parametrize(("change", "said"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES])
def test_every_change_of_the_record_changes_the_hash(
    tmp_path: Path, plain: Digest, change: Change, said: str
) -> None:
    """Of the run and of one part alone; where it is said, trial and variable are named."""
    other = digest_run(stored(tmp_path / "other", change))
    assert other.sha256 != plain.sha256
    differing = dict(set(sums(plain).items()) ^ set(sums(other).items()))
    assert len(differing) == 1 and next(iter(differing))[:2] == CHANGED
    for told in (first_difference(plain, other), first_difference(other, plain)):
        assert told.startswith("ketamine, seed 1, ")
    assert said in first_difference(plain, other)


@pytest.mark.parametrize(("value", "same_number"), [(-0.0, 0.0), (np.uint64(0x7FF8000000000001), np.nan)])
def test_bits_are_bits(tmp_path: Path, value: Any, same_number: float) -> None:
    """A negative zero is not zero, and neither are two kinds of NaN the same."""

    def put(number: Any) -> Change:
        def change(found: dict[str, xr.Dataset]) -> None:
            found["samples"][QUANTITY].values[2] = np.array([number]).view(np.float64)[0]

        return change

    left, right = (digest_run(stored(tmp_path / str(n), put(one))) for n, one in enumerate((value, same_number)))
    assert left.sha256 != right.sha256
    assert f"{QUANTITY}[2] is " in first_difference(left, right)


def test_trials_that_change_places_change_the_hash(tmp_path: Path, plain: Digest) -> None:
    """The same numbers under other names are another record."""
    run = start_run(tmp_path / "swapped", about())
    for (arm, seed), (other_arm, other_seed) in zip(TRIALS, TRIALS[::-1], strict=True):
        write_trial(run, arm, seed, datasets(other_arm, other_seed))
    swapped = digest_run(finish_run(run))
    assert sorted(one.sha256 for one in swapped.parts) == sorted(one.sha256 for one in plain.parts)
    assert swapped.sha256 != plain.sha256


# What is hashed


@pytest.mark.parametrize("dtype", ["f8", "i4", "u2", "c16"])
def test_values_are_hashed_in_little_endian_c_order(dtype: str) -> None:
    """Whatever the order of bytes and axes in memory."""
    values = np.arange(6).reshape(2, 3).astype(f"<{dtype}")
    for same in (values.astype(f">{dtype}"), np.asfortranarray(values), values[:, ::-1][:, ::-1]):
        assert digest.bits(same) == values.tobytes()


def test_the_hash_can_be_computed_by_hand(plain: Digest) -> None:
    """From the description of a variable as compact JSON and its little-endian values."""
    part = next(one for one in plain.parts if (one.arm, one.seed, one.dataset) == (*CHANGED, "samples"))
    values = datasets(*CHANGED)["samples"][QUANTITY].values.astype("<f8")
    described = (
        '{"attributes":{"quantity":"eef2k.p_eEF2","units":"1 (dimensionless)"},"dims":["time"],"dtype":"<f8",'
        '"name":"eef2k.p_eEF2","shape":[4]}'
    )
    by_hand = hashlib.sha256(described.encode() + values.tobytes()).hexdigest()
    assert part.variables[QUANTITY].sha256 == by_hand


def test_every_dataset_of_every_trial_has_a_part(plain: Digest) -> None:
    wanted = {(arm, seed, name) for arm, seed in TRIALS for name in datasets(arm, seed)}
    assert set(sums(plain)) == wanted and list(sums(plain)) == sorted(wanted)
    assert all(set(one.variables) == set(datasets(one.arm, one.seed)[one.dataset].variables) for one in plain.parts)


# Refused


@pytest.mark.parametrize("broken", ["manifest", "trial", "chunk"])
def test_what_cannot_be_read_whole_is_refused(tmp_path: Path, broken: str) -> None:
    """A hash over less than the run would be worse than none."""
    path = stored(tmp_path / "run")
    trial = path / STORE / trial_path(*CHANGED)
    if broken == "manifest":
        (path / MANIFEST).unlink()
    elif broken == "trial":
        trial.rename(tmp_path / "elsewhere")
    else:
        chunk = chunk_of(path)
        chunk.write_bytes(chunk.read_bytes()[:-1] + b"x")
    with pytest.raises(StorageError, match=path.name):
        digest_run(path)
