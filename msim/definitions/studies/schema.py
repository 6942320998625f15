"""Schema of files of studies and of participants: names and types, no science."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictInt, StrictStr, model_validator

from msim.definitions.files.names import DottedPath, Name, Number, QuantityText, Words
from msim.definitions.files.schema import DoseEntry, Entry, ValueEntry


class SubgroupEntry(Entry):
    """Participants who differ in kind from the others: their share, and the values that they have."""

    meaning: Words
    share: ValueEntry
    set: dict[DottedPath, ValueEntry] = Field(min_length=1)


class HealthEntry(Entry):
    """A state of health of a brain before treatment.

    systems: systems of regions that the state holds in, all others being healthy; none for a state of the whole brain
    state: state of the model in those regions; spread: as of all participants, for those regions alone
    """

    meaning: Words
    state: Name
    systems: list[Words] = []
    spread: dict[DottedPath, ValueEntry] = {}
    severity: ValueEntry
    severity_sd: ValueEntry


class ParticipantsFile(Entry):
    """One file under models/participants/: differences between people.

    spread: path of a value of the model to the standard deviation of its logarithm over people
    """

    title: StrictStr = ""
    notes: StrictStr = ""
    model: StrictStr
    weight: ValueEntry
    weight_sd: ValueEntry
    spread: dict[DottedPath, ValueEntry] = Field(min_length=1)
    subgroups: dict[Name, SubgroupEntry] = {}
    health: dict[Name, HealthEntry] = Field(min_length=1)


class GroupEntry(Entry):
    """Participants with the same health and treatment."""

    name: Name
    meaning: StrictStr = ""
    health: Name
    n: StrictInt = Field(ge=1, le=10000)
    doses: list[DoseEntry] = []


class VisitEntry(Entry):
    """A time at which a group is examined.

    absent: numbers, from 1, of participants who were not
    """

    name: Name
    group: Name
    at: QuantityText
    absent: list[StrictInt] = []


class ReportedEntry(Entry):
    """A statistic as a paper reports it; a number that the paper omits is None."""

    statistic: Words
    sign: Literal["+", "-", "0"] | None = None
    estimate: Number | None = None
    value: Number | None = None
    degrees: Number | None = None
    p: Number | None = None
    source: Words
    note: StrictStr = ""


class StudyFile(Entry):
    """One file under experiments/studies/, but for the tables of analyses, of which it has exactly one."""

    title: Words
    question: Words
    source: Words
    notes: StrictStr = ""
    participants: Words
    brain: StrictStr = ""
    coupling: Number | None = None
    begin: QuantityText
    seed: StrictInt = Field(ge=0, lt=2**31)
    groups: list[GroupEntry] = Field(min_length=1)
    visits: list[VisitEntry] = []
    reported: list[ReportedEntry] = []

    @property
    def analysis(self) -> str:
        """Return the name of the one table of an analysis."""
        return self._analyses()[0]

    def _analyses(self) -> list[str]:
        known = type(self).model_fields.keys() - StudyFile.model_fields.keys()
        return sorted(name for name in known if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _has_one_analysis(self) -> StudyFile:
        given = self._analyses()
        if len(given) != 1:
            known = sorted(type(self).model_fields.keys() - StudyFile.model_fields.keys())
            raise ValueError(f"wants one of the tables {', '.join(known)}, got {', '.join(given) or 'none'}")
        return self
