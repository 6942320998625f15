"""Schema of files of studies and of participants: names and types, no science."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StrictStr, model_validator

from msim.definitions.files.names import A_NUMBER, DottedPath, Name, Words
from msim.definitions.files.schema import DoseEntry, Entry, FiniteNumber, Moment, ValueEntry
from msim.definitions.files.takes import Takes

Coupling = Annotated[float, Takes(low=0, high=1), A_NUMBER]


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


class Group(Entry):
    """Participants with the same health and treatment.

    health: name in the population
    """

    name: Name
    meaning: StrictStr = ""
    health: Name
    n: StrictInt = Field(ge=1, le=10000)
    doses: tuple[DoseEntry, ...] = ()

    def participant(self, number: int) -> str:
        """Return the name of a participant, counted from 1, of letters and digits alone, as BIDS wants it."""
        return f"{self.name}{number:02d}".replace("_", "")


class Visit(Entry):
    """A time (s on the clock of the doses) at which a group is examined.

    absent: numbers, from 1, of participants who were not
    """

    name: Name
    group: Name
    time: Moment = Field(alias="at")
    absent: frozenset[StrictInt] = frozenset()

    @property
    def session(self) -> str:
        """Return the name of the visit in letters and digits alone, as BIDS wants it."""
        return self.name.replace("_", "")


class Reported(Entry):
    """A statistic as a paper reports it; a number that the paper omits is None.

    role: as of an evidence row: 'CAL', which values may be fitted to, or 'TEST', which nothing was fitted to
    """

    statistic: Words
    sign: Literal["+", "-", "0"] | None = None
    estimate: FiniteNumber | None = None
    value: FiniteNumber | None = None
    degrees: FiniteNumber | None = None
    p: FiniteNumber | None = None
    role: Literal["CAL", "TEST"] = "CAL"
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
    coupling: Coupling | None = None
    begin: Moment
    seed: StrictInt = Field(ge=0, lt=2**31)
    groups: tuple[Group, ...] = Field(min_length=1)
    visits: tuple[Visit, ...] = ()
    reported: tuple[Reported, ...] = ()

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
