"""msim show PATH: a definition as tables, with units and sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from msim.definitions.brains.task import TaskDefinition
    from msim.definitions.evidence.exposures import Exposures
    from msim.definitions.models.model import Value
    from msim.definitions.studies.participants import Population
    from msim.definitions.studies.study import StudyDefinition


def show(
    path: str = typer.Argument(help="A file, or a shipped name (msim list)."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Print the equations of a model with values, units and sources, the arms of an experiment, or a study.

    Example: msim show circuits/cortical_column
    """
    import os

    from msim.base.errors import InputError
    from msim.cli.tables import print_json
    from msim.definitions.brains.brain import BrainDefinition
    from msim.definitions.brains.task import TaskDefinition
    from msim.definitions.evidence.exposures import Exposures
    from msim.definitions.experiments.definition import ExperimentDefinition
    from msim.definitions.files.file_kinds import files_of, read_definition
    from msim.definitions.models.drug_binding import with_given_drugs
    from msim.definitions.studies.participants import Population
    from msim.definitions.studies.study import StudyDefinition

    if os.path.isdir(path):
        raise InputError(f"{path}: wants one file, got a folder; msim check reads folders")
    found = read_definition(files_of([path])[0])
    if isinstance(found, BrainDefinition):
        fibres = str(found.connectome / found.weights)
        _show_values({"title": found.title, "column": found.column.name, "fibres": fibres}, found.values, as_json)
        return
    if isinstance(found, Population):
        _show_values(_about_people(found), found.values, as_json)
        return
    if isinstance(found, StudyDefinition):
        _show_study(found, as_json)
        return
    if isinstance(found, TaskDefinition):
        _show_values(_about_task(found), found.values, as_json)
        return
    if isinstance(found, Exposures):
        _show_exposures(found, as_json)
        return
    if isinstance(found, list):
        from msim.cli.evidence_table import print_rows, row_records

        print_json({"rows": row_records(found)}) if as_json else print_rows(found)
        return
    if not isinstance(found, ExperimentDefinition):
        # What every pool says of every drug is what it says of the first.
        found = with_given_drugs(found, ())
    if as_json:
        from msim.definitions.models.tables import experiment_tables, model_tables

        print_json(experiment_tables(found) if isinstance(found, ExperimentDefinition) else model_tables(found))
        return
    from msim.cli.show_text import print_experiment, print_model

    print_experiment(found) if isinstance(found, ExperimentDefinition) else print_model(found)


def _show_values(about: dict[str, str], values: Mapping[str, Value], as_json: bool) -> None:
    from msim.cli.tables import print_json, print_table

    rows = [(name, one.text, one.source, one.note) for name, one in values.items()]
    if as_json:
        print_json({
            "about": [{"key": key, "is": text} for key, text in about.items()],
            "values": [dict(zip(("value", "is", "source", "note"), row, strict=True)) for row in rows],
        })  # fmt: skip
        return
    _print_about(about)
    print_table("values", ("value", "is", "source", "note"), rows)


def _print_about(about: dict[str, str]) -> None:
    from msim.cli.tables import plain, print_grid

    print_grid([(plain(key, "bold"), plain(text)) for key, text in about.items() if text], 0)
    typer.echo()


def _about_people(population: Population) -> dict[str, str]:
    kinds = {f"health {one.name}": one.meaning for one in population.health.values()}
    kinds |= {f"subgroup {one.name}": one.meaning for one in population.subgroups}
    return {"title": population.title, "model": population.model.name, **kinds}


def _show_study(study: StudyDefinition, as_json: bool) -> None:
    from msim.base.quantities import quantity_text, second
    from msim.cli.tables import as_records, print_json, print_table

    about = {
        "title": study.title, "question": study.question, "source": study.source,
        "notes": " ".join(study.notes.split()), "analysis": study.analysis, "participants": study.population.title,
        **{f"group {one.name}": f"{one.n}, {one.health}" for one in study.groups},
    }  # fmt: skip
    columns = ("visit", "group", "at", "seen")
    rows = [
        (one.name, one.group, quantity_text(one.time * second), str(study.group(one.group).n - len(one.absent)))
        for one in study.visits
    ]  # fmt: skip
    if as_json:
        keys = [{"key": key, "is": text} for key, text in about.items()]
        print_json({"about": keys, "visits": as_records(columns, rows)})
        return
    _print_about(about)
    print_table("visits", columns, rows)


def _show_exposures(found: Exposures, as_json: bool) -> None:
    from msim.cli.exposure import reading_text
    from msim.cli.tables import as_records, print_json, print_table

    columns = ("exposure", "reading", "published", "source", "note")
    rows = [
        (f"{entry.id}: {entry.statement}", reading_text(entry), " to ".join(map(str, entry.published)),
         f"{entry.source}, {entry.kind}", entry.note)
        for entry in (one.entry for one in found.rows)
    ]  # fmt: skip
    print_json({"rows": as_records(columns, rows)}) if as_json else print_table(found.title, columns, rows)


def _about_task(task: TaskDefinition) -> dict[str, str]:
    pathways = {
        f"pathway {name}": f"{one.origin} to {one.to}, opened by {one.on}" for name, one in task.pathways.items()
    }
    return {
        "title": task.title,
        "stimulus_region": task.stimulus_region,
        "response_region": task.response_region,
        **pathways,
    }
