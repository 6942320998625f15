"""Axes of an emulator, on which its averages depend, found in the links and drives of a model and not by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msim.base.errors import InputError, nearest
from msim.base.quantities import parse_in, unit_text
from msim.definitions.models.addresses import inputs
from msim.definitions.models.model import ModelDefinition, arriving

# Where nobody says how far an axis reaches: an input that is 1 at rest, one that is 0, and a rate relative to its own.
GAIN = (0.7, 2.0)
FRACTION = (0.0, 0.8)
RATE = (0.9, 1.12)


@dataclass(frozen=True)
class Target:
    """A receptor's input that an axis sets.

    share: of the axis's change from rest that reaches the input
    """

    population: str
    receptor: str
    name: str
    share: float = 1.0

    @property
    def text(self) -> str:
        """Return the address of the input."""
        return f"{self.population}.{self.receptor}.{self.name}"


@dataclass(frozen=True)
class Axis:
    """One number that an emulator is a function of, SI units.

    name: outputs that links feed to receptors, an input's address, or the path of a value of the model
    kind: 'input' of receptors, or 'value' of the model
    rest: value where nothing acts; low, high: range that was sampled
    is_ratio: whether equal steps of its logarithm are alike
    unit: as text
    """

    name: str
    kind: str
    rest: float
    low: float
    high: float
    is_ratio: bool
    targets: tuple[Target, ...] = ()
    unit: str = ""

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Return values on the scale that surfaces are fitted on: about -1 to 1, and 0 at rest."""
        values = np.asarray(values, dtype=float)
        if self.is_ratio:
            reach = max(np.log(self.high / self.rest), np.log(self.rest / self.low))
            return np.asarray(np.log(values / self.rest) / reach)
        return np.asarray((values - self.rest) / max(self.high - self.rest, self.rest - self.low))

    def scaled_slope(self, values: np.ndarray) -> np.ndarray:
        """Return the derivative of `scaled`."""
        values = np.asarray(values, dtype=float)
        if self.is_ratio:
            return np.asarray(1 / (values * max(np.log(self.high / self.rest), np.log(self.rest / self.low))))
        return np.full(values.shape, 1 / max(self.high - self.rest, self.rest - self.low))

    def between(self, part: np.ndarray) -> np.ndarray:
        """Return values at parts (0 to 1) of the way from low to high."""
        if self.is_ratio:
            return np.asarray(self.low * (self.high / self.low) ** part)
        return np.asarray(self.low + (self.high - self.low) * part)

    def at_target(self, value: float, target: Target) -> float:
        """Return the value of a receptor's input at a value of the axis."""
        return float(arriving(value, self.rest, target.share))

    def from_target(self, arrived: float, target: Target) -> float:
        """Return the value of the axis at a value of a receptor's input."""
        return float(arriving(arrived, self.rest, 1 / target.share))


def axes_of(
    model: ModelDefinition, extra: Sequence[str] = (), ranges: Mapping[str, tuple[str, str]] | None = None
) -> tuple[Axis, ...]:
    """Return the axes of a model: outputs that links feed to spiking cells, rates of drives, and further ones.

    Links from one output make one axis, whatever their shares.
    extra: inputs of receptors, or paths of values that can change between bursts
    ranges: axis to its lowest and highest value as text
    raises: InputError for an unknown name or a range without its resting value
    """
    asked = dict(ranges or {})
    found = {one.name: one for one in [*_link_axes(model), *_drive_axes(model)]}
    for name in [*extra, *(one for one in asked if one not in found)]:
        if name not in found:
            found[name] = _extra_axis(model, name, found)
    return tuple(_ranged(model, one, asked.get(one.name)) for one in found.values())


def _link_axes(model: ModelDefinition) -> list[Axis]:
    found: dict[str, Axis] = {}
    for link in model.links.values():
        share = model.share_of(link)
        if not model.feeds_receptor(link) or share == 0:
            continue
        name = " + ".join(link.origin)
        population, receptor, port = link.to.split(".")
        target = Target(population, receptor, port, share)
        axis = found.get(name) or _input_axis(model, name, target)
        if axis.rest != model.rest_of(link):
            name = link.to
            axis = _input_axis(model, name, target)
        found[name] = replace(axis, targets=(*axis.targets, target))
    return list(found.values())


def _at_rest(model: ModelDefinition, target: Target) -> float:
    port = model.instances[target.receptor].mechanism.input(target.name)
    return port.at_rest if port else 0.0


def _input_axis(model: ModelDefinition, name: str, target: Target) -> Axis:
    rest = _at_rest(model, target)
    if rest == 0:
        return Axis(name, "input", rest, *FRACTION, is_ratio=False)
    return Axis(name, "input", rest, rest * GAIN[0], rest * GAIN[1], is_ratio=True)


def _drive_axes(model: ModelDefinition) -> list[Axis]:
    paths = dict.fromkeys(model.resolved(f"{one.name}.rate").path for one in model.drives.values())
    return [_value_axis(model, path) for path in paths if model[path] > 0]


def _value_axis(model: ModelDefinition, path: str) -> Axis:
    rest = model[path]
    return Axis(path, "value", rest, rest * RATE[0], rest * RATE[1], True, unit=unit_text(model.values[path].unit))


def _extra_axis(model: ModelDefinition, name: str, found: Mapping[str, Axis]) -> Axis:
    known = {text: one for text, one in inputs(model).items() if one.kind == "receptor"}
    if name in known:
        taken = {target.text: axis.name for axis in found.values() for target in axis.targets}
        if name in taken:
            raise InputError(f"--axis: '{name}' is set by axis '{taken[name]}' already")
        target = Target(known[name].owner, known[name].receptor, known[name].name)
        return replace(_input_axis(model, name, target), targets=(target,))
    if name not in model.values:
        raise InputError(f"--axis: wants an axis, a receptor's input or a value of the model, got '{name}'"
                         f"{nearest(name, [*found, *known, *model.values])}")
    if model.values[name].same_as:
        raise InputError(f"--axis: '{name}' follows '{model.values[name].same_as}': name that one")
    if model[name] <= 0:
        raise InputError(f"--axis: wants a value above 0, '{name}' is {model[name]:g}")
    return _value_axis(model, name)


def _ranged(model: ModelDefinition, axis: Axis, asked: tuple[str, str] | None) -> Axis:
    if asked is None:
        return axis
    unit = model.values[axis.name].unit if axis.kind == "value" else 1
    low, high = (float(parse_in(_number(one), unit, f"--range: {axis.name}")) for one in asked)
    if not low <= axis.rest <= high or low == high or (axis.is_ratio and low <= 0):
        raise InputError(f"--range: {axis.name}: wants a range around its resting value {axis.rest:.4g}, "
                         f"got {asked[0]} to {asked[1]}")
    return replace(axis, low=low, high=high)


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
