"""Schema of files of studies and of participants: names and types, no science."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

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


class SystemEntry(Entry):
    """Regions between which connectivity is averaged: names of systems or regions, on both sides."""

    name: Words
    between: list[Words] = Field(min_length=1)
    other: list[Words] = []
    is_control: StrictBool = False


class RestingEntry(Entry):
    """Resting connectivity before and after a treatment."""

    tr: QuantityText
    duration: QuantityText
    runs: StrictInt = Field(default=1, ge=1, le=20)
    low: QuantityText
    high: QuantityText
    noise: Number = 0.0
    before: list[Name] = Field(min_length=1)
    after: Name
    controls: Name
    analysed: StrictInt | None = Field(default=None, ge=1)
    response_at: Name
    response: Number = Field(gt=0, lt=1)
    systems: list[SystemEntry] = Field(min_length=1)


class TaskStudyEntry(Entry):
    """A task in a scanner at several visits."""

    task: Words
    tr: QuantityText
    regions: list[Words] = Field(min_length=1)
    visits: list[Name] = Field(min_length=2)
    controls: Name
    remission_at: Name
    remission: Number = Field(ge=0)


class MegStudyEntry(Entry):
    """Ongoing activity and responses to touch, before and after a treatment, fitted by a neural mass."""

    before: Name
    after: Name
    seconds: QuantityText
    trials: StrictInt = Field(ge=2, le=10000)


class GlutamateEntry(Entry):
    """Glutamate cycling and energy by MRS, mGluR5 and SV2A by PET.

    scan: duration of each scan, from the time of the visit; every: time between readings in a scan
    """

    baseline: Name
    after: list[Name] = Field(min_length=1)
    controls: Name
    scan: QuantityText
    every: QuantityText


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
    """One file under experiments/studies/, with exactly one of the analyses."""

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
    resting_connectivity: RestingEntry | None = None
    go_nogo: TaskStudyEntry | None = None
    meg_dcm: MegStudyEntry | None = None
    glutamate: GlutamateEntry | None = None
    reported: list[ReportedEntry] = []

    @model_validator(mode="after")
    def _has_one_analysis(self) -> StudyFile:
        given = [name for name in ANALYSES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"wants one of the tables {', '.join(ANALYSES)}, got {', '.join(given) or 'none'}")
        return self


ANALYSES = ("resting_connectivity", "go_nogo", "meg_dcm", "glutamate")
