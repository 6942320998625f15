"""Search space of a calibration: fitted values of the slow scale, each on a logarithmic range about its value."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msim.base.errors import DefinitionError, InputError, nearest
from msim.base.quantities import after_number, dimensions_of, known_units, parse_in, text_like
from msim.definitions.models.model import ModelDefinition, Value

DIGITS = 4  # of a fitted value
_RANGE = re.compile(r"sweep ([0-9.]+)-([0-9.]+)(?: ([A-Za-z]+))?")


@dataclass(frozen=True)
class Axis:
    """A value that may move from low to high, in SI units; all are above 0."""

    path: str
    start: float
    low: float
    high: float

    @property
    def reach(self) -> float:
        """Return the logarithm of the upper over the lower end of the range."""
        return math.log(self.high / self.low)

    def at(self, part: float) -> float:
        """Return the value that lies at a part (0 to 1) of the range, on a logarithmic scale."""
        return self.low * math.exp(part * self.reach)


def fitted_axes(model: ModelDefinition, span: float, only: Sequence[str] | None) -> list[Axis]:
    """Return axes of values of slow mechanisms with source 'fitted'; values of 0 switch something off, and stay.

    span: factor up and down
    raises: InputError where a name of `only` is no such value, or none is left
    """
    known = [path for path in model.values if is_fitted_slow(model, path)]
    for path in only or ():
        if path not in known:
            raise DefinitionError("--parameters", f"{_why_not(model, path)}{nearest(path, known)}")
    axes = [_about(model.values[path], span) for path in (only or known) if model[path] > 0]
    if not axes:
        raise InputError(f"{model.name}: wants a value of a slow mechanism with source = \"fitted\", got none")
    return axes


def swept_axes(model: ModelDefinition, span: float) -> list[Axis]:
    """Return axes of slow and drug values whose notes ask for a sweep, over the range in the note, or by `span`."""
    found = []
    for path, value in model.values.items():
        owner = path.split(".")[0]
        of_chain = owner in model.links or (
            owner in model.instances and model.instances[owner].mechanism.scale in ("slow", "drug")
        )
        if "sweep" in value.note and not value.same_as and of_chain and model[path] > 0:
            found.append(_named_range(value) or _about(value, span))
    return found


def is_fitted_slow(model: ModelDefinition, path: str) -> bool:
    """Return whether a calibration may change a value: a fitted one of a mechanism of the slow scale."""
    owner = model.instances.get(path.split(".")[0])
    value = model.values[path]
    return owner is not None and owner.mechanism.scale == "slow" and value.source == "fitted" and not value.same_as


def _why_not(model: ModelDefinition, path: str) -> str:
    if path not in model.values:
        return f"the model has no value '{path}'"
    return f"wants a fitted value of a slow mechanism, got '{path}' with source '{model.values[path].source}'"


def _about(value: Value, span: float) -> Axis:
    low, high = value.si / span, value.si * span
    low = max(low, value.low) if value.low else low
    return Axis(value.path, value.si, low, min(high, value.high) if value.high else high)


def _named_range(value: Value) -> Axis | None:
    """Return the range that a note names, in its own unit or that of the value; None where it cannot be one."""
    found = _RANGE.search(value.note)
    unit = f" {found[3]}" if found and found[3] in known_units() else after_number(value.text, value.path)
    if found is None or unit is None:
        return None
    try:
        low, high = (float(parse_in(f"{found[side]}{unit}", value.unit, "sweep")) for side in (1, 2))
    except DefinitionError:
        return None
    if low <= 0:
        return None
    holds_start = low <= value.si * (1 + 1e-9) and value.si <= high * (1 + 1e-9)
    return Axis(value.path, value.si, low, high) if holds_start else None


def texts_of(model: ModelDefinition, values: Mapping[str, float]) -> dict[str, str | float]:
    """Return values in SI units as texts, as a file gives them."""
    found: dict[str, str | float] = {}
    for path, si in values.items():
        value = model.values[path]
        dimensionless = dimensions_of(value.unit).is_dimensionless
        found[path] = float(f"{si:.4g}") if dimensionless else text_like(si, value.text, path, DIGITS)
    return found
