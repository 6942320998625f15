"""Texts of a prediction's wanted effect, its measured effect and its interval, for tables."""

from __future__ import annotations

import math

import numpy as np

from msim.base.quantities import written_unit
from msim.verdicts.verdict import Verdict

SPREAD_OF_SEEDS = (
    "Intervals are over seeds, that is over wiring and background; they hold for this one parameter set and say "
    "nothing of differences between people."
)


def wanted_text(one: Verdict) -> str:
    """Format the effect that the claim wants, in the unit of its margin."""
    unit, size = shown_in(one)
    margin, unit = one.margin / size, unit and f" {unit}"
    if "=" in one.claim:
        return f"within {margin:g}{unit}"
    return f"> {margin:g}{unit}" if ">" in one.claim else f"< {-margin:g}{unit}"


def effect_text(one: Verdict, effect: float | None = None) -> str:
    """Format the effect of a verdict, or another of the same prediction, in the unit that its margin is written in."""
    unit, size = shown_in(one)
    text = number_text((one.effect if effect is None else effect) / size, one.margin / size)
    return f"{text} {unit}" if unit and text != "-" else text


def ci_text(one: Verdict, ci: tuple[float, float] | None = None) -> str:
    """Format the interval of a verdict, or another of the same prediction, in the unit of `effect_text`."""
    _, size = shown_in(one)
    low, high = one.ci if ci is None else ci
    return interval_text((low / size, high / size), one.margin / size)


def shown_in(one: Verdict) -> tuple[str, float]:
    """Return the unit that a prediction's margin is written in, else that of its quantity, and its size in SI units."""
    return written_unit(one.wanted, one.unit)


def number_text(value: float, margin: float) -> str:
    """Format a number with two digits more than the margin has, so that the two can be compared."""
    if not np.isfinite(value):
        return "-"
    if margin == 0:
        return f"{value:+.3g}"
    decimals = max(0, 2 - math.floor(math.log10(margin)))
    return f"{value:+.{decimals}f}" if decimals <= 6 else f"{value:+.3g}"


def interval_text(ci: tuple[float, float], margin: float) -> str:
    """Format an interval, or a dash where it has no bounds."""
    if not np.all(np.isfinite(ci)):
        return "-"
    return " .. ".join(number_text(value, margin) for value in ci)
