"""What the tables of a model or experiment file may hold: names and types, nothing of the science."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    model_validator,
)

LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _text_or_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("wants a text with a unit, or a number where there is none")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("wants a finite number")
    return value


def _name(value: str) -> str:
    if len(value) > LONGEST_NAME or not _NAME.fullmatch(value) or "__" in value:
        raise ValueError(f"wants a name of letters, digits and single '_' that starts with a letter, of at most "
                         f"{LONGEST_NAME} characters")
    return value


def _names(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


QuantityText = Annotated[Any, BeforeValidator(_text_or_number)]
Number = Annotated[Any, BeforeValidator(_number)]
SomeNames = Annotated[list[StrictStr], Field(min_length=1), BeforeValidator(_names)]
Name = Annotated[StrictStr, AfterValidator(_name)]
Words = Annotated[StrictStr, Field(min_length=1)]


class Entry(BaseModel):
    """A table in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ValueEntry(Entry):
    """A number of a model: its value with unit, its source, and what the source leaves out.

    same_as: path of the value that this one follows, so that a shared number is written once
    """

    value: QuantityText = None
    source: StrictStr = ""
    note: StrictStr = ""
    same_as: StrictStr = ""

    @model_validator(mode="after")
    def _is_complete(self) -> ValueEntry:
        given = self.model_fields_set
        if "same_as" in given:
            if given - {"same_as"}:
                raise ValueError("wants 'same_as' alone, or 'value' with 'source'")
            return self
        for key in ("value", "source"):
            if key not in given:
                raise ValueError(f"wants '{key}'" + ("" if given else " and 'source'"))
        return self


class MechanismEntry(BaseModel):
    """A form with its numbers; every further key is a parameter of the form."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, ValueEntry]
    form: StrictStr
    on: StrictStr = ""


class ColumnEntry(Entry):
    """Size of the column, and the size for which its in-degrees and weights are written."""

    n_cells: ValueEntry
    reference_cells: ValueEntry


class PopulationEntry(Entry):
    """Cells of one type: what they are made of, share of the column, rate at rest, rate that stops a run."""

    membrane: StrictStr
    receptors: list[StrictStr]
    share: ValueEntry
    resting_rate: ValueEntry
    highest_rate: ValueEntry


class ProjectionEntry(Entry):
    """All synapses from one population to another."""

    source_population: StrictStr = Field(alias="from")
    to: StrictStr
    in_degree: ValueEntry
    weight_sigma: ValueEntry
    delay_low: ValueEntry
    delay_high: ValueEntry
    peak: dict[StrictStr, ValueEntry] = Field(min_length=1)


class DriveEntry(Entry):
    """Poisson events from outside the column, or from spontaneous release."""

    to: StrictStr
    contacts: ValueEntry
    rate: ValueEntry
    peak: dict[StrictStr, ValueEntry] = Field(min_length=1)


class LinkEntry(Entry):
    """An output, or a sum of outputs, feeding an input."""

    origin: SomeNames = Field(alias="from")
    to: StrictStr
    share: ValueEntry | None = None
    relative_to: SomeNames | None = None


class ManipulationEntry(Entry):
    """What an arm may do to the model by one word: the values that it changes."""

    kind: Literal["knockout", "mutant", "treatment"]
    meaning: StrictStr
    set: dict[StrictStr, ValueEntry] = Field(min_length=1)


class ModelFile(Entry):
    """One file under models/."""

    title: StrictStr = ""
    notes: StrictStr = ""
    include: list[StrictStr] = []
    column: ColumnEntry | None = None
    mechanisms: dict[Name, MechanismEntry] = {}
    populations: dict[Name, PopulationEntry] = {}
    projections: dict[Name, ProjectionEntry] = {}
    drives: dict[Name, DriveEntry] = {}
    links: dict[Name, LinkEntry] = {}
    manipulations: dict[Name, ManipulationEntry] = {}


class TitrationStep(Entry):
    """One constant rate of a titrated infusion."""

    mg_per_kg_per_hour: Number
    at: QuantityText
    until: QuantityText


class DoseEntry(Entry):
    """A dose or a series of doses, as pharmacology.regimen reads it."""

    drug: StrictStr
    route: StrictStr
    mg_per_kg: Number | None = None
    mg: Number | None = None
    mg_per_kg_per_hour: Number | None = None
    at: QuantityText | None = None
    duration: QuantityText | None = None
    every: QuantityText | None = None
    times: StrictInt | None = None
    steps: list[TitrationStep] | None = None


class ArmEntry(Entry):
    """One condition of an experiment."""

    name: Name
    meaning: StrictStr = ""
    doses: list[DoseEntry] = []
    knockout: list[StrictStr] = []
    mutant: list[StrictStr] = []
    treatment: list[StrictStr] = []
    set: dict[StrictStr, QuantityText] = {}


class RecordEntry(Entry):
    """A quantity to record, on a grid or at chosen times."""

    quantity: StrictStr
    every: QuantityText | None = None
    at: list[QuantityText] | None = Field(default=None, min_length=1)


class PredictEntry(Entry):
    """A claim settled before the run."""

    id: Name
    quantity: StrictStr
    at: QuantityText
    claim: StrictStr
    margin: QuantityText | None = None
    source: StrictStr
    note: StrictStr = ""


class ScheduleEntry(Entry):
    """How finely the fast scale is sampled; left out, the defaults of coupling.schedule hold."""

    tolerance: Number | None = None
    burst: QuantityText | None = None
    burn_in: QuantityText | None = None
    settle: QuantityText | None = None
    probe: QuantityText | None = None
    baseline: QuantityText | None = None
    shortest_leap: QuantityText | None = None
    longest_leap: QuantityText | None = None


class ExperimentFile(Entry):
    """One file under experiments/."""

    title: Words
    hypothesis: Words
    source: StrictStr
    notes: StrictStr = ""
    model: StrictStr
    seeds: list[StrictInt] = Field(min_length=1)
    begin: QuantityText
    duration: QuantityText
    body_weight: QuantityText
    schedule: ScheduleEntry = ScheduleEntry()
    set: dict[StrictStr, QuantityText] = {}
    arms: list[ArmEntry] = Field(min_length=1)
    record: list[RecordEntry] = Field(min_length=1)
    predict: list[PredictEntry] = []
