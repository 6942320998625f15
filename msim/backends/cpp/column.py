"""Target 'cpp': a model's spiking cells in a compiled library, alone or shared between ranks."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from msim.backends.cpp.burst_pieces import Fields, Spikes, SpooledPieces, Tally, piece_lengths
from msim.backends.cpp.checkpoint import captured, restore
from msim.backends.cpp.library import MEANS, NOT_FINITE, RUNAWAY, SUMS
from msim.backends.cpp.network import CompiledNetwork, Outcome
from msim.backends.cpp.parameter_updates import weights_of, write_parameters
from msim.backends.failures import not_finite, validate_rates
from msim.backends.fast_network import Burst, FastNetwork, NetworkState, Recorded
from msim.backends.mpi import RankGroup
from msim.backends.partition import partitioned
from msim.backends.progress import burst_progress
from msim.backends.whole_burst import checked_averages
from msim.base.errors import SimulationError
from msim.definitions.models.model import ModelDefinition
from msim.network.column_plan import SAMPLE_STEP, SAMPLE_STEPS, STEP, ColumnPlan, Weights, column_plan
from msim.recording.spool import SpoolFile

UNIT = 2.0**-100  # of exact sums


class CompiledColumn(FastNetwork):
    """The cells of a model that this rank holds; on rank 0 its bursts cover the cells of all ranks.

    All ranks make and use it alike. It keeps its state between bursts.
    in_step: whether no rank waits for this one, so that it may raise any exception
    """

    in_step = True

    def __init__(
        self, plan: ColumnPlan, ranks: RankGroup, partition: str = "cell", interval: int | None = None,
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
        self.sum_peaks(self._connected())
        self.network.settle()

    def sum_peaks(self, weights: Iterable[Weights]) -> None:
        """Sum the peak conductances of all contacts of each cell, S; all ranks have to call this.

        weights: of all projections, with targets among the local cells
        """
        sizes = {name: cells.size for name, cells in self.network.local.items()}
        self.full_peak = self._gather(self.plan.full_peaks(sizes, weights))

    def update_parameters(self, model: ModelDefinition) -> None:
        self.take_plan(column_plan(model, self.plan.seed))

    def take_plan(self, plan: ColumnPlan) -> None:
        """Take the numbers of another plan of the same cells and wiring; all ranks have to call this."""
        write_parameters(self.network, self.plan, plan)
        self.plan = plan
        self.sum_peaks(weights_of(self.network, plan))

    def _connected(self) -> Iterator[Weights]:
        """Draw the contacts of all projections; yield the local places of their targets, and their weights."""
        for projection in self.plan.spec.projections:
            local = [int(one) for one in self.network.local[projection.to]]
            sizes, drawn = self.plan.contacts(projection.name, local)
            self.network.connect_rows(projection.name, sizes, drawn.pre, drawn.delay, {"weight": drawn.weight})
            yield projection.name, np.repeat(np.arange(sizes.size), sizes), drawn.weight

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        self.network.set(population, f"{receptor}_{name}", values)

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        kept: list[tuple[Spikes, Fields]] = []
        whole = [round((burn_in + seconds) / STEP)]
        halves = self._run(burn_in, seconds, whole, keep_field, lambda *piece: kept.append(piece))
        return Burst(seconds, halves, *(kept[0] if kept else ({}, {})), 1 / SAMPLE_STEP)

    def recorded(self, burn_in: float, seconds: float, file: SpoolFile) -> Recorded:
        kept = SpooledPieces(file)
        halves = self._run(burn_in, seconds, piece_lengths(burn_in, seconds), True, kept.take)
        return Recorded(Burst(seconds, halves, {}, {}, 1 / SAMPLE_STEP), kept.spikes, kept.field)

    def _run(
        self, burn_in: float, seconds: float, lengths: Iterable[int], keep_field: bool,
        take: Callable[[Spikes, Fields], None],
    ) -> dict[str, np.ndarray]:  # fmt: skip
        """Run a burst in pieces of given lengths in steps; the sums behind its averages run on through all pieces.

        take: called on rank 0 with the spikes and fields of every piece
        returns: averages over the halves, on rank 0
        """
        self.in_step = False
        network = self.network
        began_at, began = network.step, network.step + round(burn_in / STEP)
        self._watch(began, seconds, keep_field)
        tally = Tally(self.plan, began, seconds)
        with burst_progress(lambda: (network.step - began_at) * STEP, burn_in + seconds, self.report_burst):
            for steps in lengths:
                network.clear_spikes()
                network.clear_samples()
                outcome = self._advance(steps)
                spikes = self._spikes()
                if outcome.status and not self.ranks.rank:
                    self.in_step = True
                    self._stop(outcome, tally.with_last(spikes))
                if outcome.status:
                    return {}
                field = self._field() if keep_field else {}
                if not self.ranks.rank:
                    take(tally.take(spikes), field)
        sums = self._gather({(name, "sums"): np.moveaxis(network.sums(name), 2, 0) for name in self.populations})
        self.in_step = True
        return {} if self.ranks.rank else self._averages(tally, {name: sums[name, "sums"] for name in self.populations})

    def _watch(self, began: int, seconds: float, keep_field: bool) -> None:
        half = began + round(seconds / 2 / STEP) - SAMPLE_STEPS // 2
        fields = {name: self.plan.named.field(name) if keep_field else () for name in self.populations}
        keep = {
            name: [SUMS + (MEANS if one in fields[name] else 0) for one in self.summed[name]]
            for name in self.populations
        }
        self.network.watch(began - SAMPLE_STEPS // 2, half, SAMPLE_STEPS, keep)

    def _advance(self, steps: int) -> Outcome:
        end = self.network.step + steps
        outcome = self.network.run(steps)
        while outcome.code and self.ranks.size == 1:
            # What answers the signal raises, or lets the burst go on to where the trial can be kept.
            signal.raise_signal(outcome.code)
            outcome = self.network.run(end - self.network.step)
        return outcome

    def state(self) -> NetworkState | None:
        return captured(self.network)

    def restore(self, state: NetworkState | None) -> None:
        restore(self.network, state)

    def _averages(self, tally: Tally, sums: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compute the averages over the halves of a burst, by address, each of shape (2, cells).

        sums: shape (cells, watched, halves)
        """
        halves: dict[str, np.ndarray] = {}
        span = (tally.began * STEP, tally.seconds)
        for name in self.populations:
            # Laid out alike however many ranks there are: NumPy's sums go by the order in memory.
            whole = np.ascontiguousarray(np.moveaxis(sums[name], 0, 2))
            own = dict(zip(self.summed[name], whole, strict=True)).__getitem__
            averages = checked_averages(self.plan, name, own, tally.counts[name], span, self.full_peak)
            if name in tally.runaways:
                raise tally.runaways[name]
            halves.update(averages)
        return halves

    def _stop(self, outcome: Outcome, spikes: Spikes) -> None:
        """Raise the error that ended a burst; only rank 0 calls this."""
        time = outcome.step * STEP
        if outcome.status == NOT_FINITE:
            window = 1000 * STEP
            address = f"{outcome.population}.{outcome.variable}"
            raise not_finite(address, outcome.cell, 1, (max(0.0, time - window), time + STEP))
        if outcome.status == RUNAWAY:
            name = outcome.population
            size = self.plan.spec.population(name).size
            validate_rates(name, (spikes[name][0] * STEP, spikes[name][1]), size, self.plan.highest_rates[name], 0.0)
            raise SimulationError(f"population '{name}' ran away before {time:.3f} s of spiking")
        if outcome.code:
            signal.raise_signal(outcome.code)
        raise SimulationError(f"stopped at {time:.3f} s of spiking")

    # ---- all cells from those of every rank

    def _spikes(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return steps and cells of all spikes since the last clearing, sorted by step and cell; on rank 0."""
        parts = self.ranks.gathered({name: self.network.spikes(name) for name in self.populations})
        found = {}
        for name in self.populations if parts else ():
            steps, cells = (np.concatenate([part[name][k] for part in parts]) for k in (0, 1))
            order = np.lexsort((cells, steps))
            found[name] = (steps[order], cells[order])
        return found

    def _gather(self, local: dict[tuple[str, Any], np.ndarray]) -> dict[tuple[str, Any], np.ndarray]:
        """Join arrays over local cells into arrays over all cells, cells first; on rank 0, empty on the others."""
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
        """Return the current that makes the field, its mean over cells at every sample, A; on rank 0."""
        named = self.plan.named
        watched = {name: [self.summed[name].index(one) for one in named.field(name)] for name in self.populations}
        parts = self.ranks.gathered(
            {name: [self.network.exact_sums(name, w) for w in watched[name]] for name in self.populations}
        )
        return {
            name: _exact_total([part[name] for part in parts]) * (UNIT / self.plan.spec.population(name).size)
            for name in (self.populations if parts else ())
        }


def _exact_total(parts: Sequence[list[list[int]]]) -> np.ndarray:
    """Add sums over ranks and currents, sample by sample, and round once."""
    columns = [current for part in parts for current in part]
    return np.array([float(sum(values)) for values in zip(*columns, strict=True)])
