"""Run of the analysis: the cohort, one row for each group and visit, and a table of everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from msim.base.errors import DefinitionError
from msim.definitions.studies.study import StudyDefinition
from msim.imaging.bids import start_derivatives, write_text
from msim.imaging.group import against_zero
from msim.studies.cohort import cohort_of
from msim.studies.context import StudyContext
from msim.studies.outcome import Outcome


def check(study: StudyDefinition) -> None:
    """Refuse another unit than the one that is computed."""
    if study.options.unit != "relative":
        raise DefinitionError(study.place("unit"), f"wants 'relative', got '{study.options.unit}'")


def statistics(study: StudyDefinition) -> Iterator[str]:
    """Yield the name of every row that the table may have."""
    for group in study.groups:
        yield from (f"{group.name}, {visit}: potentiation" for visit in study.options.after if group.doses)


def run(study: StudyDefinition, context: StudyContext) -> Outcome:
    """Treat everybody, and test the mean change against no change."""
    cohort = cohort_of(study, context)
    rows = []
    for group in study.groups:
        for visit in study.options.after if group.doses else ():
            values = np.array([one.potentiation for one in cohort.at(visit, group.name)])
            rows.append(against_zero(f"{group.name}, {visit}: potentiation", values))
    return Outcome(cohort, tuple(rows), {"unit": study.options.unit}, None)


def write(folder: Path, found: Outcome) -> None:
    """Write the change of everybody at every visit."""
    start_derivatives(folder, "", None, {"Name": found.cohort.study.title})
    lines = [f"{one.person.id}\t{one.visit.name}\t{one.potentiation:.9g}" for one in found.cohort.seen]
    write_text(folder / "potentiation.tsv", "\n".join(["participant\tvisit\tpotentiation", *lines]) + "\n")
