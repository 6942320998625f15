"""Discrimination of hypotheses: the prediction of an experiment in which two of them differ most clearly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from msim.definitions.experiments.definition import ExperimentDefinition
from msim.storage.provenance import experiment_from_provenance
from msim.storage.run_store import Run
from msim.verdicts.verdict import Verdict
from msim.verdicts.verdict import as_json as verdicts_as_json
from msim.verdicts.verdict import differences_of, paired_interval


@dataclass(frozen=True)
class ToldApart:
    """Two hypotheses and a prediction in which they differ.

    difference: of the effects, first minus second; ci: 95 % interval of it over seeds
    margins: distance of the interval's nearer end from zero, in margins of the prediction; 0 where it holds zero
    """

    hypotheses: tuple[str, str]
    asked: str
    difference: float
    ci: tuple[float, float]
    margins: float
    verdicts: tuple[str, str]


def told_apart(run: Run, experiment: ExperimentDefinition, verdicts: Sequence[Verdict]) -> list[ToldApart]:
    """Return, for every two hypotheses, the predictions in which they differ, the clearest first."""
    known = {(one.asked, one.hypothesis): one for one in experiment.predictions}
    verdict = {(one.asked, one.hypothesis): one.verdict for one in verdicts}
    found = []
    for first, second in combinations(experiment.hypotheses, 2):
        for asked in dict.fromkeys(one.asked for one in experiment.predictions):
            pair = (asked, first), (asked, second)
            if any(one not in known for one in pair):
                continue
            left, right = (known[one] for one in pair)
            difference, ci = paired_interval(differences_of(run, left) - differences_of(run, right))
            margins = clear_of_zero(ci) / left.margin if left.margin else 0.0
            answers = (verdict[pair[0]], verdict[pair[1]])
            found.append(ToldApart((first, second), asked, difference, ci, margins, answers))
    # A difference that changes the answer counts before one of size alone.
    return sorted(found, key=lambda one: (one.hypotheses, -_answers_differ(one), -one.margins))


def best_manipulation(found: Sequence[ToldApart]) -> str:
    """Return the prediction whose verdict differs for most pairs of hypotheses; '' where none does."""
    names = dict.fromkeys(one.asked for one in found)
    score = {name: sum(_answers_differ(one) for one in found if one.asked == name) for name in names}
    clear = {name: sum(min(one.margins, 10.0) for one in found if one.asked == name) for name in names}
    best = max(names, key=lambda name: (score[name], clear[name]), default="")
    return best if best and score[best] else ""


def clear_of_zero(ci: Sequence[float]) -> float:
    """Return the distance of an interval from zero; 0 where it holds zero or has no bounds."""
    if not np.all(np.isfinite(ci)):
        return 0.0
    return max(ci[0], -ci[1], 0.0)


def _answers_differ(one: ToldApart) -> int:
    return int({"yes", "no"} == set(one.verdicts) and one.margins > 0)


def outcome(run: Run, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the verdicts of a run as plain JSON, with the predictions in which its hypotheses differ."""
    experiment = experiment_from_provenance(run.provenance)
    found = verdicts_as_json(experiment.name, verdicts)
    if experiment.hypotheses:
        apart = told_apart(run, experiment, verdicts)
        found |= {"told_apart": as_records(apart), "best": best_manipulation(apart)}
    return found


def as_records(found: Sequence[ToldApart]) -> list[dict[str, Any]]:
    """Return the differences as plain JSON; a number without bounds is null."""
    return [
        {"hypotheses": list(one.hypotheses), "prediction": one.asked, "difference": _finite(one.difference),
         "ci": [_finite(end) for end in one.ci], "margins": _finite(one.margins), "verdicts": list(one.verdicts)}
        for one in found
    ]  # fmt: skip


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
