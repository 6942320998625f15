"""Published exposures: what was measured in plasma after a dose, as data, read and checked without a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, StrictStr, model_validator

from msim.base.errors import DefinitionError
from msim.base.quantities import parse_in, second
from msim.base.sources import check_source, read_sources
from msim.base.units import kilogram, meter
from msim.definitions.experiments.doses import check_doses
from msim.definitions.files.names import DottedPath, Name, NameOrNothing, QuantityText, Words
from msim.definitions.files.read import display_name, find, read_entries, read_text, shipped
from msim.definitions.files.schema import DoseEntry, Entry

LEVEL, AREA = kilogram / meter**3, kilogram * second / meter**3
# What can be read of a curve, and the unit of each.
READINGS: dict[str, Any] = {"peak": LEVEL, "level": LEVEL, "area": AREA, "time of peak": second, "ratio of areas": 1}


class ExposureEntry(Entry):
    """One published value.

    of: the drug that was given, or the norketamine that it turns into; 'ratio of areas' is of norketamine to drug
    time: of a level, or to which an area is counted; published: one value, or a low and a high one
    kind: whether people were measured, or a population model was fitted to people and evaluated
    """

    id: Name
    statement: Words
    doses: list[DoseEntry] = Field(min_length=1)
    preparation: NameOrNothing = "human"
    body_weight: QuantityText | None = None
    set: dict[DottedPath, QuantityText] = {}
    reading: Literal["peak", "level", "area", "time of peak", "ratio of areas"]
    of: Literal["drug", "norketamine"] = "drug"
    time: QuantityText | None = None
    published: tuple[QuantityText, ...] = Field(min_length=1, max_length=2)
    kind: Literal["measured", "model"]
    source: StrictStr
    note: StrictStr = ""

    @model_validator(mode="before")
    @classmethod
    def _one_value(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("published"), (str, int, float)):
            return {**given, "published": [given["published"]]}
        return given

    @model_validator(mode="after")
    def _says_when(self) -> ExposureEntry:
        wants = self.reading in ("level", "area", "ratio of areas")
        if wants != (self.time is not None):
            raise ValueError(f"wants {'a' if wants else 'no'} 'time' with reading '{self.reading}'")
        return self


class ExposureFile(Entry):
    """A file of published exposures."""

    title: StrictStr = ""
    notes: StrictStr = ""
    exposure: list[ExposureEntry] = Field(min_length=1)


@dataclass(frozen=True)
class Exposure:
    """One published value of plasma; low, high in SI units, equal where one value is given; time in s, or None."""

    entry: ExposureEntry
    low: float
    high: float
    time: float | None
    where: str


@dataclass(frozen=True)
class Exposures:
    """The published exposures of a file."""

    file: str
    title: str
    rows: tuple[Exposure, ...]


def read_exposures(path: str | Path) -> Exposures:
    """Read a file of published exposures.

    raises: DefinitionError that names file and key
    """
    file = find(str(path), "experiments")
    where = display_name(file)
    found = read_entries(read_text(file), where, ExposureFile)
    sources = read_sources(shipped("models") / "sources.bib")
    rows: dict[str, Exposure] = {}
    for index, one in enumerate(found.exposure):
        place = f"{where}: exposure.{index} ({one.id})"
        if one.id in rows:
            raise DefinitionError(place, f"wants an id of its own, got that of {rows[one.id].where}")
        check_source(one.source, one.note, sources, f"{place}.source")
        check_doses(one.doses, f"{place}.doses")
        bounds = [float(parse_in(text, READINGS[one.reading], f"{place}.published")) for text in one.published]
        if bounds != sorted(bounds) or bounds[0] <= 0:
            came = " and ".join(map(str, one.published))
            raise DefinitionError(f"{place}.published", f"wants values above 0, the lower one first, got {came}")
        time = None if one.time is None else float(parse_in(one.time, second, f"{place}.time"))
        rows[one.id] = Exposure(one, bounds[0], bounds[-1], time, place)
    return Exposures(where, found.title, tuple(rows.values()))
