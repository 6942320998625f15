"""What is wanted of a prediction and what came of it, as tables say it."""

from __future__ import annotations

import math

import numpy as np

from msim.study.verdict import Verdict

SPREAD_OF_SEEDS = (
    "Intervals are over seeds, that is over wiring and background; they hold for this one parameter set and say "
    "nothing of differences between people."
)


def wanted_text(one: Verdict) -> str:
    """The effect that the claim wants."""
    if "=" in one.claim:
        return f"within {one.margin:g}"
    return f"> {one.margin:g}" if ">" in one.claim else f"< {-one.margin:g}"


def number_text(value: float, margin: float) -> str:
    """A number with two digits more than the margin has, so that it can be held against it."""
    if not np.isfinite(value):
        return "-"
    if margin == 0:
        return f"{value:+.3g}"
    decimals = max(0, 2 - math.floor(math.log10(margin)))
    return f"{value:+.{decimals}f}" if decimals <= 6 else f"{value:+.3g}"


def interval_text(ci: tuple[float, float], margin: float) -> str:
    """An interval, or a dash where it has no bounds."""
    if not np.all(np.isfinite(ci)):
        return "-"
    return " .. ".join(number_text(value, margin) for value in ci)
