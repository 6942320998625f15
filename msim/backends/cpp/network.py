"""A compiled network on this rank: built, connected, run, read and written as NumPy arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from msim.backends.cpp.build import built
from msim.backends.cpp.library import F64, I32, I64, MEANS, SUMS, U32, Failure, loaded, pointer, view
from msim.backends.cpp.synapse_rows import Row, end_to_end, problem_of_contacts
from msim.backends.cpp.thresholds import event_thresholds
from msim.backends.cpp.validation import fitting, validate_cells, validate_state_names
from msim.backends.mpi import SERIAL, RankGroup
from msim.backends.partition import Partition, by_cell
from msim.base.errors import InputError, nearest
from msim.network.spec import NetworkSpec, Projection

LONGEST_INTERVAL = 1000  # steps; where no delay limits it


@dataclass(frozen=True)
class Outcome:
    """End of a run: status, step, place of a failure (population to rank), and the code given to `tell`."""

    status: int
    step: int
    population: str = ""
    variable: str = ""
    cell: int = -1
    rank: int = 0
    code: int = 0


class CompiledNetwork:
    """The cells of a network that live on this rank.

    spec: the network; precision: of states, 'double' or 'single'; strict: Brian2's order of operations, slower
    ranks: the communicator, or one rank; partition: by default even in cells
    interval: steps between exchanges of spikes; by default the shortest delay between ranks
    raises: InputError where the network cannot be built
    """

    def __init__(
        self,
        spec: NetworkSpec,
        seed: int = 1,
        precision: str = "double",
        comm: Any = None,
        *,
        strict: bool = False,
        partition: Partition | None = None,
        interval: int | None = None,
    ) -> None:
        self.spec, self.seed, self.precision = spec, seed, precision
        self.ranks = RankGroup.of(comm) if comm is not None else SERIAL
        self.partition = partition or by_cell({one.name: np.ones(one.size) for one in spec.cells}, self.ranks.size)
        validate_cells(self.partition, spec, self.ranks.size)
        self.built = self.ranks.first_alone(lambda: built(spec, precision, strict))
        self.layout = self.built.layout
        self.real = np.float64 if precision == "double" else np.float32
        self.lane = np.int64 if precision == "double" else np.int32
        self.library = loaded(self.built.library)
        self._engine = self.library.new(seed, spec.step)
        self.names = [one.name for one in spec.cells]
        self.projections = [one.name for one in spec.ordered_projections()]
        self.bytes_of_synapses: dict[str, int] = {}
        self.local = {one: self.partition.local(one, self.ranks.rank) for one in self.names}
        self._remote_shortest = LONGEST_INTERVAL
        self._asked_interval = interval
        self.rates: dict[str, Any] = {}
        self._settled = False
        self._traced: dict[str, int] = {}
        self._kept: dict[str, list[int]] = {}
        self._set_up()

    def __del__(self) -> None:
        if getattr(self, "_engine", None):
            self.library.delete(self._engine)
            self._engine = None

    # ---- set-up

    def _set_up(self) -> None:
        for p, one in enumerate(self.spec.cells):
            gid = np.ascontiguousarray(self.local[one.name], dtype=np.uint32)
            self.library.population(self._engine, p, one.size, gid.size, pointer(gid, U32))
            for name, (value, _) in one.constants.items():
                self.set(one.name, name, value)
            for name, value in one.start.items():
                self.set(one.name, name, value)
            for drive in self.spec.drives_of(one.name):
                for name, (value, _) in drive.constants.items():
                    self.set(one.name, name, value)
                self.set_rate(drive.name, drive.rate)
            self._set_limits(p, one.highest_rate * one.size)
        for k, name in enumerate(self.layout["timed"]):
            self._set_timed(k, name)
        for projection in self.spec.projections:
            for name, (value, _) in projection.constants.items():
                self.set_constant(projection.name, name, value)
            validate_state_names(projection.name, projection.start, self._projection(projection.name)[1]["states"])

    def _set_limits(self, p: int, spikes_per_second: float) -> None:
        layout = self.layout["cells"][self.names[p]]
        checked = np.array([layout["arrays"].index(one) for one in layout["states"]], dtype=np.int32)
        window = 1000 * self.spec.step
        self.library.limits(
            self._engine, p, spikes_per_second * window, pointer(checked, ctypes.POINTER(ctypes.c_int)), checked.size
        )

    def _set_timed(self, k: int, name: str) -> None:
        one = self.spec.inputs[name]
        values = np.ascontiguousarray(one.values, dtype=float)
        times, cells = values.shape if values.ndim == 2 else (values.size, 1)
        refine = max(int(2 ** np.ceil(np.log2(8 / self.spec.step * one.step))), 1)
        self.library.timed(self._engine, k, one.step, refine, times, cells, pointer(values, F64))

    # ---- values

    def view(self, population: str, name: str) -> np.ndarray:
        """Return a state or per-cell constant of the local cells, without a copy; valid for the network's life.

        raises: InputError for an unknown name
        """
        p, layout = self._population(population)
        if name not in layout["arrays"]:
            raise InputError(f"{population}: has no array '{name}'{nearest(name, layout['arrays'])}")
        address = self.library.array(self._engine, p, layout["arrays"].index(name))
        return view(address, self.local[population].size, self.real)

    def refractory(self, population: str) -> np.ndarray:
        """Return the steps for which each local cell stays refractory, this one included; without a copy."""
        p, _ = self._population(population)
        return view(self.library.refractory(self._engine, p), self.local[population].size, self.lane)

    def set(self, population: str, name: str, value: Any) -> None:
        """Set a state or constant: one number, or one per cell of the whole population.

        raises: InputError for an unknown name, or for several values of a constant that all cells share
        """
        p, layout = self._population(population)
        if name in layout["scalars"]:
            if np.ndim(value):
                raise InputError(f"{population}.{name}: wants one number for all cells, got {np.size(value)} values")
            self.library.scalars(self._engine, p)[layout["scalars"].index(name)] = float(value)
            return
        wanted = fitting(f"{population}.{name}", value, self.spec.population(population).size)
        self.view(population, name)[:] = wanted[self.local[population]] if wanted.ndim else wanted

    def set_constant(self, projection: str, name: str, value: float) -> None:
        """Set a constant that all synapses of a projection share."""
        s, layout = self._projection(projection)
        if name not in layout["scalars"]:
            raise InputError(f"{projection}: has no constant '{name}'{nearest(name, layout['scalars'])}")
        if np.ndim(value):
            raise InputError(f"{projection}.{name}: wants one number for all synapses, got {np.size(value)}")
        self.library.projection_scalars(self._engine, s)[layout["scalars"].index(name)] = value

    def shared(self, population: str) -> np.ndarray:
        """Return the constants that all cells of a population share, in the order of the layout, without a copy."""
        p, layout = self._population(population)
        return view(self.library.scalars(self._engine, p), len(layout["scalars"]), np.float64)

    def set_rate(self, drive: str, rate: Any) -> None:
        """Set the rate of a drive in Hz: one number, or one per cell of its whole population."""
        one = next((d for d in self.spec.drives if d.name == drive), None)
        if one is None:
            raise InputError(f"network: has no drive '{drive}'{nearest(drive, [d.name for d in self.spec.drives])}")
        p, layout = self._population(one.to)
        mean = fitting(drive, rate, self.spec.population(one.to).size) * self.spec.step
        self.rates[drive] = rate
        per_cell = mean.ndim > 0 and mean.size > 0 and not np.all(mean == mean.flat[0])
        own = mean[self.local[one.to]] if per_cell else mean.reshape(-1)[:1]
        limits = np.ascontiguousarray(event_thresholds(own, one.inputs, one.name))
        self.library.drive(
            self._engine, p, layout["drives"].index(drive), limits.shape[0], int(per_cell), pointer(limits, U32)
        )

    # ---- contacts

    def connect(self, projection: str, row: Callable[[int], Row]) -> None:
        """Draw the contacts onto the local cells.

        row: number of a cell within its population to the contacts onto it; called for local cells only
        raises: InputError for a delay under one step or a source that does not exist
        """
        _, layout = self._projection(projection)
        drawn = [row(int(cell)) for cell in self.local[self.projection(projection).to]]
        self.connect_rows(projection, *end_to_end(drawn, layout["values"]))

    def connect_rows(
        self, projection: str, sizes: np.ndarray, pre: np.ndarray, delay: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> None:
        """Give the contacts onto all local cells at once, one cell after the other.

        sizes: contacts of each local cell; pre: sources within their population; delay: s; values: by name
        raises: InputError for a delay under one step, a source that does not exist, or values that are not as many
        """
        s, layout = self._projection(projection)
        one = self.projection(projection)
        indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        problem = problem_of_contacts(self.spec, one.name, layout["values"], int(indptr[-1]), pre, delay, values)
        # All ranks refuse what one refuses: the others would wait for it.
        for found in self.ranks.all(problem):
            if found:
                raise InputError(found)
        steps = np.floor(delay / self.spec.step + 0.5).astype(np.int32)
        source = np.ascontiguousarray(pre, dtype=np.uint32)
        given = [np.ascontiguousarray(values[name], dtype=float) for name in layout["values"]]
        pointers = (F64 * max(len(given), 1))(*(pointer(each, F64) for each in given))
        self.bytes_of_synapses[projection] = self.library.connect(
            self._engine, s, indptr.size - 1, pointer(indptr, I64), pointer(source, U32), pointer(steps, I32), pointers
        )
        for name in layout["states"]:
            self.synapse_state(projection, name)[:] = one.start.get(name, 0.0)
        self._note_remote(one.origin, source, steps)
        self._settled = False

    def _note_remote(self, origin: str, pre: np.ndarray, steps: np.ndarray) -> None:
        if self.ranks.size == 1 or not steps.size:
            return
        remote = self.partition.owner(origin, self.spec.population(origin).size)[pre] != self.ranks.rank
        if remote.any():
            self._remote_shortest = min(self._remote_shortest, int(steps[remote].min()))

    def contacts(self, projection: str) -> int:
        """Return the number of contacts on this rank."""
        return int(self.library.contacts(self._engine, self._projection(projection)[0]))

    def read_contacts(self, projection: str) -> dict[str, np.ndarray]:
        """Return 'source', 'target' (numbers in their populations), 'delay' (steps) and values of local contacts."""
        s, layout = self._projection(projection)
        one = self.projection(projection)
        n = self.contacts(projection)
        source, target, delay = np.empty(n, np.uint32), np.empty(n, np.uint32), np.empty(n, np.int32)
        values = np.empty((max(len(layout["values"]), 1), n))
        self.library.read_contacts(
            self._engine, s, pointer(source, U32), pointer(target, U32), pointer(delay, I32),
            pointer(values, F64),
        )  # fmt: skip
        given = {name: values[k] for k, name in enumerate(layout["values"])}
        return {"source": source, "target": self.local[one.to][target], "delay": delay, **given}

    def synapse_state(self, projection: str, name: str) -> np.ndarray:
        """Return a state of the contacts on this rank, in the order of `read_contacts`, without a copy."""
        s, layout = self._projection(projection)
        if name == "lastupdate" and layout["keeps_time"]:
            return view(self.library.last_update(self._engine, s), self.contacts(projection), np.float64)
        if name not in layout["states"]:
            raise InputError(f"{projection}: has no state '{name}'{nearest(name, layout['states'])}")
        address = self.library.state(self._engine, s, layout["states"].index(name))
        return view(address, self.contacts(projection), self.real)

    # ---- running

    @property
    def step(self) -> int:
        """Return the number of steps done so far."""
        return int(self.library.step(self._engine))

    @property
    def interval(self) -> int:
        """Return the number of steps between exchanges of spikes."""
        self.settle()
        return self._interval

    def settle(self) -> None:
        """Settle with the other ranks the interval of exchanges.

        raises: InputError where the chosen interval is longer than the shortest delay between ranks
        """
        if self._settled:
            return
        shortest = self.ranks.smallest(self._remote_shortest)
        if self._asked_interval is not None and not 1 <= self._asked_interval <= shortest:
            raise InputError(
                f"interval: wants 1 to {shortest} steps, the shortest delay between ranks, got {self._asked_interval}"
            )
        self._interval = self._asked_interval or shortest
        ranks = self.ranks
        self.library.exchange(self._engine, ranks.rank, ranks.size, self._interval, *ranks.addresses())
        self._settled = True

    def run(self, steps: int) -> Outcome:
        """Run a number of steps; all ranks have to call this alike, any number of times.

        returns: the end of the run, the same on all ranks
        """
        self.settle()
        self.library.run(self._engine, steps)
        found: Failure = self.library.failure(self._engine).contents
        if found.status == 0:
            return Outcome(0, self.step)
        name = self.names[found.population] if found.population >= 0 else ""
        arrays = self.layout["cells"][name]["arrays"] if name else []
        variable = arrays[found.variable] if found.variable >= 0 else ""
        return Outcome(
            min(found.status, 4), found.step, name, variable, found.cell, max(found.rank, 0), max(found.status - 4, 0)
        )

    def tell(self, code: int = 0) -> None:
        """Request that all ranks stop at their next exchange; another thread may call this."""
        self.library.tell(self._engine, code)

    def spikes(self, population: str) -> tuple[np.ndarray, np.ndarray]:
        """Return steps and cells (within the population) of all kept spikes of local cells; copies."""
        p, _ = self._population(population)
        steps, cells = I64(), U32()
        n = self.library.spikes(self._engine, p, ctypes.byref(steps), ctypes.byref(cells))
        return view(steps, n, np.int64).copy(), view(cells, n, np.uint32).astype(np.int32)

    def clear_spikes(self) -> None:
        """Forget the spikes kept so far."""
        for p in range(len(self.names)):
            self.library.clear_spikes(self._engine, p)

    def clear_samples(self) -> None:
        """Forget the means and traces kept so far; sums go on."""
        self.library.clear_samples(self._engine)

    def keep_spikes(self, keep: bool) -> None:
        """Set whether spikes are kept from now on."""
        for p in range(len(self.names)):
            self.library.keep_spikes(self._engine, p, int(keep))

    # ---- watching

    def watch(self, begin: int, half: int, every: int, keep: Mapping[str, Sequence[int]] | None = None) -> None:
        """Record the watched expressions from step `begin` on, at every step that `every` divides, anew.

        half: step from which on sums go to the second half
        keep: population to SUMS, MEANS, TRACES or a sum of these for each watched expression; SUMS if left out
        raises: InputError where samples are not at least a step apart
        """
        if every < 1:
            raise InputError(f"watch: wants samples every 1 or more steps, got {every}")
        self.library.watch(self._engine, begin, half, every)
        for p, one in enumerate(self.spec.cells):
            self._kept[one.name] = [keep[one.name][w] if keep else SUMS for w in range(len(one.watched))]
            for w, kept in enumerate(self._kept[one.name]):
                self.library.keep(self._engine, p, w, kept)

    def trace(self, population: str, cells: Sequence[int]) -> None:
        """Choose the cells (numbers in the whole population) whose traces are kept; each rank keeps those it holds."""
        p, _ = self._population(population)
        local = np.flatnonzero(np.isin(self.local[population], cells)).astype(np.uint32)
        self._traced[population] = local.size
        self.library.trace(self._engine, p, pointer(local, U32), local.size)

    def sums(self, population: str) -> np.ndarray:
        """Return the sums of the watched expressions, shape (watched, halves, local cells)."""
        p, _ = self._population(population)
        n = self.local[population].size
        found = [
            [view(self.library.sum(self._engine, p, w, half), n, np.float64).copy() for half in (0, 1)]
            for w in range(len(self.spec.cells[p].watched))
        ]
        return np.array(found).reshape(len(found), 2, n)

    def exact_sums(self, population: str, watched: int) -> list[int]:
        """Return the sum over local cells of a watched expression at every sample, in units of 2^-100.

        The sums are exact, so that the total over ranks does not depend on the partition.
        raises: InputError where `watch` did not keep MEANS of it
        """
        p, _ = self._population(population)
        if not self._kept.get(population, [0] * (watched + 1))[watched] & MEANS:
            raise InputError(f"{population}: wants means of watched expression {watched} kept, they were not")
        n = self.library.samples(self._engine)
        words = view(self.library.means(self._engine, p, watched), 2 * n, np.int64)
        return [(int(high) << 64) + (int(low) & 0xFFFFFFFFFFFFFFFF) for low, high in words.reshape(n, 2)]

    def traces(self, population: str, watched: int) -> np.ndarray:
        """Return a watched expression of the local traced cells, shape (samples, cells)."""
        p, _ = self._population(population)
        n = ctypes.c_int64()
        address = self.library.traced(self._engine, p, watched, ctypes.byref(n))
        cells = self._traced.get(population, 0)
        samples = n.value // cells if cells else int(self.library.samples(self._engine))
        return view(address or 0, n.value, self.real).copy().reshape(samples, cells)

    # ---- names

    def projection(self, projection: str) -> Projection:
        """Return the projection with this name."""
        return next(one for one in self.spec.projections if one.name == projection)

    def _population(self, name: str) -> tuple[int, dict[str, Any]]:
        if name not in self.names:
            raise InputError(f"network: has no population '{name}'{nearest(name, self.names)}")
        return self.names.index(name), self.layout["cells"][name]

    def _projection(self, name: str) -> tuple[int, dict[str, Any]]:
        if name not in self.projections:
            raise InputError(f"network: has no projection '{name}'{nearest(name, self.projections)}")
        return self.projections.index(name), self.layout["projections"][name]
