"""Objective of a fit: a smooth sum of the misses of the rows, in units of each row's margin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msim.base.errors import InputError, SimulationError
from msim.definitions.evidence.rows import EvidenceRow
from msim.evidence.evidence import CONTROL, EvidenceResult

FITTED_TO = "CAL"
SAFETY = 0.5  # margins by which a row is to be met: an interval over seeds has to fit in as well
PRIOR = 0.02  # weight of moving a value by all of its range, so that what nothing determines stays
FAILED = 100.0  # squared margins, for a row whose trial the values break


@dataclass(frozen=True)
class Miss:
    """Distance of a row's mean effect from the wanted one, in margins, with safety; 0 where the row is met."""

    row: str
    margins: float
    scaled: float | None  # the effect in margins, for derivatives


def rows_to_fit(rows: Sequence[EvidenceRow]) -> list[EvidenceRow]:
    """Return the CAL rows, and the controls.

    raises: InputError where there is no CAL row, since values may be fitted to nothing else
    """
    if not any(one.role == FITTED_TO for one in rows):
        raise InputError("calibrate: wants rows with role CAL, as nothing else may be fitted to; got none")
    return [one for one in rows if one.role in (FITTED_TO, CONTROL)]


def miss(result: EvidenceResult, margin: float, low: float = 0.0, high: float = 0.0) -> Miss:
    """Return the miss of one row.

    margin: in SI units; low, high: of a row with direction 'within'
    """
    if result.effect is None or not math.isfinite(result.effect):
        return Miss(result.row, math.sqrt(FAILED), None)
    if result.expected == "within":
        middle, half = (low + high) / 2, (high - low) / 2
        scaled = (result.effect - middle) / half
        return Miss(result.row, max(0.0, abs(scaled) - (1 - SAFETY / 2)), scaled)
    size = margin or 1.0
    scaled = result.effect / size
    if result.expected == "+":
        short = 1 + SAFETY - scaled
    elif result.expected in ("-", "~"):
        short = 1 + SAFETY + scaled
    else:
        short = abs(scaled) - (1 - SAFETY)
    return Miss(result.row, max(0.0, short), scaled)


def misses(results: Sequence[EvidenceResult], bounds: Mapping[str, tuple[float, float]]) -> list[Miss]:
    """Return the misses of all CAL rows."""
    return [
        miss(one, bounds[one.row][1], *bounds[one.row]) for one in results if one.role == FITTED_TO
    ]  # fmt: skip


def objective(found: Sequence[Miss], parts: Sequence[float]) -> float:
    """Return the sum of squared misses, and a small penalty for every value that moved.

    parts: of its range by which each value moved
    """
    return sum(one.margins**2 for one in found) + PRIOR * sum(part**2 for part in parts)


def validate_reachable(found: Sequence[Miss], results: Sequence[EvidenceResult]) -> None:
    """Refuse a fit of which no row can be run."""
    if all(one.scaled is None for one in found):
        reason = next((one.reason for one in results if one.reason), "no trial ended")
        raise SimulationError(f"calibrate: no row can be run: {reason}")


def as_record(one: Miss) -> dict[str, Any]:
    """Return a miss as plain JSON."""
    return {"row": one.row, "margins": round(one.margins, 6), "effect_in_margins": one.scaled}
