"""Study of glutamate and synapses: cycling and energy by MRS, mGluR5 and SV2A by PET."""

from __future__ import annotations

from pydantic import Field

from msim.definitions.files.names import Name, QuantityText
from msim.definitions.files.schema import Entry
from msim.definitions.studies.analysis import Analysis


class GlutamateEntry(Entry):
    """Glutamate cycling and energy by MRS, mGluR5 and SV2A by PET.

    scan: duration of each scan, from the time of the visit; every: time between readings in a scan
    """

    baseline: Name
    after: list[Name] = Field(min_length=1)
    controls: Name
    scan: QuantityText
    every: QuantityText


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
