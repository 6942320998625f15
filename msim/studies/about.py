"""Record of a study in its folder, which can be read without the files that the study was made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msim.base.errors import StorageError
from msim.base.quantities import quantity_text
from msim.base.units import second
from msim.definitions.files.citations import known_sources
from msim.definitions.models.model import Value
from msim.definitions.models.tables import model_tables, value_record
from msim.definitions.studies.study import StudyDefinition
from msim.imaging.bids import write_text
from msim.storage.provenance import command_line, made_by
from msim.studies.outcome import Outcome, compare_with_reported

STUDY_FILE = "study.json"
FORMAT = 1
LARGEST = 50_000_000  # bytes
DOSE_TIMES = ("at", "until", "duration", "every")


def write_about(folder: Path, found: Outcome) -> None:
    """Write the question, participants, values, reported statistics and provenance of a study."""
    study = found.cohort.study
    record = {
        "format": FORMAT, "study": _study(study), "values": _values(study), "facts": dict(found.facts),
        "beside": [
            {"statistic": one.test.name, "verdict": one.verdict,
             "reported": None if one.reported is None else one.reported.model_dump(exclude={"note"})}
            for one in compare_with_reported(found.rows, study.reported)
        ],
        "provenance": {**made_by(), "command": command_line()},
    }  # fmt: skip
    write_text(folder / STUDY_FILE, json.dumps(record, indent=1) + "\n")


def read_about(folder: Path) -> dict[str, Any]:
    """Read the record of a study in its folder.

    raises: StorageError where there is no record that can be read
    """
    path = folder / STUDY_FILE
    try:
        if path.stat().st_size > LARGEST:
            raise StorageError(f"{path}: wants at most {LARGEST} bytes")
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as problem:
        raise StorageError(f"{path}: cannot be read: {problem}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise StorageError(f"{path}: wants the record of a study in format {FORMAT}")
    return found


def _study(study: StudyDefinition) -> dict[str, Any]:
    return {
        "name": study.name, "title": study.title, "question": study.question, "source": study.source,
        "notes": study.notes, "file": study.file, "seed": study.seed, "analysis": study.analysis,
        "begin_s": study.begin, "column": study.population.model.name, "participants": study.population.title,
        "brain": study.brain.name if study.brain else "", "coupling": study.coupling,
        "groups": [
            {"name": one.name, "meaning": one.meaning, "health": study.population.health[one.health].meaning,
             "n": one.n, "doses": [_as_given(dose.model_dump(exclude_none=True)) for dose in one.doses]}
            for one in study.groups
        ],
        "visits": [
            {"name": one.name, "group": one.group, "at_s": one.time, "absent": sorted(one.absent)}
            for one in study.visits
        ],
        "options": study.options.model_dump(mode="json", exclude_none=True),
    }  # fmt: skip


def _as_given(dose: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dose, or a step of one, with its times as texts with a unit, as files give them."""
    found: dict[str, Any] = {name: quantity_text(dose[name] * second) for name in DOSE_TIMES if name in dose}
    if "steps" in dose:
        found["steps"] = [_as_given(step) for step in dose["steps"]]
    return {**dose, **found}


def _values(study: StudyDefinition) -> dict[str, list[dict[str, Any]]]:
    """Return the numbers with units and sources: of people, of the brain where there is one, and of the column."""
    own: dict[str, Mapping[str, Value]] = {"participants": study.population.values}
    if study.brain is not None:
        own["brain"] = study.brain.values
    known = known_sources()
    found = {name: [value_record(one, one.text, known) for one in values.values()] for name, values in own.items()}
    return {**found, "column": model_tables(study.population.model)["values"]}
