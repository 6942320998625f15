"""One recorded variable of all trials of a sweep as an array that reads a trial's file when its values are used."""

from __future__ import annotations

from typing import Any

import numpy as np
import zarr
from xarray.backends import BackendArray
from xarray.core import indexing

from msim.base.errors import StorageError
from msim.storage.trial_file import opened
from msim.storage.trial_store import TrialStore, whole_trial


def trial_values(store: TrialStore, keys: np.ndarray, part: str, name: str, shape: tuple[int, ...]) -> Any:
    """Return the values of a variable, dims those of `keys` and then its own; NaN where a trial is not done.

    part: dataset of the trials; shape: of the variable in each of them
    """
    return indexing.LazilyIndexedArray(_TrialValues(store, keys, part, name, shape))


class _TrialValues(BackendArray):
    """Backend array through which xarray reads values of single trials."""

    def __init__(self, store: TrialStore, keys: np.ndarray, part: str, name: str, own: tuple[int, ...]) -> None:
        self.store, self.keys, self.part, self.name, self.own = store, keys, part, name, own
        self.shape = (*keys.shape, *own)
        self.dtype = np.dtype(float)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        """Return the values at integers, slices and arrays of indices, each along its own dimension."""
        spans = [np.atleast_1d(np.arange(size)[one]) for one, size in zip(key, self.shape, strict=True)]
        lead, own = spans[: self.keys.ndim], spans[self.keys.ndim :]
        chosen = self.keys[np.ix_(*lead)]
        values = np.full([len(one) for one in spans], np.nan)
        read: dict[str, np.ndarray] = {}
        for place in np.ndindex(*chosen.shape):
            trial = str(chosen[place])
            if trial not in read and self.store.trial(trial).is_file():
                read[trial] = self._trial(trial)[np.ix_(*own)] if own else self._trial(trial)
            if trial in read:
                values[place] = read[trial]
        drop = tuple(axis for axis, one in enumerate(key) if isinstance(one, (int, np.integer)))
        return values.squeeze(axis=drop) if drop else values

    def _trial(self, key: str) -> np.ndarray:
        path = whole_trial(self.store, key)
        with opened(path) as group:
            try:
                array: Any = group[f"{self.part}/{self.name}"]
            except KeyError:
                return np.full(self.own, np.nan)
            if not isinstance(array, zarr.Array) or array.shape != self.own:
                raise StorageError(f"{path}: {self.name} has another shape than in the first trial of its sweep")
            return np.asarray(array[...], dtype=float)
