"""Files of a study in its folder: table, record, participants, and imaging files where it has scans."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from msim.base.paths import given_new_folder
from msim.imaging.bids import write_text
from msim.studies.about import write_about
from msim.studies.analysis import study_module
from msim.studies.outcome import Outcome


def write_outcome(out: str | Path, found: Outcome) -> None:
    """Write all files; the table comes last, so that its presence marks a complete folder.

    raises: StorageError where the folder holds something already
    """
    folder = given_new_folder(out, "out")
    study_module(found.cohort.study).write(folder, found)
    write_about(folder, found)
    _write_participants(folder, found)
    _write_table(folder, found)


def _write_participants(folder: Path, found: Outcome) -> None:
    visits = list(dict.fromkeys(one.name for one in found.cohort.study.visits))
    header = ["participant_id", "group", "weight_kg", "subgroup", *(f"rating_{one}" for one in visits),
              *(f"potentiation_{one}" for one in visits)]  # fmt: skip
    seen = {(one.person.id, one.visit.name): one for one in found.cohort.seen}
    lines = ["\t".join(header)]
    for person in found.cohort.people:
        own = [seen.get((person.id, visit)) for visit in visits]
        lines.append("\t".join([
            f"sub-{person.id}", person.group, f"{person.weight:.1f}", " ".join(person.subgroups) or "n/a",
            *(f"{one.rating:.2f}" if one else "n/a" for one in own),
            *(f"{one.potentiation:.4f}" if one else "n/a" for one in own),
        ]))  # fmt: skip
    write_text(folder / "participants.tsv", "\n".join(lines) + "\n")


def _write_table(folder: Path, found: Outcome) -> None:
    header = ("statistic", "estimate", "low", "high", "kind", "value", "degrees", "p", "effect", "n")
    lines = ["\t".join(header)]
    for row in found.rows:
        numbers = (row.estimate, row.low, row.high, row.kind, row.value, row.degrees, row.p, row.effect, row.n)
        lines.append("\t".join([row.name, *(_cell(one) for one in numbers)]))
    write_text(folder / "table.tsv", "\n".join(lines) + "\n")


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.9g}" if np.isfinite(value) else "n/a"
