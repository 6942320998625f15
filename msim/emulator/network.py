"""Target 'emulator': the averages of a burst from an emulator's surfaces instead of spiking cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from msim.backends.fast_network import Burst, FastNetwork, NetworkState
from msim.base.errors import InputError
from msim.base.seeds import stream
from msim.definitions.models.model import ModelDefinition
from msim.emulator.definition import fast_digest
from msim.emulator.emulator import Emulator

SIZE = "column.n_cells"
FIELD_RATE = 1e3
# How far what two receptors were handed may disagree about the axis that feeds both.
AGREEMENT = 1e-6


class EmulatorNetwork(FastNetwork):
    """A model's spiking cells by its emulator: all cells of a population alike, steady, and free of noise.

    A burst of any length gives the same averages. There are no spikes. The field is Gaussian with the spectrum of the
    bursts that the emulator was fitted to, where a readout reads it; otherwise NaN.
    model: may have values other than the emulator's where those are axes
    others: emulators that take over where the model takes other values in the trial
    raises: InputError where the emulator was fitted to other cells
    """

    alike = True

    def __init__(
        self, emulator: Emulator, model: ModelDefinition, others: Sequence[Emulator] = (), seed: int = 0
    ) -> None:
        self.model, self.known, self.seed = model, (emulator, *others), seed
        self.fields_given = 0
        self.populations = {name: 1 for name in model.populations}
        self._given: dict[str, dict[str, float]] = {}
        self._take(model)

    def _take(self, model: ModelDefinition) -> None:
        self.emulator = first_of(self.known, model)
        self.values = {one.name: model[one.name] if one.kind == "value" else one.rest for one in self.emulator.axes}
        self._axis = {target.text: (axis, target) for axis in self.emulator.axes for target in axis.targets}

    def update_parameters(self, model: ModelDefinition) -> None:
        # The slow scale has one cell of each population; which emulator is meant hangs on how many there are.
        size = self.model.values[SIZE]
        self._take(replace(model, values={**model.values, SIZE: size}))

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        address = f"{population}.{receptor}.{name}"
        if address not in self._axis:
            if np.all(values == self._at_rest(receptor, name)):
                return
            raise InputError(f"emulator: '{address}' is none of its axes; fit one with --axis {address}")
        axis, target = self._axis[address]
        self.populations[population] = np.size(values)
        self._given.setdefault(axis.name, {})[address] = axis.from_target(float(np.mean(values)), target)

    def _at_rest(self, receptor: str, name: str) -> float:
        port = self.model.instances[receptor].mechanism.input(name)
        return port.at_rest if port else np.nan

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        self.values.update({name: _agreed(name, given) for name, given in self._given.items()})
        averages = self.emulator.averages(self.values)
        halves = {
            name: np.full((2, self.populations[name.partition(".")[0]]), float(value))
            for name, value in averages.items()
        }
        nothing = (np.empty(0), np.empty(0, dtype=int))
        fields = {name: self._field(name, averages, seconds) for name in self.populations} if keep_field else {}
        rate = self.emulator.field.rate if self.emulator.field else FIELD_RATE
        return Burst(seconds, halves, dict.fromkeys(self.populations, nothing), fields, rate)

    def _field(self, population: str, averages: Mapping[str, np.ndarray], seconds: float) -> np.ndarray:
        surfaces = self.emulator.field
        if surfaces is None or population not in surfaces.coefficients:
            return np.full(round(seconds * (surfaces.rate if surfaces else FIELD_RATE)), np.nan)
        scaled = self.emulator.scaled(self.emulator.points(self.values)[0])[0]
        self.fields_given += 1
        random = stream(self.seed, f"twin field of {population}", self.fields_given)
        return surfaces.series(scaled, population, float(averages[f"{population}.synaptic_current"]), seconds, random)

    def state(self) -> NetworkState:
        about = {"emulator": self.known[0].digest, "values": dict(self.values), "fields": self.fields_given}
        return NetworkState({}, about)

    def restore(self, state: NetworkState) -> None:
        if state.about.get("emulator") != self.known[0].digest:
            raise InputError("checkpoint: is of another emulator")
        self.values = {name: float(one) for name, one in state.about["values"].items()}
        self.fields_given = int(state.about["fields"])


def _agreed(axis: str, given: Mapping[str, float]) -> float:
    """Return the one value of an axis that all receptors got.

    raises: InputError where they got different ones
    """
    first = next(iter(given.values()))
    if any(abs(one - first) > AGREEMENT * max(abs(first), 1.0) for one in given.values()):
        came = ", ".join(f"{one:.6g} ({address})" for address, one in given.items())
        raise InputError(f"emulator: wants one value of '{axis}' for all that it feeds, got {came}")
    return first


def first_of(emulators: Sequence[Emulator], model: ModelDefinition) -> Emulator:
    """Return the first of some emulators that was fitted to a model's cells.

    raises: InputError where none was
    """
    for emulator in emulators[:-1]:
        try:
            validate_model(emulator, model)
        except InputError:
            continue
        return emulator
    validate_model(emulators[-1], model)
    return emulators[-1]


def validate_model(emulator: Emulator, model: ModelDefinition) -> None:
    """Refuse a model whose spiking cells differ from those that an emulator was fitted to.

    raises: InputError with the known differences
    """
    if not all(one.name in model.values for one in emulator.axes if one.kind == "value"):
        raise InputError(
            f"emulator: is one of model '{emulator.model}'; '{model.name}' lacks values that are axes of it"
        )
    if fast_digest(model, emulator.axes) == emulator.cells_digest:
        return
    raise InputError(f"emulator: is one of model '{emulator.model}' with other spiking cells than this '{model.name}'"
                     f"{_difference(emulator.cells, model)}; fit one: msim emulator fit")


def _difference(cells: Mapping[str, int], model: ModelDefinition) -> str:
    here: dict[str, Any] = {name: model.cells(name) for name in model.populations}
    if here == dict(cells):
        return " (an equation, a value, the wiring or a link differs)"
    return f": wants {_counts(cells)} cells, got {_counts(here)}"


def _counts(cells: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in cells.items())
