"""What an engine writes to, and a recorder that keeps to memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class BurstRow:
    """One line of the log of bursts.

    time: s, start of the burst on the slow clock
    leap: s, from the burst before; error: of that leap, 1 = just within tolerance
    firing_rates: Hz, by population; synaptic_currents: A per cell, by population
    """

    time: float
    leap: float
    error: float
    accepted: bool
    seconds: float
    firing_rates: Mapping[str, float]
    synaptic_currents: Mapping[str, float]


@dataclass(frozen=True)
class ProbeRow:
    """Everything of one probe.

    cells: quantity to values per cell; spikes: population to (times in s from the probe's start, cells)
    field: population to mean absolute synaptic current per cell, A, at `field_rate` Hz
    """

    time: float
    seconds: float
    cells: Mapping[str, np.ndarray]
    spikes: Mapping[str, tuple[np.ndarray, np.ndarray]]
    field: Mapping[str, np.ndarray]
    field_rate: float


class Recorder(ABC):
    """Where an engine puts what it finds."""

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
    """Keeps mean and spread over cells of samples, all bursts and all probes."""

    times: list[np.ndarray] = field(default_factory=list)
    means: dict[str, list[np.ndarray]] = field(default_factory=dict)
    spreads: dict[str, list[np.ndarray]] = field(default_factory=dict)
    bursts: list[BurstRow] = field(default_factory=list)
    probes: list[ProbeRow] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)

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
