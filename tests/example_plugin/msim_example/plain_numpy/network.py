"""Cells of a column in NumPy, one step after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from msim_example.plain_numpy.contacts import Contacts
from msim_example.plain_numpy.texts import Values, read

from msim.backends.fast_network import Burst, FastNetwork
from msim.backends.whole_burst import whole_burst
from msim.base.seeds import stream
from msim.definitions.models.model import ModelDefinition
from msim.network.column_plan import SAMPLE_STEPS, STEP, ColumnPlan, Weights, column_plan
from msim.network.spec import Cells, TimedInput

LONG_AGO = -(10**9)  # steps


class PlainNetwork(FastNetwork):
    """All cells of a plan in one process; it keeps its state from burst to burst."""

    def __init__(self, plan: ColumnPlan) -> None:
        self.plan, self.now = plan, 0
        self.random = stream(plan.seed, "events of plain_numpy")
        self.timed = {name: _timed(one) for name, one in plan.spec.inputs.items()}
        self.populations = {one.name: _Population(one) for one in plan.spec.cells}
        self.contacts = {
            one.name: Contacts(one, *plan.contacts(one.name, range(plan.spec.population(one.to).size)), STEP)
            for one in plan.spec.projections
        }
        self.drives = {one.name: compile(one.statements, one.name, "exec") for one in plan.spec.drives}
        self._take(plan)

    def _take(self, plan: ColumnPlan) -> None:
        """Take the values of a plan."""
        self.plan = plan
        self.full_peak = plan.full_peaks({one.name: one.size for one in plan.spec.cells}, self._weights())
        for cells in plan.spec.cells:
            own = self.populations[cells.name]
            own.constants = {name: value for name, (value, _) in cells.constants.items()}
            for drive in plan.spec.drives_of(cells.name):
                own.constants |= {name: value for name, (value, _) in drive.constants.items()}

    def _weights(self) -> Iterator[Weights]:
        for name, one in self.contacts.items():
            yield name, one.target, one.weight

    def update_parameters(self, model: ModelDefinition) -> None:
        plan = column_plan(model, self.plan.seed)
        self.plan.validate_alike(plan)
        self._take(plan)

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        self.populations[population].states[f"{receptor}_{name}"][:] = values

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        first, last = self.now, self.now + round((burn_in + seconds) / STEP)
        began = first + round(burn_in / STEP)
        sampled = began - SAMPLE_STEPS // 2
        half = sampled + round(seconds / 2 / STEP)
        samples: dict[str, list[list[np.ndarray]]] = {name: [[], []] for name in self.populations}
        fired: dict[str, list[tuple[int, int]]] = {name: [] for name in self.populations}
        for self.now in range(first, last):
            for name, spiked in self._step().items():
                fired[name] += [(self.now - began, int(cell)) for cell in np.flatnonzero(spiked)]
            if self.now >= sampled and self.now % SAMPLE_STEPS == 0:
                for name, found in samples.items():
                    found[int(self.now >= half)].append(self._watched(name))
        self.now = last
        spikes = {name: _trains(pairs) for name, pairs in fired.items()}
        sums, field = {}, {}
        for name, found in samples.items():
            names = list(self.plan.named.summed(name))
            sums[name] = dict(zip(names, np.stack([np.sum(one, axis=0) for one in found], axis=1), strict=True))
            own = [names.index(one) for one in self.plan.named.field(name)]
            field[name] = np.array([one[own].sum(axis=0).mean() for part in found for one in part])
        span = (began * STEP, seconds)
        return whole_burst(self.plan, span, sums, spikes, field if keep_field else {}, self.full_peak)

    def _step(self) -> Mapping[str, np.ndarray]:
        """Run a step: equations, thresholds, background, spikes that arrive, resets; return which cells spiked."""
        spiked = {name: one.integrate(self.now, self._values(name)) for name, one in self.populations.items()}
        for drive in self.plan.spec.drives:
            states = self.populations[drive.to].states
            values = self._values(drive.to)
            values["events"] = self.random.poisson(drive.rate * STEP, self.populations[drive.to].size)
            values.execute(self.drives[drive.name])
            states.update({name: values[name] for name in states})
        for one in self.plan.spec.projections:
            contacts = self.contacts[one.name]
            contacts.send(spiked[one.origin], self.now)
            constants = {name: value for name, (value, _) in one.constants.items()}
            contacts.deliver(self.now, constants, self.populations[one.to].states)
        for name, one in self.populations.items():
            one.reset_after(spiked[name])
        return spiked

    def _values(self, population: str) -> Values:
        one = self.populations[population]
        return Values(one.equations.names, one.constants, one.states, self.timed, {"t": self.now * STEP})

    def _watched(self, population: str) -> np.ndarray:
        """Return the watched expressions of all cells, shape (watched, cells)."""
        values, size = self._values(population), self.populations[population].size
        return np.stack([np.broadcast_to(values.value(one), size) for one in self.populations[population].watched])


class _Population:
    """Cells of one type; states and inputs by name, shape (cells,)."""

    def __init__(self, cells: Cells) -> None:
        self.size, self.constants = cells.size, dict[str, Any]()
        self.equations = read(cells.equations)
        self.states = {name: np.full(cells.size, value, dtype=float) for name, value in cells.start.items()}
        self.threshold = compile(cells.threshold, cells.name, "eval")
        self.refractory = compile(cells.refractory, cells.name, "eval")
        self.reset = compile(cells.reset, cells.name, "exec")
        self.watched = [compile(one, cells.name, "eval") for one in cells.watched]
        self.fired = np.full(cells.size, LONG_AGO)

    def integrate(self, now: int, values: Values) -> np.ndarray:
        """Integrate a step by Euler's method; return whether each cell crossed its threshold."""
        free = now - self.fired >= int(values.value(self.refractory) / STEP + 1e-3)
        moved = {name: STEP * values.value(rate) for name, rate in self.equations.rates.items()}
        for name, by in moved.items():
            self.states[name] = self.states[name] + (by * free if name in self.equations.frozen else by)
        spiked = np.asarray(Values(self.equations.names, self.constants, self.states).value(self.threshold)) & free
        self.fired[spiked] = now
        return spiked

    def reset_after(self, spiked: np.ndarray) -> None:
        """Reset the cells that spiked."""
        values = Values({}, self.constants, {name: one[spiked] for name, one in self.states.items()})
        values.execute(self.reset)
        for name, one in self.states.items():
            one[spiked] = values[name]


def _timed(one: TimedInput) -> Callable[[float], Any]:
    return lambda t: one.values[min(int((t + STEP / 2) / one.step), len(one.values) - 1)]


def _trains(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    steps, cells = np.array(pairs, dtype=int).reshape(-1, 2).T
    return steps * STEP, cells
