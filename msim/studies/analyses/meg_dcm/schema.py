"""Schema of the table [meg_dcm] of a study file."""

from __future__ import annotations

from pydantic import Field, StrictInt

from msim.definitions.files.names import Name, QuantityText
from msim.definitions.files.schema import Entry


class MegStudyEntry(Entry):
    """Ongoing activity and responses to touch, before and after a treatment, fitted by a neural mass."""

    before: Name
    after: Name
    seconds: QuantityText
    trials: StrictInt = Field(ge=2, le=10000)
