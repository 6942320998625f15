"""Study of glutamate and synapses: cycling and energy by MRS, mGluR5 and SV2A by PET."""

from msim.definitions.studies.analysis import Analysis
from msim.studies.analyses.glutamate.schema import GlutamateEntry

ANALYSIS = Analysis(
    schema=GlutamateEntry,
    needs_brain=False,
    times=("scan", "every"),
    visits={"baseline": ("patients", "controls", "treated"), "after": ("patients", "treated")},
    roles=("population", "block", "spines", "miniatures"),
    limits="Glutamate and synapses",
    units={"V_cycle": "µmol/g/min", "V_TCA": "µmol/g/min", "mGluR5 binding": "rest = 1",
           "SV2A binding": "healthy brain = 1"},
    study=f"{__name__}.study",
    figure=f"{__name__}.figure",
)  # fmt: skip
