"""Target 'runtime': the spiking network in Brian2, in this process; other targets are tested against it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import brian2 as b2
import numpy as np
from brian2.units.fundamentalunits import get_or_create_dimension

from msim.backends.drawn_drives import DrawnDrive, drawn_drives, with_rates
from msim.backends.failures import validate_finite, validate_rates
from msim.backends.fast_network import Burst, FastNetwork
from msim.base.expressions import renamed
from msim.base.quantities import parse_quantity
from msim.base.seeds import stream_seed
from msim.base.units import dimensions_of, unit_expression
from msim.definitions.models.model import ModelDefinition
from msim.network.burst_averages import CURRENTS, NamedAverages, half_counts
from msim.network.cell_equations import names_of
from msim.network.fast_plan import COURSE_STEP, Contacts, FastPlan, fast_plan
from msim.network.groups import Group, fast_groups
from msim.network.synapse_parts import delivered

# Brian2 installs a hook that calls every uncaught error, ours too, a bug of Brian2.
if sys.excepthook.__module__.startswith("brian2"):
    sys.excepthook = sys.__excepthook__

STEP = 0.1e-3
SAMPLE_STEP = 1e-3


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


class RuntimeNetwork(FastNetwork):
    """Brian2 objects of a plan, and the sums that a burst needs.

    Every object has a name that msim chooses: names that Brian2 counts up would make the code of each further
    network in a process another one, to be compiled again.
    """

    def __init__(
        self, model: ModelDefinition, seed: int, code: str = "cython", later: Sequence[ModelDefinition] = ()
    ) -> None:
        b2.prefs.codegen.target = code
        # Brian2 would end a burst early on Ctrl-C and let its averages pass for whole ones.
        b2.prefs.core.stop_on_keyboard_interrupt = False
        b2.start_scope()
        # Networks of earlier trials in this process were frozen below; let them go.
        gc.unfreeze()
        gc.collect()
        b2.seed(stream_seed(seed, "background"))
        self.seed = seed
        self.moving = moving_constants(model, later)
        self.plan = fast_plan(model, seed, self.moving)
        self.drawn = drawn_drives([self.plan, *(fast_plan(one, seed) for one in later)], STEP, SAMPLE_STEP)
        self.named = NamedAverages.of(model)
        self.highest_rates = {name: model[f"{name}.highest_rate"] for name in model.populations}
        clock = b2.Clock(dt=STEP * b2.second, name="step_clock")
        self.sample_clock = b2.Clock(dt=SAMPLE_STEP * b2.second, name="sample_clock")
        courses = {
            name: b2.TimedArray(values, dt=COURSE_STEP * b2.second, name=name)
            for name, values in self.plan.courses.items()
        }
        self.groups = {
            name: _neurons(group, self._sums(name), self._drives(name), clock, courses)
            for name, group in self.plan.groups.items()
        }
        self.samplers = {name: self._sampler(name) for name in self.groups}
        self.spikes = {name: b2.SpikeMonitor(group, name=f"{name}_spikes") for name, group in self.groups.items()}
        self.fields = {
            name: _field_monitor(group, self._fields(name), self.sample_clock) for name, group in self.groups.items()
        }
        self.synapses = [_synapses(one, self.plan, self.groups) for one in self.plan.contacts]
        drives = [
            _driven(self.groups[name], self.plan.groups[name], self._drives(name), step, one_clock)
            for name in self.groups
            for step, one_clock in ((STEP, clock), (SAMPLE_STEP, self.sample_clock))
            if any(one.step == step for one in self._drives(name))
        ]
        parts = (self.groups, self.samplers, self.spikes, self.fields)
        self.network = ReadyNetwork(*self.synapses, *drives, *(one for part in parts for one in part.values()))
        self.network.run(0 * b2.second, namespace={})
        for monitor in self.fields.values():
            monitor.active = False

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        group, cells = self.plan.place(population)
        getattr(self.groups[group], f"{receptor}_{name}")[cells] = values

    def update_parameters(self, model: ModelDefinition) -> None:
        self.plan = fast_plan(model, self.seed, self.moving)
        self.named = NamedAverages.of(model)
        self.drawn = with_rates(self.drawn, self.plan)
        for name, group in self.plan.groups.items():
            _set_values(self.groups[name], group, self._drives(name))
        for synapses, contacts in zip(self.synapses, self.plan.contacts, strict=True):
            for receptor, peak in contacts.peaks.items():
                synapses.variables[f"peak_{receptor}"].set_value(peak)

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        began = float(self.network.t) + burn_in
        for name, group in self.groups.items():
            group.t_first = (began - SAMPLE_STEP / 2) * b2.second
            group.t_second = (began + seconds / 2 - SAMPLE_STEP / 2) * b2.second
            for one in self._sums(name):
                for half in (1, 2):
                    getattr(group, f"sum{half}_{one}")[:] = 0
            self.fields[name].active = keep_field
        known = {name: monitor.num_spikes for name, monitor in self.spikes.items()}
        kept = {name: len(monitor.t) for name, monitor in self.fields.items()}
        self.network.run((burn_in + seconds) * b2.second, namespace={})
        return self._collected(began, seconds, known, kept, keep_field)

    def _sums(self, group: str) -> dict[str, str]:
        """Return the expressions of a group that are summed over a burst, by name."""
        populations = self.plan.groups[group].slices
        return {name: text for one in populations for name, text in self.named.summed(one).items()}

    def _fields(self, group: str) -> list[str]:
        """Return the variables of a group that make the field of its populations."""
        return sorted({one for population in self.plan.groups[group].slices for one in self.named.field(population)})

    def _drives(self, group: str) -> list[DrawnDrive]:
        return [one for one in self.drawn if one.drive.group == group]

    def _sampler(self, name: str) -> Any:
        lines = ["in_first = int(t >= t_first)*int(t < t_second)", "in_second = int(t >= t_second)"]
        for one, expression in self._sums(name).items():
            lines += [f"sum1_{one} += in_first*{expression}", f"sum2_{one} += in_second*{expression}"]
        return self.groups[name].run_regularly(
            "\n".join(lines), clock=self.sample_clock, when="end", name=f"{name}_sums"
        )

    def _collected(
        self, began: float, seconds: float, known: Mapping[str, int], kept: Mapping[str, int], keep_field: bool
    ) -> Burst:
        halves: dict[str, np.ndarray] = {}
        spikes: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        field: dict[str, np.ndarray] = {}
        for name, group in self.groups.items():
            times = np.asarray(self.spikes[name].t[known[name]:]) - began
            cells = np.asarray(self.spikes[name].i[known[name]:])
            for population, where in self.plan.groups[name].slices.items():
                inside = (cells >= where.start) & (cells < where.stop)
                every = (times[inside], cells[inside] - where.start)
                own = every[0] >= 0
                spikes[population] = (every[0][own], every[1][own])
                counts = half_counts(spikes[population], seconds, where.stop - where.start)
                averages = self.named.averages(
                    population, _mean(group, where, seconds), counts, seconds, self.plan.full_peak
                )
                for address, values in averages.items():
                    validate_finite(address, values, began, seconds)
                # The burn-in counts too: a network that ran away in it is not at rest after it.
                n_cells = where.stop - where.start
                validate_rates(population, every, n_cells, self.highest_rates[population], began)
                halves.update(averages)
                if keep_field:
                    variables = self.named.field(population)
                    field[population] = _field(self.fields[name], variables, where, kept[name], began)
        return Burst(seconds, halves, spikes, field, 1 / SAMPLE_STEP)


def _mean(group: Any, where: slice, seconds: float) -> Callable[[str], np.ndarray]:
    """Return the averages of a variable over both halves of the last burst."""
    samples = round(seconds / 2 / SAMPLE_STEP)
    return lambda name: np.stack([np.asarray(getattr(group, f"sum{half}_{name}")[where]) for half in (1, 2)]) / samples


def _neurons(
    group: Group, sums: Mapping[str, str], drives: list[DrawnDrive], clock: Any, courses: Mapping[str, Any]
) -> Any:
    extra = [f"sum{half}_{one} : {_unit_of(group, one)}" for one in sums for half in (1, 2)]
    for index, one in enumerate(drives):
        extra += [f"{name} : 1 (constant)" for name in one.thresholds(index)]
        extra += [f"drive{index}_{receptor} : siemens (constant)" for receptor in one.drive.peaks]
    extra += ["t_first : second (shared)", "t_second : second (shared)"]
    single = {key: value for key, value in group.constants.items() if not isinstance(value, np.ndarray)}
    neurons = b2.NeuronGroup(
        group.cells,
        "\n".join([group.equations, *extra]),
        threshold=group.threshold,
        reset=group.reset,
        refractory=group.refractory,
        method="heun",
        clock=clock,
        name=f"{group.name}_cells",
        namespace={
            **courses,
            **{key: brian2_quantity(value, parse_quantity(group.units[key], key)) for key, value in single.items()},
        },
    )
    for key, resting in group.inputs.items():
        neurons.variables[key].set_value(np.full(group.cells, resting))
    for key, array in group.start.items():
        neurons.variables[key].set_value(array)
    _set_values(neurons, group, drives)
    return neurons


def _set_values(neurons: Any, group: Group, drives: list[DrawnDrive]) -> None:
    """Set the values that may change between bursts: constants with a value per cell, rates and peaks of drives."""
    for key, value in group.constants.items():
        if isinstance(value, np.ndarray):
            neurons.variables[key].set_value(value)
    for index, one in enumerate(drives):
        for name, threshold in one.thresholds(index).items():
            neurons.variables[name].set_value(threshold)
        for receptor, peak in one.drive.peaks.items():
            neurons.variables[f"drive{index}_{receptor}"].set_value(peak)


def moving_constants(model: ModelDefinition, later: Sequence[ModelDefinition]) -> set[str]:
    """Return the constants of cells, by the names of their group, that differ between a model and later ones."""
    constants, *others = ([one.constants for one in fast_groups(each, 0).values()] for each in (model, *later))
    return {
        key
        for other in others for before, after in zip(constants, other, strict=True)
        for key, value in before.items() if not np.array_equal(value, after[key])
    }  # fmt: skip


def _unit_of(group: Group, variable: str) -> str:
    own = group.membrane.output(variable)
    if own:
        return unit_expression(own.unit)
    if variable in CURRENTS:
        return "amp"
    receptor, name = variable.rsplit("_", 1)
    port = group.receptors[receptor].output(name)
    return unit_expression(port.unit if port else 1)


def brian2_quantity(value: Any, unit: Any) -> b2.Quantity:
    """Turn numbers in SI units into a Brian2 quantity with the dimension of a declared unit."""
    return b2.Quantity(value, dim=get_or_create_dimension(dimensions_of(unit).powers))


def _synapses(contacts: Contacts, plan: FastPlan, groups: Mapping[str, Any]) -> Any:
    forms = plan.groups[contacts.to].receptors
    statements = [part.on_event for part in contacts.parts]
    lines = [part.equations for part in contacts.parts]
    for receptor in contacts.peaks:
        own = {name: f"{receptor}_{name}_post" for name in names_of(forms[receptor])}
        peak = f"({delivered(f'peak_{receptor}', receptor, contacts.parts)})"
        statements.append(renamed(forms[receptor].on_event, {**own, "peak": peak}))
        lines.append(f"peak_{receptor} : siemens (constant)")
    synapses = b2.Synapses(
        groups[contacts.origin],
        groups[contacts.to],
        "\n".join(lines),
        on_pre="\n".join(statements),
        clock=groups[contacts.to].clock,
        name=f"synapses_{contacts.name}",
        namespace=_synapse_constants(contacts),
    )
    synapses.connect(i=contacts.pre, j=contacts.post)
    for receptor, peaks in contacts.peaks.items():
        synapses.variables[f"peak_{receptor}"].set_value(peaks)
    for part in contacts.parts:
        for state, first in part.start.items():
            synapses.variables[state].set_value(np.full(len(contacts.pre), first))
    synapses.delay = contacts.delay * b2.second
    return synapses


def _synapse_constants(contacts: Contacts) -> dict[str, b2.Quantity]:
    return {
        key: brian2_quantity(value, parse_quantity(part.units[key], key))
        for part in contacts.parts
        for key, value in part.constants.items()
    }


def _driven(group: Any, plan: Group, drives: list[DrawnDrive], step: float, clock: Any) -> Any:
    lines = []
    for index, one in enumerate(drives):
        if one.step != step:
            continue
        exceeded = " + ".join(f"int(uniform{index} > {name})" for name in one.thresholds(index))
        lines += [f"uniform{index} = rand()", f"events{index} = {exceeded}"]
        for receptor in one.drive.peaks:
            form = plan.receptors[receptor]
            own = {name: f"{receptor}_{name}" for name in names_of(form)}
            # Events are linear in `peak`: that many at once are one of that many times the peak.
            colour = f"*{one.drive.colour}_factor" if one.drive.colour else ""
            peak = f"(events{index}*drive{index}_{receptor}{colour})"
            lines.append(renamed(form.on_event, {**own, "peak": peak}))
    name = f"{group.name}_events_{clock.name}"
    return group.run_regularly("\n".join(lines), clock=clock, when="start", name=name)


def _field_monitor(group: Any, variables: list[str], clock: Any) -> Any:
    return b2.StateMonitor(group, variables, record=True, clock=clock, when="end", name=f"{group.name}_field")


def _field(monitor: Any, variables: tuple[str, ...], where: slice, kept: int, began: float) -> np.ndarray:
    new = np.asarray(monitor.t[kept:]) >= began - SAMPLE_STEP / 2
    total = np.zeros(int(new.sum()))
    for one in variables:
        values = np.asarray(getattr(monitor, one)[where, kept:])[:, new]
        total += (np.abs(values) if one in CURRENTS else values).mean(axis=0)
    return total
