"""ExperimentDefinition: an experiment as its file states it, and its arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import quantity_text, second
from msim.definitions.experiments.predictions import Prediction
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.addresses import Address
from msim.definitions.models.interventions import Intervention, ModelChange
from msim.definitions.models.model import ModelDefinition
from msim.pharmacology.regimen import Dose
from msim.recording.probe import Recording


@dataclass(frozen=True)
class Arm:
    """One condition: its doses, and the model as it is in this condition.

    model: at rest; interventions: on the model; changes: of the model at the times of these, in order
    hypothesis: of those that the model declares, or '' for the model as it stands; body_weight: kg
    preparation, state, variant: of those that the model declares, or ''
    """

    name: str
    meaning: str
    doses: tuple[Dose, ...]
    model: ModelDefinition
    interventions: tuple[Intervention, ...] = ()
    changes: tuple[ModelChange, ...] = ()
    hypothesis: str = ""
    body_weight: float = 70.0
    preparation: str = ""
    state: str = ""
    variant: str = ""


@dataclass(frozen=True)
class ExperimentDefinition:
    """An experiment as its file states it; times in s, body weight in kg.

    hypothesis: in words; hypotheses: names that the model declares, with which all arms are crossed
    under: the hypothesis chosen on the command line, or ''; roles: of the evidence rows that predictions name
    """

    name: str
    title: str
    hypothesis: str
    source: str
    file: str
    text: str
    model: ModelDefinition
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    begin: float
    end: float
    body_weight: float
    schedule: Schedule
    recording: Recording
    quantities: Mapping[str, Address]
    predictions: tuple[Prediction, ...]
    changes: Mapping[str, str | int | float]
    hypotheses: tuple[str, ...] = ()
    under: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)

    def arm(self, name: str) -> Arm:
        """Return the arm with this name."""
        found = [one for one in self.arms if one.name == name]
        if not found:
            known = [one.name for one in self.arms]
            raise DefinitionError(f"{self.file}: arms", f"unknown arm '{name}'{nearest(name, known)}")
        return found[0]

    def narrowed(
        self, arms: Sequence[str] | None = None, seeds: Sequence[int] | None = None, until: float | None = None
    ) -> ExperimentDefinition:
        """Return the experiment with fewer arms, other seeds, or an earlier end (s).

        Predictions that can no longer be settled are left out.
        """
        validate_named_once(arms or (), f"{self.file}: arms", "name")
        new = replace(
            self,
            arms=tuple(self.arm(name) for name in arms) if arms else self.arms,
            seeds=checked_seeds(seeds, self.file) if seeds else self.seeds,
        )
        if until is not None:
            if not new.begin < until <= new.end:
                span = f"{quantity_text(new.begin * second)} up to the end at {quantity_text(new.end * second)}"
                came = quantity_text(until * second)
                raise DefinitionError(f"{self.file}: until", f"wants a time after {span}, got {came}")
            kept = replace(
                new.recording,
                samples=tuple(t for t in new.recording.samples if t <= until),
                probes=tuple(t for t in new.recording.probes if t <= until),
            )
            new = replace(new, end=until, recording=kept)
        names = {one.name for one in new.arms}
        settled = [
            one for one in new.predictions
            if {one.claim.left.arm, one.claim.right.arm} <= names
            and max(one.claim.left.time, one.claim.right.time) <= new.end
        ]  # fmt: skip
        return replace(new, predictions=tuple(settled))


def checked_seeds(seeds: Sequence[int], where: str) -> tuple[int, ...]:
    """Return seeds as a tuple.

    raises: DefinitionError for one that no generator takes, or that is given twice
    """
    validate_named_once([str(one) for one in seeds], f"{where}: seeds", "seed")
    for one in seeds:
        if not 0 <= one < 2**31:
            raise DefinitionError(f"{where}: seeds", f"wants numbers from 0 to {2**31 - 1}, got {one}")
    return tuple(seeds)


def validate_named_once(names: Sequence[str], where: str, what: str) -> None:
    """Refuse a name that is given twice; what: it names, for the message."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DefinitionError(where, f"wants each {what} once, got '{name}' twice")
        seen.add(name)
