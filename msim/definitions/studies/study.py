"""StudyDefinition: the participants, doses, visits and analysis of a study, and the statistics that papers report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msim.base.quantities import parse_in, second
from msim.base.units import hertz
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.studies.participants import Population
from msim.definitions.studies.schema import Group, Reported, Visit

LAST = 1.0  # s that columns are followed after the last time at which somebody is seen
LEAST = 3  # participants of a group, for a spread that means anything


@dataclass(frozen=True)
class StudyDefinition:
    """A study as its file states it.

    begin: s, when columns are at rest; analysis: name of its table; options: entries of the analysis
    brain: None for a study of columns alone; coupling: used in place of the brain's
    """

    name: str
    title: str
    question: str
    source: str
    notes: str
    file: str
    population: Population
    brain: BrainDefinition | None
    coupling: float | None
    begin: float
    seed: int
    groups: tuple[Group, ...]
    visits: tuple[Visit, ...]
    analysis: str
    options: Any
    reported: tuple[Reported, ...]

    def group(self, name: str) -> Group:
        """Return the group with this name."""
        return next(one for one in self.groups if one.name == name)

    @property
    def controls(self) -> str:
        """Return the name of the controls of the analysis, or ''."""
        return str(getattr(self.options, "controls", ""))

    @property
    def patients(self) -> str:
        """Return the name of the first group that is not the controls of the analysis."""
        return next(one.name for one in self.groups if one.name != self.controls)

    def visits_of(self, group: str) -> tuple[Visit, ...]:
        """Return the visits of a group in order of time."""
        return tuple(sorted((one for one in self.visits if one.group == group), key=lambda one: one.time))

    def place(self, key: str) -> str:
        """Return file and key of an option, for messages."""
        return f"{self.file}: {self.analysis}.{key}"

    def seconds(self, key: str) -> float:
        """Return a time among the options, s."""
        return float(parse_in(getattr(self.options, key), second, self.place(key)))

    def hertz(self, key: str) -> float:
        """Return a frequency among the options, Hz."""
        return float(parse_in(getattr(self.options, key), hertz, self.place(key)))
