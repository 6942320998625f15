"""Schema of the table [glutamate] of a study file."""

from __future__ import annotations

from pydantic import Field

from msim.definitions.files.names import Name, QuantityText
from msim.definitions.files.schema import Entry


class GlutamateEntry(Entry):
    """Glutamate cycling and energy by MRS, mGluR5 and SV2A by PET.

    scan: duration of each scan, from the time of the visit; every: time between readings in a scan
    """

    baseline: Name
    after: list[Name] = Field(min_length=1)
    controls: Name
    scan: QuantityText
    every: QuantityText
