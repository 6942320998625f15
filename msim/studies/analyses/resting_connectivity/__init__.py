"""Study of resting connectivity: scans before and after a treatment, systems of regions, a mixed model."""

from msim.definitions.studies.analysis import Analysis
from msim.studies.analyses.resting_connectivity.schema import RestingEntry

ANALYSIS = Analysis(
    schema=RestingEntry,
    needs_brain=True,
    times=("tr",),
    visits={"before": ("others",), "after": ("others",), "response_at": ("others",)},
    limits="Resting connectivity",
    study=f"{__name__}.study",
    figure=f"{__name__}.figure",
)
