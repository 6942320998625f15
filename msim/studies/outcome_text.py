"""Texts of a study's statistics, simulated and reported, for tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msim.definitions.evidence.roles import OUTCOME_WAS
from msim.verdicts.verdict_text import agreement_text

if TYPE_CHECKING:
    from msim.definitions.studies.schema import Reported
    from msim.imaging.group import Test


def number(value: float, digits: int) -> str:
    """Format a number with this count of significant digits; '' for NaN."""
    return "" if math.isnan(value) else f"{value:.{digits}g}"


def estimate_text(test: Test) -> str:
    """Format an estimate with its interval."""
    if math.isnan(test.estimate):
        return ""
    interval = "" if math.isnan(test.low) else f" [{test.low:+.3g}, {test.high:+.3g}]"
    return f"{test.estimate:+.3g}{interval}"


def test_text(test: Test) -> str:
    """Format kind, degrees of freedom and value of a test, such as t(37) = -2.1."""
    if math.isnan(test.value):
        return ""
    degrees = "" if math.isnan(test.degrees) else f"({test.degrees:.4g})"
    return f"{test.kind}{degrees} = {test.value:.2f}"


def signs_text(outcomes: Sequence[tuple[str, bool]]) -> str:
    """Say how many reported signs agree, and what they were to the model; that nothing was reported where none was.

    outcomes: role of each reported statistic, and whether the simulated sign agrees
    """
    if not outcomes:
        return "The study's file reports nothing to set beside this: predictions, never compared"
    return "Reported signs: " + agreement_text([(OUTCOME_WAS[role], agrees) for role, agrees in outcomes])


def reported_text(one: Reported | None) -> str:
    """Format the statistic that a paper reports, in short."""
    if one is None:
        return ""
    parts = [f"sign {one.sign}" if one.sign else ""]
    for name in ("estimate", "value", "p"):
        given = getattr(one, name)
        parts.append("" if given is None else f"{'test' if name == 'value' else name} {given:g}")
    return ", ".join(part for part in parts if part)
