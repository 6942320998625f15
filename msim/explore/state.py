"""Setting of the page, the experiment that it describes, and the emulator's results for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from msim.backends.context import Context
from msim.base.errors import InputError
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import experiment_from_tables
from msim.definitions.models.addresses import outputs
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model
from msim.emulator.library import Emulators, emulators_of, models_of
from msim.trials.trial import simulate_trial

if TYPE_CHECKING:
    import xarray as xr

ROUTES = ("intravenous", "intraperitoneal", "intranasal", "oral")
# How long to follow: what the duration is called, its minutes, and minutes between two samples of a file.
SPANS = {
    "4 hour": (240, 2), "24 hour": (1440, 5), "3 day": (4320, 20), "7 day": (10080, 30), "14 day": (20160, 60),
    "28 day": (40320, 120),
}  # fmt: skip
MOMENTS, FEWEST = 70, 12  # on the page: of all doses together, and after each at least
DURING = 6  # of them while a dose is infused
SOON = 60.0  # s after a dose from which moments lie ever further apart
BEFORE = -600.0  # s, where trials begin
SHORT_PROBE = 1.0  # s
ARM, VEHICLE = "explored", "vehicle"
GENETIC = ("knockout", "mutant")


@dataclass(frozen=True)
class State:
    """One setting of the controls.

    minutes: of an infusion into a vein, 0 for a bolus; days: from one dose to the next; genotype, hypothesis: names
        that the model declares, or ''; span: one of SPANS, counted from the first dose
    """

    drug: str
    mg_per_kg: float = 0.5
    route: str = "intravenous"
    minutes: int = 40
    doses: int = 1
    days: int = 3
    genotype: str = ""
    hypothesis: str = ""
    span: str = "24 hour"

    @property
    def length(self) -> float:
        """Return the end of the simulated time, s after the first dose."""
        return 60.0 * SPANS[self.span][0]

    @property
    def infused(self) -> float:
        """Return the duration of each dose, s."""
        return 60.0 * self.minutes if self.route == "intravenous" else 0.0

    def dose_times(self) -> list[float]:
        """Return the times at which each dose begins, s after the first."""
        return [86400.0 * self.days * number for number in range(self.doses if self.mg_per_kg else 0)]

    def moments(self) -> tuple[float, ...]:
        """Return the sample times, s: close together after each dose, then ever further apart, to miss no peak."""
        starts = self.dose_times() or [0.0]
        count = max(FEWEST, MOMENTS // len(starts))
        found = {BEFORE}
        for start, stop in zip(starts, [*starts[1:], self.length], strict=True):
            infused = min(self.infused, stop - start)
            found.update(start + np.linspace(0.0, infused, DURING))
            found.update(start + infused + np.geomspace(SOON, stop - start - infused + SOON, count) - SOON)
        return tuple(sorted({round(float(one), 3) for one in found}))


@dataclass(frozen=True)
class Choices:
    """Options of the controls for a model, in the order of its files.

    pools: blocked shares; cascade: signals and the gain that they lead to, with their meanings
    """

    drugs: tuple[str, ...]
    genotypes: tuple[str, ...]
    hypotheses: Mapping[str, str]
    pools: tuple[str, ...]
    cascade: Mapping[str, str]
    rates: tuple[str, ...]
    bold: str


def choices_of(model: ModelDefinition) -> Choices:
    """Return the options that a model offers, and the quantities that it can show."""
    known, roles = outputs(model), model.roles
    return Choices(
        drugs=tuple(one.name for one in model.on_scale("drug")),
        genotypes=tuple(name for name, one in model.manipulations.items() if one.kind in GENETIC),
        hypotheses={name: one.meaning for name, one in model.hypotheses.items()},
        pools=roles.pools,
        cascade={name: known[name].meaning for name in (*roles.cascade, roles.gain) if name},
        rates=tuple(f"{name}.firing_rate" for name in model.populations),
        bold=roles.bold,
    )


def tables_of(state: State, model: ModelDefinition, name: str, *, vehicle: bool = False) -> dict[str, Any]:
    """Write the experiment of a setting, as the tables of its file.

    name: of the model, as a file would name it; vehicle: with an arm that lacks only the doses
    """
    own: dict[str, Any] = {}
    if state.genotype:
        own[model.manipulations[state.genotype].kind] = [state.genotype]
    if state.hypothesis:
        own["hypothesis"] = state.hypothesis
    arms = [{"name": ARM, **own, "doses": _doses(state)}]
    if vehicle:
        arms.insert(0, {"name": VEHICLE, "meaning": "the same without the drug", **own})
    return {
        "title": "A setting of msim explore",
        "hypothesis": "None yet: write here what you expect, and add what would count as yes under [[predict]].",
        "source": "assumed", "notes": "Set on the page of msim explore.", "model": name, "seeds": [1, 2, 3],
        "begin": "-10 minute", "duration": state.span, "body_weight": "70 kg", "arms": arms,
        "record": _record(state, choices_of(model)),
    }  # fmt: skip


def _doses(state: State) -> list[dict[str, Any]]:
    if not state.mg_per_kg:
        return []
    dose: dict[str, Any] = {
        "drug": state.drug, "mg_per_kg": state.mg_per_kg, "route": state.route, "at": "0 minute",
    }  # fmt: skip
    if state.infused:
        dose["duration"] = f"{state.minutes} minute"
    if state.doses > 1:
        dose.update(every=f"{state.days} day", times=state.doses)
    return [dose]


def _record(state: State, choices: Choices) -> list[dict[str, Any]]:
    length, every = SPANS[state.span]
    slow = [f"{state.drug}.C_e", *choices.pools, *choices.cascade, *([choices.bold] if choices.bold else [])]
    moments = sorted({-5, 40, 120, length // 4, length // 2, length})
    at = [f"{moment} minute" for moment in moments]
    return [{"quantity": one, "every": f"{every} minute"} for one in slow] + [
        {"quantity": one, "at": at} for one in choices.rates
    ]


@dataclass(frozen=True)
class Courses:
    """Results of the emulator: quantities over time, and rates at some moments; SI units."""

    samples: xr.Dataset
    probes: xr.Dataset


@dataclass
class Explorer:
    """A model for repeated simulations; it finds the emulators once for each genotype and hypothesis.

    name: as an experiment's file would name the model
    """

    model: ModelDefinition
    name: str
    _emulators: dict[tuple[str, str, str], Emulators] = field(default_factory=dict)

    def ask(self, state: State) -> Courses:
        """Follow a setting on the mean-field emulator.

        raises: InputError where the setting is no experiment, or leaves the emulator's domain
        """
        definition = experiment_from_tables(tables_of(state, self.model, self.name), model=self.model, where="page")
        (arm,) = definition.arms
        # An emulator has no spikes to count for longer, only a field that would take time to make.
        schedule = replace(definition.schedule, probe=SHORT_PROBE)
        definition = replace(definition, recording=replace(definition.recording, samples=state.moments()))
        context = Context("emulator", schedule, emulators=self._emulators_of(state, definition))
        found = simulate_trial(definition, arm, definition.seeds[0], context)
        return Courses(found["samples"], found["probes"])

    def _emulators_of(self, state: State, definition: ExperimentDefinition) -> Emulators:
        key = (state.genotype, state.hypothesis, state.drug if state.mg_per_kg else "")
        if key not in self._emulators:
            self._emulators[key] = emulators_of(models_of(definition), None)
        return self._emulators[key]


def explorer_of(name: str) -> Explorer:
    """Read a model by its file or its shipped name, and simulate it once, so that any error in it shows at once.

    raises: InputError where it has no cells or no drug, or no file has that name
    """
    model = read_model(name)
    drugs = choices_of(model).drugs
    if not model.populations or not drugs:
        raise InputError(f"explore: wants a model with cells and a drug, got '{name}'")
    made = Explorer(model, name.removesuffix(".toml"))
    made.ask(State(drugs[0]))
    return made
