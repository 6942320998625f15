"""Texts of a prediction's wanted effect, its measured effect and its interval, for tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from msim.base.quantities import written_unit
from msim.definitions.evidence.roles import FITTED_TO, HELD_OUT, NEVER_COMPARED
from msim.definitions.experiments.schedule import Schedule
from msim.verdicts.verdict import Verdict, numerical_noise

SPREAD_OF_SEEDS = (
    "Intervals are over seeds, that is over wiring and background; they hold for this one parameter set and say "
    "nothing of differences between people."
)

# What outcomes were to the model: of the only one, of all where it is the same of them, and of a part of several.
_ONE = {
    FITTED_TO: "it is a calibration row, to which the model was fitted",
    HELD_OUT: "its outcome was held out: nothing was fitted to it",
    NEVER_COMPARED: "it was never compared with a published outcome",
}
_ALL = {
    FITTED_TO: "are calibration rows, to which the model was fitted",
    HELD_OUT: "are outcomes that were held out: nothing was fitted to them",
    NEVER_COMPARED: "were never compared with a published outcome",
}
_SOME = {
    FITTED_TO: "calibration rows, to which the model was fitted",
    HELD_OUT: "held out",
    NEVER_COMPARED: "never compared with a published outcome",
}


def agreement_text(outcomes: Sequence[tuple[str, bool]], others: str = "") -> str:
    """Say how many predictions, or rows of evidence, agree, and what their outcomes were to the model.

    outcomes: 'fitted to', 'held out' or 'never compared', and whether it agrees; others: what else came of some
    returns: such as '9 of 9 agree; all 9 are calibration rows, to which the model was fitted'
    """
    kinds = {kind: [agrees for was, agrees in outcomes if was == kind] for kind in _ALL}
    known = {kind: one for kind, one in kinds.items() if one}
    told = f"{sum(agrees for _, agrees in outcomes)} of {len(outcomes)} agree" + (f" ({others})" if others else "")
    if len(known) == 1:
        kind = next(iter(known))
        return f"{told}; " + (_ONE[kind] if len(outcomes) == 1 else f"all {len(outcomes)} {_ALL[kind]}")
    parts = (f"{sum(one)} of {len(one)} {_SOME[kind]}" for kind, one in known.items())
    return ": ".join(part for part in (told, "; ".join(parts)) if part)


def verdicts_text(verdicts: Sequence[Verdict]) -> str:
    """Say how many predictions agree, what their outcomes were to the model, and how many do not agree."""
    others = [(word, sum(one.verdict == word for one in verdicts)) for word in ("no", "undecided")]
    others_text = ", ".join(f"{count} {word}" for word, count in others if count)
    return agreement_text([(one.outcome_was, one.verdict == "yes") for one in verdicts], others_text)


def noise_text(schedule: Schedule, has_some: bool) -> str:
    """Say what an effect size d is, where some prediction has one, and why others have none."""
    meant = "d: effect over the spread of differences within seeds; none" if has_some else "No effect size d"
    return (f"{meant} where the spread over seeds is numerical noise: no more than "
            f"{100 * numerical_noise(schedule):g} % of the value, as much as the schedule lets short bursts of spikes "
            "scatter it.")  # fmt: skip


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
