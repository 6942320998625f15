"""The recorder interface that an engine writes to, and a recorder that keeps its contents in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from msim.recording.spool import Series, SpoolFile


@dataclass(frozen=True)
class BurstRow:
    """One line of the log of bursts.

    time: s, start of the burst on the slow clock
    leap: s, from the burst before; error: of that leap, 1 = just within tolerance
    noise: by which sampling noise of this burst is expected to move a state, in units of the tolerance
    firing_rates: Hz, by population; synaptic_currents: A per cell, by population
    """

    time: float
    leap: float
    error: float
    accepted: bool
    noise: float
    seconds: float
    firing_rates: Mapping[str, float]
    synaptic_currents: Mapping[str, float]


@dataclass(frozen=True)
class ProbeRow:
    """All values that one probe recorded.

    cells: quantity to values per cell; spikes: population to (times in s from the probe's start, cells)
    field: population to the current that makes its field, per cell, A, at `field_rate` Hz
    Spikes and fields are as long as the probe, so they may lie in a file.
    """

    time: float
    seconds: float
    cells: Mapping[str, np.ndarray]
    spikes: Mapping[str, tuple[Series, Series]]
    field: Mapping[str, Series]
    field_rate: float


class Recorder(ABC):
    """Interface to which an engine writes its results.

    file: file for arrays that are as long as a probe
    """

    file: SpoolFile

    @abstractmethod
    def samples(self, times: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
        """Keep slow quantities: arrays (times, cells), or (times,) where a quantity has no cells."""

    @abstractmethod
    def burst(self, row: BurstRow) -> None:
        """Keep a line of the log of bursts."""

    @abstractmethod
    def probe(self, row: ProbeRow) -> None:
        """Keep a probe."""


@dataclass
class MemoryRecorder(Recorder):
    """Recorder of mean and spread over cells of samples, all bursts and all probes in memory.

    Spikes and fields of probes are kept in a file.
    """

    times: list[np.ndarray] = field(default_factory=list)
    means: dict[str, list[np.ndarray]] = field(default_factory=dict)
    spreads: dict[str, list[np.ndarray]] = field(default_factory=dict)
    bursts: list[BurstRow] = field(default_factory=list)
    probes: list[ProbeRow] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    file: SpoolFile = field(default_factory=SpoolFile)

    def samples(self, times: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
        for name, array in values.items():
            over_cells = array if array.ndim == 2 else array[:, None]
            self.means.setdefault(name, []).append(over_cells.mean(axis=1))
            if array.ndim == 2:
                self.spreads.setdefault(name, []).append(over_cells.std(axis=1))
        # Last: a trial that is stopped in between has as many whole sets of samples as it has of these.
        self.times.append(np.asarray(times))

    def burst(self, row: BurstRow) -> None:
        self.bursts.append(row)

    def probe(self, row: ProbeRow) -> None:
        self.probes.append(row)
