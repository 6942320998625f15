"""Schema of a file of evidence rows: names and types, no science."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, StrictStr, WrapValidator, model_validator

from msim.definitions.files.names import (
    DottedPath,
    Name,
    NameOrNothing,
    PathOrNumber,
    QuantityText,
    Words,
    checked_name,
)
from msim.definitions.files.schema import ActEntry, DoseEntry, Entry

Direction = Literal["+", "-", "0", "~", "within"]


def _regimen_or_doses(given: Any, doses: Callable[[Any], Any]) -> Any:
    if not isinstance(given, (str, list, tuple)):
        raise ValueError("wants the name of a regimen, or a list of doses")
    return checked_name(given) if isinstance(given, str) else doses(given)


Doses = Annotated[tuple[DoseEntry, ...], WrapValidator(_regimen_or_doses)]


class TermEntry(Entry):
    """One quantity of a sum; `times` is a number or the path of a value of the model."""

    quantity: DottedPath
    times: PathOrNumber = 1.0


class ReadoutEntry(Entry):
    """A named quantity that rows read: one output or a sum of several, as a mean over cells or as their spread."""

    meaning: Words
    quantity: DottedPath | None = None
    sum: list[TermEntry] | None = Field(default=None, min_length=1)
    statistic: Literal["mean", "cv"] = "mean"

    @model_validator(mode="after")
    def _reads_one_thing(self) -> ReadoutEntry:
        if (self.quantity is None) == (self.sum is None):
            raise ValueError("wants either 'quantity' or 'sum'")
        if self.statistic == "cv" and self.sum is not None:
            raise ValueError("wants 'quantity', and no 'sum', with statistic 'cv'")
        return self


class RegimenEntry(Entry):
    """Doses that several rows give, under one name."""

    meaning: Words
    doses: list[DoseEntry] = Field(min_length=1)


class RowEntry(Entry):
    """One published outcome: condition, readout, time, direction of the change, and source.

    doses: a list of doses, or the name of a regimen
    """

    id: Name
    fact: NameOrNothing = ""
    statement: Words
    doses: Doses = ()
    knockout: list[ActEntry] = []
    mutant: list[ActEntry] = []
    treatment: list[ActEntry] = []
    preparation: NameOrNothing = ""
    state: NameOrNothing = ""
    set: dict[DottedPath, QuantityText] = {}
    readout: DottedPath
    time: QuantityText
    direction: Direction
    against: Name = "vehicle"
    before: QuantityText | None = None
    margin: QuantityText | None = None
    low: QuantityText | None = None
    high: QuantityText | None = None
    compare: Literal["difference", "ratio"] = "difference"
    source: StrictStr
    note: StrictStr = ""
    role: Literal["CAL", "TEST", "control"] = "CAL"

    @model_validator(mode="after")
    def _says_what_counts(self) -> RowEntry:
        if self.direction == "within" and (self.low is None or self.high is None or self.margin is not None):
            raise ValueError("wants 'low' and 'high', and no 'margin', with direction 'within'")
        if self.direction != "within" and (self.low is not None or self.high is not None):
            raise ValueError(f"wants 'margin', and no 'low' or 'high', with direction '{self.direction}'")
        if self.direction != "within" and self.margin is None:
            raise ValueError(f"wants 'margin' with direction '{self.direction}'")
        if self.before is not None and self.against != "before":
            raise ValueError("wants 'before' only with against = 'before'")
        return self


class EvidenceFile(Entry):
    """A file of evidence rows."""

    title: StrictStr = ""
    notes: StrictStr = ""
    regimens: dict[Name, RegimenEntry] = {}
    readouts: dict[Name, ReadoutEntry] = {}
    row: list[RowEntry] = Field(min_length=1)
