"""Study of resting connectivity: scans before and after a treatment, systems of regions, a mixed model."""

from __future__ import annotations

from pydantic import Field, StrictBool, StrictInt

from msim.definitions.files.names import Name, Number, QuantityText, Words
from msim.definitions.files.schema import Entry
from msim.definitions.studies.analysis import Analysis


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


ANALYSIS = Analysis(
    schema=RestingEntry,
    needs_brain=True,
    times=("tr",),
    visits={"before": ("others",), "after": ("others",), "response_at": ("others",)},
    limits="Resting connectivity",
    study=f"{__name__}.study",
    figure=f"{__name__}.figure",
)
