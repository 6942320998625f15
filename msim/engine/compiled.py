"""Target 'cpp': a model's spiking cells in a compiled library, alone or shared out over ranks."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

import numpy as np

from msim.base.errors import SimulationError
from msim.circuit.connectivity import rows
from msim.engine.burst_averages import CURRENTS
from msim.engine.checkpoint import captured, restore
from msim.engine.column_plan import SAMPLE_STEPS, STEP, ColumnPlan
from msim.engine.cpp.library import MEANS, NOT_FINITE, RUNAWAY, SUMS
from msim.engine.cpp.network import CompiledNetwork, Outcome
from msim.engine.exchange import Ranks
from msim.engine.failures import not_finite, refuse_nonfinite, refuse_runaway
from msim.engine.network import Burst, FastNetwork, NetworkState
from msim.engine.partition import partitioned
from msim.engine.pulse import pulses

UNIT = 2.0**-100  # of exact sums
SAMPLE_STEP = SAMPLE_STEPS * STEP


class CompiledColumn(FastNetwork):
    """The part of a model's cells that lives on this rank; on rank 0 bursts are those of all cells.

    All ranks make and use it alike. Between bursts it keeps its state.
    in_step: whether no rank waits for this one, so that it may raise what it likes
    """

    in_step = True

    def __init__(
        self, plan: ColumnPlan, ranks: Ranks, partition: str = "cell", interval: int | None = None,
        precision: str = "double", strict: bool = False,
    ) -> None:  # fmt: skip
        self.plan, self.ranks = plan, ranks
        regions = {one.name: one.region for one in plan.spec.cells}
        shared_out = partitioned(partition, plan.loads, regions, ranks.size)
        self.network = CompiledNetwork(
            plan.spec, plan.seed, precision, ranks.comm, strict=strict, partition=shared_out, interval=interval
        )
        self.populations = [one.name for one in plan.spec.cells]
        self.summed = {name: list(plan.named.summed(name)) for name in self.populations}
        self._full = {
            (name, receptor): np.full(self.network.local[name].size, plan.drive_peaks.get((name, receptor), 0.0))
            for name in self.populations
            for receptor in {r for (to, r) in self._receptors() if to == name}
        }
        for projection in plan.spec.projections:
            self._connect(projection.name, projection.to)
        gathered = self._gather({key: value for key, value in self._full.items()})
        self.full_peak = gathered
        self.network.settle()

    def _receptors(self) -> set[tuple[str, str]]:
        """Every (population, receptor) that a projection or a drive reaches."""
        found = set(self.plan.drive_peaks)
        for projection in self.plan.spec.projections:
            found |= {(projection.to, receptor) for receptor in self.plan.peaks[projection.name]}
        return found

    def _connect(self, projection: str, to: str) -> None:
        wiring, first = self.plan.wirings[projection]
        sizes, drawn = rows(wiring, self.plan.seed, [int(one) for one in self.network.local[to]], first)
        self.network.connect_rows(projection, sizes, drawn.pre, drawn.delay, {"weight": drawn.weight})
        row = np.repeat(np.arange(sizes.size), sizes)
        for receptor, peak in self.plan.peaks[projection].items():
            own = self._full[to, receptor]
            own += np.bincount(row, drawn.weight * peak, own.size)

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        self.network.set(population, f"{receptor}_{name}", values)

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        self.in_step = False
        network = self.network
        began = network.step + round(burn_in / STEP)
        half = began + round(seconds / 2 / STEP) - SAMPLE_STEPS // 2
        keep = {
            name: [SUMS + (MEANS if keep_field and one in CURRENTS else 0) for one in self.summed[name]]
            for name in self.populations
        }
        network.watch(began - SAMPLE_STEPS // 2, half, SAMPLE_STEPS, keep)
        network.clear_spikes()
        began_at, steps = network.step, round((burn_in + seconds) / STEP)
        with pulses(lambda: (network.step - began_at) * STEP, steps * STEP, self.pulse):
            outcome = network.run(steps)
        spikes = self._spikes()
        if outcome.status and self.ranks.rank:
            return Burst(seconds, {}, {}, {}, 1 / SAMPLE_STEP)
        if outcome.status:
            self.in_step = True
            self._stop(outcome, spikes)
        sums = self._gather({(name, "sums"): np.moveaxis(network.sums(name), 2, 0) for name in self.populations})
        field = self._field() if keep_field else {}
        self.in_step = True
        if self.ranks.rank:
            return Burst(seconds, {}, {}, {}, 1 / SAMPLE_STEP)
        return self._collected(began, seconds, spikes, {name: sums[name, "sums"] for name in self.populations}, field)

    def state(self) -> NetworkState | None:
        return captured(self.network)

    def restore(self, state: NetworkState | None) -> None:
        restore(self.network, state)

    def _collected(
        self, began: int, seconds: float, spikes: dict[str, tuple[np.ndarray, np.ndarray]],
        sums: dict[str, np.ndarray], field: dict[str, np.ndarray],
    ) -> Burst:  # fmt: skip
        halves: dict[str, np.ndarray] = {}
        kept = {}
        start = began * STEP
        samples = round(seconds / 2 / SAMPLE_STEP)
        for name in self.populations:
            times, cells = (spikes[name][0] - began) * STEP, spikes[name][1]
            own = spikes[name][0] >= began
            kept[name] = (times[own], cells[own])
            names = self.summed[name]
            # Laid out alike however many ranks there are: NumPy's sums go by the order in memory.
            means = np.ascontiguousarray(np.moveaxis(sums[name], 0, 2)) / samples
            by_name = dict(zip(names, means, strict=True))
            averages = self.plan.named.averages(name, by_name.__getitem__, kept[name], seconds, self.full_peak)
            for address, values in averages.items():
                refuse_nonfinite(address, values, start, seconds)
            # The burn-in counts too: a network that ran away in it is not at rest after it.
            refuse_runaway(name, (times, cells), means.shape[2], self.plan.highest_rates[name], start)
            halves.update(averages)
        return Burst(seconds, halves, kept, field, 1 / SAMPLE_STEP)

    def _stop(self, outcome: Outcome, spikes: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Raise what ended a burst; to be called on rank 0."""
        time = outcome.step * STEP
        if outcome.status == NOT_FINITE:
            window = 1000 * STEP
            address = f"{outcome.population}.{outcome.variable}"
            raise not_finite(address, outcome.cell, 1, (max(0.0, time - window), time + STEP))
        if outcome.status == RUNAWAY:
            name = outcome.population
            size = self.plan.spec.population(name).size
            refuse_runaway(name, (spikes[name][0] * STEP, spikes[name][1]), size, self.plan.highest_rates[name], 0.0)
            raise SimulationError(f"population '{name}' ran away before {time:.3f} s of spiking")
        if outcome.code:
            signal.raise_signal(outcome.code)
        raise SimulationError(f"stopped at {time:.3f} s of spiking")

    # ---- all cells from those of every rank

    def _spikes(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Steps and cells of all spikes since they were cleared, by step and cell; on rank 0."""
        parts = self.ranks.gathered({name: self.network.spikes(name) for name in self.populations})
        found = {}
        for name in self.populations if parts else ():
            steps, cells = (np.concatenate([part[name][k] for part in parts]) for k in (0, 1))
            order = np.lexsort((cells, steps))
            found[name] = (steps[order], cells[order])
        return found

    def _gather(self, local: dict[tuple[str, Any], np.ndarray]) -> dict[tuple[str, Any], np.ndarray]:
        """Arrays over all cells from those over local ones, cells first; on rank 0, else empty."""
        parts = self.ranks.gathered(local)
        if not parts:
            return {}
        if self.ranks.size == 1:
            return local
        found = {}
        for key, one in local.items():
            whole = np.empty((self.plan.spec.population(key[0]).size, *one.shape[1:]))
            for rank, part in enumerate(parts):
                whole[self.network.partition.local(key[0], rank)] = part[key]
            found[key] = whole
        return found

    def _field(self) -> dict[str, np.ndarray]:
        """Mean absolute synaptic current of a cell at every sample, A; on rank 0."""
        watched = {name: [self.summed[name].index(one) for one in CURRENTS] for name in self.populations}
        parts = self.ranks.gathered(
            {name: [self.network.exact_sums(name, w) for w in watched[name]] for name in self.populations}
        )
        return {
            name: _exact_total([part[name] for part in parts]) * (UNIT / self.plan.spec.population(name).size)
            for name in (self.populations if parts else ())
        }


def _exact_total(parts: Sequence[list[list[int]]]) -> np.ndarray:
    """Sums over ranks and currents, sample by sample, rounded once."""
    columns = [current for part in parts for current in part]
    return np.array([float(sum(values)) for values in zip(*columns, strict=True)])
