"""Schema of the table [go_nogo] of a study file."""

from __future__ import annotations

from pydantic import Field

from msim.definitions.files.names import Name, Number, QuantityText, Words
from msim.definitions.files.schema import Entry


class TaskStudyEntry(Entry):
    """A task in a scanner at several visits."""

    task: Words
    tr: QuantityText
    regions: list[Words] = Field(min_length=1)
    visits: list[Name] = Field(min_length=2)
    controls: Name
    remission_at: Name
    remission: Number = Field(ge=0)
