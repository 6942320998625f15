"""Virtual participants, drawn from the study's seed and their own name alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from msim.base.seeds import derived_seed, stream
from msim.definitions.models.model import ModelDefinition
from msim.definitions.studies.participants import Population
from msim.definitions.studies.schema import Group
from msim.emulator.definition import with_values

FARTHEST = 2.5  # standard deviations; so that nobody leaves what values may be


@dataclass(frozen=True)
class Participant:
    """One person; values of the model in SI units, by path.

    id: letters and digits, as BIDS wants it; number: in the group, from 1; seed: of all that is drawn for the person
    weight: kg; severity: rating before treatment
    spared: values in regions without the disorder; affected: values in regions in which it holds
    """

    id: str
    group: str
    number: int
    seed: int
    weight: float
    severity: float
    subgroups: tuple[str, ...]
    spared: Mapping[str, float]
    affected: Mapping[str, float]

    def random_effect(self, purpose: str) -> float:
        """Draw a standard normal number for this person, the same for the same purpose."""
        return float(stream(self.seed, purpose).standard_normal())


def participant(population: Population, group: Group, number: int, seed: int) -> Participant:
    """Draw one participant of a group.

    number: in the group, from 1; seed: of the study
    """
    name = group.participant(number)
    own = derived_seed(seed, name, "participant")
    health = population.health[group.health]
    subgroups = _subgroups(population, own)
    changes = {path: value for one in subgroups for path, value in one[1].items()}
    spared = _values(population.model, changes, population.spread, own, "person")
    # What a disorder is comes in place of what health is, and varies as the person does in other ways.
    affected = {path: value for path, value in spared.items() if path not in health.changes}
    held = {path: value for path, value in health.changes.items() if path not in health.spread}
    affected |= held | _values(population.model, dict(health.changes), health.spread, own, "disorder")
    weight = population.weight + population.weight_sd * _cut(own, "weight")
    severity = max(health.severity + health.severity_sd * _cut(own, "severity"), 0.0)
    names = tuple(one for one, _ in subgroups)
    return Participant(name, group.name, number, own, weight, severity, names, spared, affected)


def recruited(population: Population, group: Group, seed: int) -> list[Participant]:
    """Draw all participants of a group."""
    return [participant(population, group, number, seed) for number in range(1, group.n + 1)]


def model_of(population: Population, values: Mapping[str, float]) -> ModelDefinition:
    """Return the model with a person's values."""
    return with_values(population.model, values)


def _values(
    model: ModelDefinition, changes: Mapping[str, float], spread: Mapping[str, float], seed: int, purpose: str
) -> dict[str, float]:
    found = dict(changes)
    for path, sd in spread.items():
        form = model.values[path]
        value = changes.get(path, form.si) * float(np.exp(sd * _cut(seed, f"{purpose}: {path}")))
        # A share that may not exceed 1 stays a share.
        found[path] = min(value, form.high) if form.high is not None else value
    return found


def _subgroups(population: Population, seed: int) -> list[tuple[str, Mapping[str, float]]]:
    """Draw at most one subgroup for a person; shares are of all participants."""
    random_effect, begun = float(stream(seed, "subgroup").random()), 0.0
    for one in population.subgroups:
        if begun <= random_effect < begun + one.share:
            return [(one.name, one.changes)]
        begun += one.share
    return []


def _cut(seed: int, purpose: str) -> float:
    return float(np.clip(stream(seed, purpose).standard_normal(), -FARTHEST, FARTHEST))
