"""Targets 'runtime' and 'numpy': a column in Brian2, in this process; other targets are tested against it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import brian2 as b2
import numpy as np
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.units.fundamentalunits import get_or_create_dimension

from msim.backends.cpp.describe import EVENTS, cell_constants, described, write_constants
from msim.backends.fast_network import Burst, FastNetwork
from msim.backends.whole_burst import whole_burst
from msim.base.expressions import renamed
from msim.base.seeds import stream_seed
from msim.base.units import dimensions_of
from msim.definitions.models.model import ModelDefinition
from msim.network.column_plan import SAMPLE_STEP, ColumnPlan, Weights, column_plan

# Brian2 installs a hook that calls every uncaught error, ours too, a bug of Brian2.
if sys.excepthook.__module__.startswith("brian2"):
    sys.excepthook = sys.__excepthook__


class ReadyNetwork(b2.Network):
    """A Brian2 network that prepares its code for the first run only.

    Brian2 makes all code objects anew before every run, which costs as much as a second of activity;
    nothing that they are made from changes between bursts.
    """

    _is_ready = False

    def before_run(self, run_namespace: Any) -> None:
        if not self._is_ready:
            super().before_run(run_namespace)
            self._is_ready = True
            # Every run collects garbage first; what was built so far is none.
            gc.collect()
            gc.freeze()
        self._stopped = False


class Brian2Network(FastNetwork):
    """Brian2 objects of a plan, by population and projection, and the sums that a burst needs.

    Every object has a name that msim chooses: names that Brian2 counts up would make the code of each further
    network in a process another one, to be compiled again.
    """

    def __init__(self, plan: ColumnPlan, code: str = "cython") -> None:
        # What runs once, or seldom, is not worth the seconds that each piece of compiled code takes.
        b2.prefs.codegen.target = "numpy"
        # Brian2 would end a burst early on Ctrl-C and let its averages pass for whole ones.
        b2.prefs.core.stop_on_keyboard_interrupt = False
        # Networks of earlier trials in this process were frozen below; let them go.
        gc.unfreeze()
        gc.collect()
        self.plan = plan
        objects = described(plan.spec, whole=True)
        b2.seed(stream_seed(plan.seed, "background"))
        self.groups, self.synapses = objects.groups, objects.synapses
        self.full_peak = plan.full_peaks({one.name: one.size for one in plan.spec.cells}, self._connected())
        clock = b2.Clock(dt=SAMPLE_STEP * b2.second, name="sample_clock")
        samplers = [self._sampler(name, clock) for name in self.groups]
        drives = [self._driven(name) for name in self.groups if plan.spec.drives_of(name)]
        self.spikes = {
            name: b2.SpikeMonitor(one, name=f"{name}_spikes", codeobj_class=NumpyCodeObject)
            for name, one in self.groups.items()
        }
        self.fields = {name: self._field_monitor(name, clock) for name in self.groups}
        monitors = (*self.spikes.values(), *self.fields.values())
        # Brian2 does not run synapses of which there are none.
        contacts = [one for one in self.synapses.values() if len(one)]
        self.network = ReadyNetwork(*self.groups.values(), *contacts, *samplers, *drives, *monitors)
        b2.prefs.codegen.target = code
        self.network.run(0 * b2.second, namespace={})
        for monitor in self.fields.values():
            monitor.active = False

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        group = self.groups[population]
        group.variables[f"{receptor}_{name}"].set_value(np.broadcast_to(values, len(group)))

    def update_parameters(self, model: ModelDefinition) -> None:
        plan = column_plan(model, self.plan.seed)
        self.plan.validate_alike(plan)
        self.plan = plan
        for cells in plan.spec.cells:
            write_constants(self.groups[cells.name], cell_constants(plan.spec, cells))
        for drive in plan.spec.drives:
            self._set_rate(drive.name, drive.to, drive.rate)
        for projection in plan.spec.projections:
            write_constants(self.synapses[projection.name], projection.constants)
        self.full_peak = plan.full_peaks({one.name: one.size for one in plan.spec.cells}, self._weights())

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        began = float(self.network.t) + burn_in
        for name, group in self.groups.items():
            group.variables["t_first"].set_value(began - SAMPLE_STEP / 2)
            group.variables["t_second"].set_value(began + seconds / 2 - SAMPLE_STEP / 2)
            for one in self._sums(name):
                group.variables[one].set_value(np.zeros(len(group)))
            self.fields[name].active = keep_field
        known = {name: monitor.num_spikes for name, monitor in self.spikes.items()}
        kept = {name: len(monitor.t) for name, monitor in self.fields.items()}
        self.network.run((burn_in + seconds) * b2.second, namespace={})
        spikes = {
            name: (np.asarray(one.t[known[name]:]) - began, np.asarray(one.i[known[name]:]))
            for name, one in self.spikes.items()
        }
        sums = {name: self._halves(name) for name in self.groups}
        field = {name: self._field(name, kept[name], began) for name in self.groups} if keep_field else {}
        return whole_burst(self.plan, (began, seconds), sums, spikes, field, self.full_peak)

    # ---- contacts and drives

    def _connected(self) -> Iterator[Weights]:
        """Draw the contacts of all projections; yield their targets and weights."""
        for projection in self.plan.spec.projections:
            size = self.plan.spec.population(projection.to).size
            sizes, drawn = self.plan.contacts(projection.name, range(size))
            target = np.repeat(np.arange(size), sizes)
            synapses = self.synapses[projection.name]
            if target.size:
                synapses.connect(i=drawn.pre, j=target)
                synapses.delay = drawn.delay * b2.second
                synapses.variables["weight"].set_value(drawn.weight)
                for state, first in projection.start.items():
                    synapses.variables[state].set_value(np.full(target.size, first))
                write_constants(synapses, projection.constants)
            yield projection.name, target, drawn.weight

    def _weights(self) -> Iterator[Weights]:
        for name, synapses in self.synapses.items():
            yield name, np.asarray(synapses.j), np.asarray(synapses.variables["weight"].get_value())

    def _driven(self, population: str) -> Any:
        """Return the operation that counts the events of a population's drives in a step, and delivers them."""
        lines = []
        for drive in self.plan.spec.drives_of(population):
            events, mean = EVENTS.format(drive.name), f"mean_{drive.name}"
            self.groups[population].variables.add_array(mean, size=len(self.groups[population]))
            self._set_rate(drive.name, population, drive.rate)
            lines += [f"{events} = poisson({mean})", renamed(drive.statements, {"events": events})]
        # As in the engine: after thresholds, before spikes arrive.
        name = f"{population}_events"
        return self.groups[population].run_regularly("\n".join(lines), when="synapses", order=-2, name=name)

    def _set_rate(self, drive: str, population: str, rate: Any) -> None:
        group = self.groups[population]
        mean = np.broadcast_to(np.asarray(rate, dtype=float) * self.plan.spec.step, len(group))
        group.variables[f"mean_{drive}"].set_value(mean)

    # ---- samples

    def _sums(self, population: str) -> list[str]:
        return [f"sum{half}_{one}" for half in (1, 2) for one in self.plan.named.summed(population)]

    def _sampler(self, population: str, clock: Any) -> Any:
        """Return the operation that adds the watched expressions of a population to the sums of a burst's halves."""
        group, lines = self.groups[population], ["in_first = int(t >= t_first)*int(t < t_second)"]
        lines.append("in_second = int(t >= t_second)")
        for name in ("t_first", "t_second"):
            group.variables.add_array(name, size=1, dimensions=b2.second.dim, scalar=True)
        for one, expression in self.plan.named.summed(population).items():
            for half in (1, 2):
                dimensions = group.variables[one].dim
                group.variables.add_array(f"sum{half}_{one}", size=len(group), dimensions=dimensions)
            lines += [f"sum1_{one} += in_first*{expression}", f"sum2_{one} += in_second*{expression}"]
        text, name = "\n".join(lines), f"{population}_sums"
        return group.run_regularly(text, clock=clock, when="end", name=name, codeobj_class=NumpyCodeObject)

    def _halves(self, population: str) -> Mapping[str, np.ndarray]:
        values = {one: self.groups[population].variables[one].get_value() for one in self._sums(population)}
        return {
            one: np.stack([values[f"sum1_{one}"], values[f"sum2_{one}"]])
            for one in self.plan.named.summed(population)
        }

    def _field_monitor(self, population: str, clock: Any) -> Any:
        variables: Sequence[str] = self.plan.named.field(population)
        return b2.StateMonitor(
            self.groups[population], variables, record=True, clock=clock, when="end", name=f"{population}_field",
            codeobj_class=NumpyCodeObject,
        )  # fmt: skip

    def _field(self, population: str, kept: int, began: float) -> np.ndarray:
        """Return the current that makes a population's field, its mean over cells at every sample, A."""
        monitor, summed = self.fields[population], self.plan.named.summed(population)
        new = np.asarray(monitor.t[kept:]) >= began - SAMPLE_STEP / 2
        total = np.zeros(int(new.sum()))
        for one in self.plan.named.field(population):
            values = np.asarray(getattr(monitor, one)[:, kept:])[:, new]
            total += (np.abs(values) if summed[one].startswith("abs(") else values).mean(axis=0)
        return total


def brian2_quantity(value: Any, unit: Any) -> b2.Quantity:
    """Turn numbers in SI units into a Brian2 quantity with the dimension of a declared unit."""
    return b2.Quantity(value, dim=get_or_create_dimension(dimensions_of(unit).powers))
