"""Study of MEG: ongoing activity and responses to touch, before and after a treatment, fitted by a neural mass."""

from msim.definitions.studies.analysis import Analysis
from msim.studies.analyses.meg_dcm.schema import MegStudyEntry

ANALYSIS = Analysis(
    schema=MegStudyEntry,
    needs_brain=False,
    times=("seconds",),
    visits={"before": ("all",), "after": ("all",)},
    roles=("population",),
    limits="MEG and DCM",
    study=f"{__name__}.study",
    figure=f"{__name__}.figure",
)
