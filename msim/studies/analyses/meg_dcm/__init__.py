"""Study of MEG: ongoing activity and responses to touch, before and after a treatment, fitted by a neural mass."""

from __future__ import annotations

from pydantic import Field, StrictInt

from msim.definitions.files.names import Name, QuantityText
from msim.definitions.files.schema import Entry
from msim.definitions.studies.analysis import Analysis


class MegStudyEntry(Entry):
    """Ongoing activity and responses to touch, before and after a treatment, fitted by a neural mass."""

    before: Name
    after: Name
    seconds: QuantityText
    trials: StrictInt = Field(ge=2, le=10000)


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
