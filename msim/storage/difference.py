"""The first difference between two runs that recorded different values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from msim.storage.digest import Digest, Part, bits, is_text
from msim.storage.run_store import STORE, trial_path
from msim.storage.zarr_folder import zarr_folder


def first_difference(left: Digest, right: Digest) -> str:
    """Describe the first difference of two runs, in the order of arm, seed, dataset and variable, or return ''."""
    parts = [{(one.arm, one.seed, one.dataset): one for one in run.parts} for run in (left, right)]
    for key in sorted({*parts[0], *parts[1]}):
        ours, theirs = (one.get(key) for one in parts)
        if ours and theirs:
            if ours.sha256 != theirs.sha256:
                return f"{ours.name}: {_of_parts(left.path, ours, right.path, theirs)}"
        elif alone := ours or theirs:
            return f"{alone.name}: only in {left.path if ours else right.path}"
    return ""


def _of_parts(left: Path, ours: Part, right: Path, theirs: Part) -> str:
    if ours.attributes != theirs.attributes:
        return _of_keys(ours.attributes, theirs.attributes)
    for name in sorted({*ours.variables, *theirs.variables}):
        if name not in ours.variables or name not in theirs.variables:
            return f"{name}: only in {left if name in ours.variables else right}"
        one, other = ours.variables[name], theirs.variables[name]
        if one.about != other.about:
            return f"{name}: {_of_keys(one.about, other.about)}"
        if one.sha256 != other.sha256:
            return f"{name}{_of_values(_values(left, ours, name), _values(right, theirs, name))}"
    return "what was recorded"


def _of_keys(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    key = next(one for one in sorted({*ours, *theirs}) if ours.get(one) != theirs.get(one))
    return f"{key} is {ours.get(key)!r} and {theirs.get(key)!r}"


def _values(run: Path, part: Part, name: str) -> np.ndarray:
    store = run / STORE / trial_path(part.arm, part.seed) / part.dataset
    array: Any = zarr.open_array(zarr_folder(store), path=name, mode="r", zarr_format=3)
    return np.asarray(array[...])


def _of_values(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Describe the first index at which two arrays of one shape and type differ, and both values."""
    first = int(np.argmax(_rows(ours) != _rows(theirs)))
    pair = [values.ravel()[first:first + 1] for values in (ours, theirs)]
    texts = [repr(value.tolist()[0]) for value in pair]
    if texts[0] == texts[1]:
        # Two NaN, say: only their bits tell them apart.
        texts = [f"{text} ({bits(value).hex()})" for text, value in zip(texts, pair, strict=True)]
    return f"{[int(k) for k in np.unravel_index(first, ours.shape)]} is {texts[0]} and {texts[1]}"


def _rows(values: np.ndarray) -> np.ndarray:
    """Return the bits of every value as one object that compares with ==, shape (values,)."""
    if is_text(values):
        return values.ravel().astype(object)
    return np.frombuffer(bits(values), dtype=f"V{values.itemsize}")
