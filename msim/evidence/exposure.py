"""Plasma after the doses of published exposures, from a model's drugs alone: no cell is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import DefinitionError
from msim.base.quantities import parse_in
from msim.base.units import kilogram
from msim.definitions.evidence.exposures import Exposure
from msim.definitions.experiments.doses import regimen
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.preparations import check_routes, prepared, weight_of
from msim.definitions.models.values import with_changes
from msim.pharmacology.compartments import ConcentrationCurve
from msim.pharmacology.regimen import doses_of

NORKETAMINE = "norketamine.molar_mass"  # by which laboratories report what drugs turn into
POINTS = 4001  # of a curve, for areas by the trapezoidal rule and for peaks
PEAK_BY = 86400.0  # s after the first dose by which a peak has to come


@dataclass(frozen=True)
class Predicted:
    """A published exposure beside what a model makes of it; value in SI units."""

    exposure: Exposure
    value: float

    @property
    def ratio(self) -> float:
        """Return predicted over published: over the nearer end of a range, and 1 inside of it."""
        return self.value / float(np.clip(self.value, self.exposure.low, self.exposure.high))


def predicted(exposures: Sequence[Exposure], model: ModelDefinition) -> list[Predicted]:
    """Compute every exposure with the drugs of a model.

    raises: DefinitionError for a drug, route, preparation or value that the model lacks
    """
    return [Predicted(one, _value(one, model)) for one in exposures]


def _value(one: Exposure, model: ModelDefinition) -> float:
    entry, place = one.entry, one.where
    own = prepared(model, "preparations", entry.preparation, f"{place}.preparation")
    own = with_changes(own, entry.set, f"{place}.set")
    given = None if entry.body_weight is None else float(parse_in(entry.body_weight, kilogram, f"{place}.body_weight"))
    weight = weight_of(own, entry.preparation, given, place, f"{place}.preparation")
    masses = {drug.name: own[f"{drug.name}.molar_mass"] for drug in own.on_scale("drug")}
    doses = regimen(entry.doses, weight, masses, f"{place}.doses")
    check_routes(own, entry.preparation, entry.doses, f"{place}.doses")
    begin = min(dose.start_s for dose in doses)
    end = begin + (PEAK_BY if one.time is None else one.time)
    # Closer together early, where curves bend; every start and end of a dose is among them.
    times = np.unique(np.concatenate([
        begin + (end - begin) * np.linspace(0, 1, POINTS) ** 2,
        [edge for dose in doses for edge in (dose.start_s, dose.end_s) if edge <= end],
    ]))  # fmt: skip
    drug, metabolite = np.zeros(times.size), np.zeros(times.size)
    for name in dict.fromkeys(dose.drug for dose in doses):
        curve = ConcentrationCurve({"body_weight": weight, **own.parameters(name)}, doses_of(name, doses))
        found = curve.at(times)
        drug += found["C_plasma"] * masses[name]
        if "C_norketamine" in found:
            metabolite += found["C_norketamine"] * own[NORKETAMINE]
    return _read(one, times - begin, {"drug": drug, "norketamine": metabolite})


def _read(one: Exposure, times: np.ndarray, levels: dict[str, np.ndarray]) -> float:
    """Read a value off curves; levels: kg/m3 at times in s after the first dose."""
    reading, level = one.entry.reading, levels[one.entry.of]
    if not level.any():
        raise DefinitionError(f"{one.where}.of", f"wants a drug that turns into {one.entry.of}, got one that does not")
    if reading == "peak":
        return float(level.max())
    if reading == "time of peak":
        return float(times[level.argmax()])
    if reading == "level":
        return float(level[-1])
    if reading == "area":
        return float(np.trapezoid(level, times))
    return float(np.trapezoid(levels["norketamine"], times) / np.trapezoid(levels["drug"], times))
