"""Files of a study in its folder: table, record, participants, and imaging files where it has scans."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.paths import given_new_folder
from msim.brain.files import start_brain, write_task
from msim.imaging.bids import Derivatives, start_derivatives, write_connectivity, write_scan, write_text
from msim.imaging.scan import Label
from msim.meg.session import write_session_files
from msim.studies.about import write_about
from msim.studies.glutamate import GlutamateDetails
from msim.studies.meg import MegDetails
from msim.studies.outcome import Outcome
from msim.studies.resting import TASK, RestingDetails
from msim.studies.task import TaskDetails

GROUP = "group"  # what BIDS' names have in place of a subject where a file is of a whole group


def write_outcome(out: str | Path, found: Outcome) -> None:
    """Write all files; the table comes last, so that its presence marks a complete folder.

    raises: StorageError where the folder holds something already
    """
    folder = given_new_folder(out, "out")
    study, details = found.cohort.study, found.details
    if isinstance(details, RestingDetails | TaskDetails):
        assert study.brain is not None
        derivatives = start_brain(folder, study.brain.name, details.connectome, study.title)
    else:
        derivatives = start_derivatives(folder, "", None, {"Name": study.title})
    write_about(folder, found)
    _write_participants(folder, found)
    if isinstance(details, RestingDetails):
        _write_resting(derivatives, details)
    elif isinstance(details, TaskDetails):
        write_task(derivatives, details.task, details.results)
    elif isinstance(details, MegDetails):
        for name, session in details.sessions.items():
            write_session_files(folder, name, session)
    elif isinstance(details, GlutamateDetails):
        _write_readings(folder, details)
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


def _write_resting(into: Derivatives, details: RestingDetails) -> None:
    for scan in details.scans:
        write_scan(into, scan)
    for (group, visit), matrix in details.matrices.items():
        label = Label(GROUP + group.replace("_", ""), TASK, visit.replace("_", ""))
        write_connectivity(into, label, details.connectome.names, matrix)


def _write_readings(folder: Path, details: GlutamateDetails) -> None:
    for name, one in details.readings.items():
        own = folder / f"sub-{name}"
        own.mkdir()
        columns: Mapping[str, Any] = {"time_s": one.times, **one.values}
        lines = ["\t".join(columns)]
        lines += ["\t".join(f"{value:.9g}" for value in row) for row in zip(*columns.values(), strict=True)]
        write_text(own / f"sub-{name}_readings.tsv", "\n".join(lines) + "\n")


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
