"""Study of a Go/NoGo task in the scanner: contrast of regions, behavior and rating at several visits."""

from __future__ import annotations

from pydantic import Field

from msim.definitions.files.names import Name, Number, QuantityText, Words
from msim.definitions.files.schema import Entry
from msim.definitions.studies.analysis import Analysis


class TaskStudyEntry(Entry):
    """A task in a scanner at several visits."""

    task: Words
    tr: QuantityText
    regions: list[Words] = Field(min_length=1)
    visits: list[Name] = Field(min_length=2)
    controls: Name
    remission_at: Name
    remission: Number = Field(ge=0)


ANALYSIS = Analysis(
    schema=TaskStudyEntry,
    needs_brain=True,
    times=("tr",),
    visits={"visits": ("patients",), "remission_at": ("patients",)},
    limits="Go/NoGo",
    study=f"{__name__}.study",
    figure=f"{__name__}.figure",
)
