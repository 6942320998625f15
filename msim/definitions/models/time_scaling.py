"""A model whose slow scale is made faster, so that its spikes can be simulated without a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msim.base.units import Dimension, dimensions_of
from msim.definitions.models.model import ModelDefinition
from msim.pharmacology.regimen import Dose

SCALES = ("slow", "drug")


def compressed(model: ModelDefinition, factor: float) -> ModelDefinition:
    """Return the model with every time of its slow mechanisms and drugs divided by a factor, and every rate multiplied.

    Spiking cells stay as they are. Where a slow and a fast mechanism share one number, each keeps to its own clock:
    the slow one takes a scaled copy, and a fast value that follows a slow one keeps the old value.
    """
    slow = {path for path in model.values if _is_slow(model, path)}
    values = dict(model.values)
    for path, value in model.values.items():
        given = model.resolved(path)
        power = time_power(dimensions_of(value.unit))
        if path in slow and power:
            values[path] = replace(value, si=given.si * factor**-power, same_as="", text=f"{given.text}, compressed")
        elif path not in slow and value.same_as in slow:
            values[path] = replace(value, si=given.si, same_as="", text=given.text)
    return replace(model, values=values)


def compressed_doses(doses: Sequence[Dose], factor: float) -> tuple[Dose, ...]:
    """Return the same amounts, given at times and over durations divided by a factor."""
    return tuple(replace(one, start_s=one.start_s / factor, duration_s=one.duration_s / factor) for one in doses)


def time_power(dimension: Dimension) -> float:
    """Return the power of time by which a quantity scales with the clock: time 1, rate -1, potential 0.

    In SI a volt and a siemens hold seconds and kilograms; a clock that runs faster leaves both as they are.
    """
    seconds = dimension.power_of("second")
    return seconds + 3 * dimension.power_of("kilogram") if dimension.power_of("amp") else seconds


def _is_slow(model: ModelDefinition, path: str) -> bool:
    owner = model.instances.get(path.split(".")[0])
    return owner is not None and owner.mechanism.scale in SCALES
