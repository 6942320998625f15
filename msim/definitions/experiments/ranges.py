"""Values of a range whose ends are given as in a file: read by its parser, spaced in SI units."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from msim.base.errors import DefinitionError
from msim.base.quantities import text_like
from msim.definitions.files.takes import Takes

Given = str | int | float


@dataclass(frozen=True)
class Range:
    """Range from `low` to `high`, as a file gives them; log: whether steps are equal in logarithm.

    takes: of the key whose values the range is of; where: key or option that gives it
    """

    low: Given
    high: Given
    log: bool
    takes: Takes
    where: str

    def ends(self) -> tuple[float, float]:
        """Return both ends in SI units.

        raises: DefinitionError where low is not below high, or not above 0 for steps in logarithm
        """
        low, high = self.takes.si(self.low, f"{self.where}.low"), self.takes.si(self.high, f"{self.where}.high")
        if not low < high:
            raise DefinitionError(f"{self.where}.high", f"wants more than low ({self.low}), got {self.high!r}")
        if self.log and low <= 0:
            raise DefinitionError(f"{self.where}.low", f"wants more than 0 for steps in logarithm, got {self.low!r}")
        return low, high


def spaced(found: Range, parts: Iterable[float]) -> tuple[Given, ...]:
    """Return values at parts (0 to 1) of a range, as a file gives them: ends unchanged, others with twelve digits."""
    low, high = found.ends()
    return tuple(_at(found, low, high, float(part)) for part in parts)


def counted(found: Range, parts: Iterable[float]) -> tuple[Given, ...]:
    """Return whole numbers at parts (0 to below 1) of a range that includes both ends, all equally likely."""
    low, high = found.ends()
    return tuple(int(min(low + math.floor(part * (high - low + 1)), high)) for part in parts)


def _at(found: Range, low: float, high: float, part: float) -> Given:
    if part == 0:
        return found.low
    if part == 1:
        alike = text_like(high, found.low, found.where)
        return alike if found.takes.si(alike, found.where) == high else found.high
    number = low * (high / low) ** part if found.log else low + part * (high - low)
    return text_like(number, found.low, found.where)
