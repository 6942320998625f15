"""Study of a Go/NoGo task in the scanner: contrast of regions, behavior and rating at several visits."""

from msim.definitions.studies.analysis import Analysis
from msim.studies.analyses.go_nogo.schema import TaskStudyEntry

ANALYSIS = Analysis(
    schema=TaskStudyEntry,
    needs_brain=True,
    times=("tr",),
    visits={"visits": ("patients",), "remission_at": ("patients",)},
    limits="Go/NoGo",
    study=f"{__name__}.study",
    figure=f"{__name__}.figure",
)
