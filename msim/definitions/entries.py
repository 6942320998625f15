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
    StrictBool,
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
    """Cells of one type: what they are made of, share of the column, rate at rest, rate that stops a run.

    places: compartment of the membrane to the share of each receptor that sits there; the rest sits on the first one
    """

    membrane: StrictStr
    receptors: list[StrictStr]
    places: dict[StrictStr, dict[StrictStr, ValueEntry]] = {}
    share: ValueEntry
    resting_rate: ValueEntry
    highest_rate: ValueEntry


class ProjectionEntry(Entry):
    """All synapses from one population to another.

    release: the synapse mechanism of its release; saturation: receptor to the one of its bound receptors
    """

    source_population: StrictStr = Field(alias="from")
    to: StrictStr
    in_degree: ValueEntry
    weight_sigma: ValueEntry
    delay_low: ValueEntry
    delay_high: ValueEntry
    peak: dict[StrictStr, ValueEntry] = Field(min_length=1)
    release: StrictStr = ""
    saturation: dict[StrictStr, StrictStr] = {}


class DriveEntry(Entry):
    """Poisson events from outside the column, or from spontaneous release; `colour` is what scales them in time."""

    to: StrictStr
    contacts: ValueEntry
    rate: ValueEntry
    peak: dict[StrictStr, ValueEntry] = Field(min_length=1)
    colour: StrictStr = ""


class LinkEntry(Entry):
    """An output, or a sum of outputs, feeding an input."""

    origin: SomeNames = Field(alias="from")
    to: StrictStr
    share: ValueEntry | None = None
    relative_to: SomeNames | None = None


class PartEntry(Entry):
    """What a manipulation does in the cells and at the place that it names: values it sets, states it cuts at once."""

    cells: SomeNames = []
    place: Name | Literal[""] = ""
    set: dict[StrictStr, ValueEntry] | None = Field(default=None, min_length=1)
    pulse: dict[StrictStr, ValueEntry] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _does_something(self) -> PartEntry:
        if self.set is None and self.pulse is None and not getattr(self, "parts", None):
            raise ValueError("wants 'set' or 'pulse'")
        return self


class ManipulationEntry(PartEntry):
    """What an arm may do to the model by one word, in one part or in several by cells and place."""

    kind: Literal["knockout", "mutant", "treatment"]
    meaning: StrictStr
    acute: StrictBool | None = None
    amount: ValueEntry | None = None
    parts: list[PartEntry] = []

    @model_validator(mode="after")
    def _is_told_once(self) -> ManipulationEntry:
        given = [name for name in PartEntry.model_fields if name in self.model_fields_set]
        if self.parts and given:
            raise ValueError(f"wants '{given[0]}' inside each of 'parts', or no 'parts'")
        return self


class HypothesisEntry(Entry):
    """One of the rival accounts that a model can stand for: what has to be set for it."""

    meaning: Words
    set: dict[StrictStr, ValueEntry] = Field(min_length=1)


class StateEntry(Entry):
    """A state of the body or slice, such as depressed: what has to be set for it."""

    meaning: Words
    set: dict[StrictStr, ValueEntry] = {}


class PreparationEntry(StateEntry):
    """What a model stands for: a person, an animal or a slice in a bath."""

    body_weight: ValueEntry | None = None
    bath: StrictBool = False


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
    hypotheses: dict[Name, HypothesisEntry] = {}
    preparations: dict[Name, PreparationEntry] = {}
    states: dict[Name, StateEntry] = {}


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
    uM: Number | None = None
    at: QuantityText | None = None
    duration: QuantityText | None = None
    every: QuantityText | None = None
    times: StrictInt | None = None
    steps: list[TitrationStep] | None = None


class ActEntry(Entry):
    """A manipulation in an arm: its name alone, or with where, how much and when."""

    name: StrictStr
    cells: SomeNames | None = None
    place: StrictStr | None = None
    amount: Number | None = None
    since: QuantityText | None = Field(default=None, alias="from")
    until: QuantityText | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_name_alone(cls, given: Any) -> Any:
        if not isinstance(given, (str, dict)):
            raise ValueError("wants the name of a manipulation, or a table")
        return {"name": given} if isinstance(given, str) else given


class ArmEntry(Entry):
    """One condition of an experiment."""

    name: Name
    meaning: StrictStr = ""
    doses: list[DoseEntry] = []
    knockout: list[ActEntry] = []
    mutant: list[ActEntry] = []
    treatment: list[ActEntry] = []
    hypothesis: StrictStr | None = None
    preparation: StrictStr | None = None
    state: StrictStr | None = None
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
    noise: Number | None = None
    burst: QuantityText | None = None
    longest_burst: QuantityText | None = None
    burn_in: QuantityText | None = None
    settle: QuantityText | None = None
    probe: QuantityText | None = None
    baseline: QuantityText | None = None
    shortest_leap: QuantityText | None = None
    longest_leap: QuantityText | None = None


class AxisEntry(Entry):
    """A value that a sweep varies: `values` one by one, or the range from `low` to `high`."""

    path: StrictStr
    name: Name | None = None
    values: list[QuantityText] | None = Field(default=None, min_length=1)
    low: QuantityText | None = None
    high: QuantityText | None = None
    count: StrictInt | None = None
    spacing: Literal["linear", "log"] = "linear"


class ShowEntry(Entry):
    """What the figures of a sweep show over its axes."""

    quantity: StrictStr
    at: QuantityText


class SweepEntry(Entry):
    """The axes of a sweep, and whether every combination or a sample of them is run."""

    axes: list[AxisEntry] = Field(min_length=1)
    sample: Literal["grid", "random", "latin", "sobol", "saltelli"] = "grid"
    points: StrictInt | None = None
    seed: StrictInt = Field(default=1, ge=0, lt=2**31)
    show: list[ShowEntry] = []


class ExperimentFile(Entry):
    """One file under experiments/."""

    title: Words
    hypothesis: Words
    source: StrictStr
    notes: StrictStr = ""
    model: StrictStr
    hypotheses: list[StrictStr] | None = Field(default=None, min_length=1)
    seeds: list[StrictInt] = Field(min_length=1)
    begin: QuantityText
    duration: QuantityText
    body_weight: QuantityText | None = None
    preparation: StrictStr = ""
    state: StrictStr = ""
    schedule: ScheduleEntry = ScheduleEntry()
    set: dict[StrictStr, QuantityText] = {}
    arms: list[ArmEntry] = Field(min_length=1)
    record: list[RecordEntry] = Field(min_length=1)
    predict: list[PredictEntry] = []
    sweep: SweepEntry | None = None
