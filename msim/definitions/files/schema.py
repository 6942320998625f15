"""Schema of the tables in a model or experiment file: names and types, no science."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from msim.base.units import kilogram, second
from msim.definitions.files.names import (
    A_NUMBER,
    A_QUANTITY,
    A_WHOLE_NUMBER,
    DottedPath,
    Name,
    NameOrNothing,
    Number,
    QuantityText,
    SomeNames,
    SomePaths,
    Words,
)
from msim.definitions.files.takes import Takes
from msim.pharmacology.regimen import LARGEST_AMOUNT, MOST_REPEATS

LONGEST_TIME = 100 * 365 * 86400.0  # s; still known to less than a microsecond
LONGEST_BURST = 3600.0  # s
SHORTEST_BURST = 0.1  # s; an average of less says nothing
HEAVIEST_BODY = 1000.0  # kg

Moment = Annotated[float, Takes(second), A_QUANTITY]
FiniteNumber = Annotated[float, Takes(), A_NUMBER]
# What changes by dotted path, axes of a sweep and the checks of a file hold against is declared here, once; an entry
# holds it in SI units, or in those that the name of its key carries.
Time = Annotated[float, Takes(second, low=0, high=LONGEST_TIME), A_QUANTITY]
Span = Annotated[float, Takes(second, low=0, high=LONGEST_TIME, low_is_allowed=False), A_QUANTITY]
Burst = Annotated[float, Takes(second, low=SHORTEST_BURST, high=LONGEST_BURST), A_QUANTITY]
UpToBurst = Annotated[float, Takes(second, low=0, high=LONGEST_BURST), A_QUANTITY]
Error = Annotated[float, Takes(low=0, low_is_allowed=False, high=LONGEST_BURST), A_NUMBER]
BodyWeight = Annotated[float, Takes(kilogram, low=0, low_is_allowed=False, high=HEAVIEST_BODY), A_QUANTITY]
MgPerKg = Annotated[float, Takes(written="mg/kg", low=0, low_is_allowed=False, high=LARGEST_AMOUNT), A_NUMBER]
Mg = Annotated[float, Takes(written="mg", low=0, low_is_allowed=False, high=LARGEST_AMOUNT), A_NUMBER]
MgPerKgPerHour = Annotated[float, Takes(written="mg/kg/h", low=0, low_is_allowed=False, high=LARGEST_AMOUNT), A_NUMBER]
Micromolar = Annotated[float, Takes(written="uM", low=0, low_is_allowed=False, high=LARGEST_AMOUNT), A_NUMBER]
Repeats = Annotated[int, Takes(whole=True, low=1, high=MOST_REPEATS), A_WHOLE_NUMBER]


class Entry(BaseModel):
    """A table in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ValueEntry(Entry):
    """A number of a model: its value with unit, its source, and a note on what the source leaves out.

    same_as: path of the value that this one follows, so that a shared number is written once
    """

    value: QuantityText = None
    source: StrictStr = ""
    note: StrictStr = ""
    same_as: DottedPath = ""

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
    form: Name
    on: NameOrNothing = ""


class ColumnEntry(Entry):
    """Size of the column, and the size for which its in-degrees and weights are written."""

    n_cells: ValueEntry
    reference_cells: ValueEntry


class RolesEntry(Entry):
    """What of a model is what others look for in every model; each may be left out.

    population: whose cells make the fields that are measured; gain: factor on their AMPA conductance
    block: blocked share of each pool of receptors, in lists of pools that a drug blocks nearly alike; its first is the
        pool of that population that spikes activate
    cascade: signals between block and gain, in their order; bold, spines: outputs; miniatures: rate without spikes
    """

    population: Name = ""
    gain: DottedPath = ""
    block: list[SomePaths] = []
    cascade: list[DottedPath] = []
    bold: DottedPath = ""
    spines: DottedPath = ""
    miniatures: DottedPath = ""


class PopulationEntry(Entry):
    """Cells of one type: membrane and receptors, share of the column, rate at rest, rate that stops a run.

    places: compartment of the membrane to the share of each receptor that sits there; the rest sits on the first one
    """

    membrane: Name
    receptors: list[Name]
    places: dict[Name, dict[Name, ValueEntry]] = {}
    share: ValueEntry
    resting_rate: ValueEntry
    highest_rate: ValueEntry


class ProjectionEntry(Entry):
    """All synapses from one population to another.

    release: synapse mechanism of the transmitter release
    saturation: receptor to the synapse mechanism of its bound receptors
    """

    source_population: Name = Field(alias="from")
    to: Name
    in_degree: ValueEntry
    weight_sigma: ValueEntry
    delay_low: ValueEntry
    delay_high: ValueEntry
    peak: dict[Name, ValueEntry] = Field(min_length=1)
    release: NameOrNothing = ""
    saturation: dict[Name, Name] = {}


class DriveEntry(Entry):
    """Poisson events from outside the column, or from spontaneous release.

    colour: mechanism that scales the events in time
    """

    to: Name
    contacts: ValueEntry
    rate: ValueEntry
    peak: dict[Name, ValueEntry] = Field(min_length=1)
    colour: NameOrNothing = ""


class LinkEntry(Entry):
    """An output, or a sum of outputs, feeding an input."""

    origin: SomePaths = Field(alias="from")
    to: DottedPath
    share: ValueEntry | None = None
    relative_to: SomePaths | None = None


class PartEntry(Entry):
    """Effect of a manipulation in given cells and at a given place: values that it sets, states that it cuts."""

    cells: SomeNames = ()
    place: NameOrNothing = ""
    set: dict[DottedPath, ValueEntry] | None = Field(default=None, min_length=1)
    pulse: dict[DottedPath, ValueEntry] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _does_something(self) -> PartEntry:
        if self.set is None and self.pulse is None and not getattr(self, "parts", None):
            raise ValueError("wants 'set' or 'pulse'")
        return self


class ManipulationEntry(PartEntry):
    """A named change of the model that an arm may apply, in one part or in several by cells and place."""

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
    """One of the rival accounts that a model can represent, and the values that it sets."""

    meaning: Words
    set: dict[DottedPath, ValueEntry] = Field(min_length=1)


class StateEntry(Entry):
    """A state of the body or slice, such as depressed, and the values that it sets."""

    meaning: Words
    set: dict[DottedPath, ValueEntry] = {}


class VariantEntry(HypothesisEntry):
    """Another set of values for the same model, such as those of another laboratory."""


class PreparationEntry(StateEntry):
    """Body or tissue that a model stands for: a person, an animal or a slice in a bath.

    lightest, heaviest: limits of the weight of such a body
    """

    body_weight: ValueEntry | None = None
    lightest: ValueEntry | None = None
    heaviest: ValueEntry | None = None
    bath: StrictBool = False


class ModelFile(Entry):
    """One file under models/."""

    title: StrictStr = ""
    notes: StrictStr = ""
    include: list[StrictStr] = []
    column: ColumnEntry | None = None
    roles: RolesEntry | None = None
    mechanisms: dict[Name, MechanismEntry] = {}
    populations: dict[Name, PopulationEntry] = {}
    projections: dict[Name, ProjectionEntry] = {}
    drives: dict[Name, DriveEntry] = {}
    links: dict[Name, LinkEntry] = {}
    manipulations: dict[Name, ManipulationEntry] = {}
    hypotheses: dict[Name, HypothesisEntry] = {}
    preparations: dict[Name, PreparationEntry] = {}
    states: dict[Name, StateEntry] = {}
    variants: dict[Name, VariantEntry] = {}


class TitrationStep(Entry):
    """One constant rate of a titrated infusion."""

    mg_per_kg_per_hour: MgPerKgPerHour
    at: Time
    until: Time


class DoseEntry(Entry):
    """A dose, or a series of doses, as an arm, a group or an evidence row declares it.

    at, duration, every: s; steps: of a titrated infusion, with times of their own
    """

    drug: Name
    route: Name
    mg_per_kg: MgPerKg | None = None
    mg: Mg | None = None
    mg_per_kg_per_hour: MgPerKgPerHour | None = None
    uM: Micromolar | None = None
    at: Time | None = None
    duration: Span | None = None
    every: Span | None = None
    times: Repeats | None = None
    steps: tuple[TitrationStep, ...] | None = None


class ActEntry(Entry):
    """A manipulation in an arm: its name alone, or also its cells, place, amount and times."""

    name: Name
    cells: SomeNames | None = None
    place: Name | None = None
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
    hypothesis: NameOrNothing | None = None
    preparation: NameOrNothing | None = None
    state: NameOrNothing | None = None
    variant: NameOrNothing | None = None
    set: dict[DottedPath, QuantityText] = {}


class RecordEntry(Entry):
    """A quantity to record, on a grid or at chosen times."""

    quantity: DottedPath
    every: QuantityText | None = None
    at: list[QuantityText] | None = Field(default=None, min_length=1)


class PredictEntry(Entry):
    """A claim settled before the run.

    row: id of the evidence row whose published outcome it is about; '' where it was never compared with any
    """

    id: Name
    quantity: DottedPath
    at: QuantityText
    claim: StrictStr
    margin: QuantityText | None = None
    row: NameOrNothing = ""
    source: StrictStr
    note: StrictStr = ""


class ScheduleEntry(Entry):
    """Settings of the sampling of the fast scale; an absent key takes the default of `experiments.schedule`."""

    tolerance: Error | None = None
    noise: Error | None = None
    burst: Burst | None = None
    longest_burst: UpToBurst | None = None
    burn_in: UpToBurst | None = None
    settle: UpToBurst | None = None
    probe: Burst | None = None
    baseline: Burst | None = None
    shortest_leap: Span | None = None
    longest_leap: Span | None = None


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
    """A quantity at a time, which the figures of a sweep show over its axes."""

    quantity: DottedPath
    at: QuantityText


class SweepEntry(Entry):
    """The axes of a sweep, and whether the sweep runs every combination of their values or a sample."""

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
    hypotheses: list[Name] | None = Field(default=None, min_length=1)
    seeds: list[StrictInt] = Field(min_length=1)
    begin: QuantityText
    duration: QuantityText
    body_weight: BodyWeight | None = None
    preparation: NameOrNothing = ""
    state: NameOrNothing = ""
    variant: NameOrNothing = ""
    schedule: ScheduleEntry = ScheduleEntry()
    set: dict[DottedPath, QuantityText] = {}
    arms: list[ArmEntry] = Field(min_length=1)
    record: list[RecordEntry] = Field(min_length=1)
    predict: list[PredictEntry] = []
    sweep: SweepEntry | None = None
