"""Outcome of a study, and its comparison with reported statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msim.definitions.studies.schema import Reported
from msim.imaging.group import Test
from msim.studies.cohort import Cohort


@dataclass(frozen=True)
class Outcome:
    """Results of a study.

    rows: of its table; facts: further information that the table needs, by name; details: data of the figure
    """

    cohort: Cohort
    rows: tuple[Test, ...]
    facts: Mapping[str, str]
    details: Any


@dataclass(frozen=True)
class Row:
    """A statistic as simulated and as reported; reported is None where the paper, or the study file, is silent.

    verdict: 'agrees' or 'differs' in sign (a reported 0 wants p above 0.05), '' where nothing was reported
    """

    test: Test
    reported: Reported | None
    verdict: str


def compare_with_reported(rows: Sequence[Test], reported: Sequence[Reported]) -> list[Row]:
    """Return simulated and reported statistics, one by one."""
    known = {one.statistic: one for one in reported}
    return [Row(one, known.get(one.name), _verdict(one, known.get(one.name))) for one in rows]


def missing(rows: Sequence[Test], reported: Sequence[Reported]) -> list[str]:
    """Return the reported statistics that the study does not compute."""
    computed = {one.name for one in rows}
    return [one.statistic for one in reported if one.statistic not in computed]


def _verdict(test: Test, reported: Reported | None) -> str:
    if reported is None:
        return ""
    sign = reported.sign or (("+" if reported.estimate > 0 else "-") if reported.estimate else "")
    if sign == "0":
        return "agrees" if test.p > 0.05 else "differs"
    if sign:
        return "agrees" if (test.estimate > 0) == (sign == "+") and test.p < 0.05 else "differs"
    return ""
