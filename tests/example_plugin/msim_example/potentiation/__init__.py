"""An analysis of studies: by how much the AMPA conductance of affected regions has changed at a visit."""

from __future__ import annotations

from pydantic import StrictStr

from msim.definitions.files.names import Name
from msim.definitions.files.schema import Entry
from msim.definitions.studies.analysis import Analysis


class PotentiationEntry(Entry):
    """The table [potentiation] of a study file."""

    after: list[Name]
    unit: StrictStr = "relative"


ANALYSIS = Analysis(
    schema=PotentiationEntry,
    needs_brain=False,
    times=(),
    visits={"after": ("treated",)},
    limits="Potentiation",
    limits_text="Potentiation is that of the model, and no scanner sees it.",
    study=f"{__name__}.study",
    figure=f"{__name__}.figure",
)
