"""Spikes of all probes as one table that is read a part at a time from where the spikes lie."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from msim.recording.recorder import ProbeRow
from msim.recording.spool import Series

ABOUT: dict[str, dict[str, Any]] = {
    "spike_time": {"units": "s", "long_name": "time since the start of the probe"},
    "cell": {"long_name": "cell within its population"},
    "population": {"long_name": "population"},
    "probe_of_spike": {"long_name": "probe in which the spike fell"},
}
DTYPES = {"spike_time": float, "cell": np.int32, "population": np.int8, "probe_of_spike": np.int16}

# Times, cells, number of the population, number of the probe.
Train = tuple[Series, Series, int, int]


def spike_table(probes: Sequence[ProbeRow], populations: Sequence[str]) -> dict[str, xr.Variable]:
    """Lay out all spikes of all probes, probe by probe and in the order of the populations; nothing is read yet."""
    trains: list[Train] = [
        (*probe.spikes[name], number, index)
        for index, probe in enumerate(probes)
        for number, name in enumerate(populations)
    ]
    pick: dict[str, Callable[[Train, slice], Any]] = {
        "spike_time": lambda train, own: train[0][own],
        "cell": lambda train, own: train[1][own],
        "population": lambda train, own: train[2],
        "probe_of_spike": lambda train, own: train[3],
    }
    found = {}
    for name, about in ABOUT.items():
        more = {"populations": list(populations)} if name == "population" else {}
        # A table without any probe has always been one of floats.
        column = _Column(trains, pick[name], np.dtype(DTYPES[name] if trains else float))
        found[name] = xr.Variable("spike", indexing.LazilyIndexedArray(column), {**about, **more})
    return found


class _Column(BackendArray):
    """One column of the table, as xarray reads arrays from files."""

    def __init__(self, trains: Sequence[Train], pick: Callable[[Train, slice], Any], dtype: np.dtype[Any]) -> None:
        self.trains, self.pick, self.dtype = trains, pick, dtype
        self.ends = np.cumsum([train[0].size for train in trains], dtype=int).tolist()
        self.shape = (self.ends[-1] if self.ends else 0,)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        if not isinstance(key[0], slice):
            return self._between(int(key[0]), int(key[0]) + 1)[0]
        start, stop, step = key[0].indices(self.shape[0])  # xarray asks for rising ones only
        return self._between(start, stop)[::step]

    def _between(self, start: int, stop: int) -> np.ndarray:
        found = np.empty(max(0, stop - start), dtype=self.dtype)
        for part in range(bisect_right(self.ends, start), len(self.ends)):
            first = self.ends[part - 1] if part else 0
            low, high = max(start, first), min(stop, self.ends[part])
            if first >= stop:
                break
            found[low - start:high - start] = self.pick(self.trains[part], slice(low - first, high - first))
        return found
