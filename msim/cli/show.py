"""msim show PATH: a definition as tables, with units and sources."""

from __future__ import annotations

import typer


def show(
    path: str = typer.Argument(help="A file or a shipped name."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Print the equations of a model with values, units and sources, or the arms and predictions of an experiment.

    Example: msim show circuits/cortical_column
    """
    from msim.cli.show_tables import experiment_tables, model_tables
    from msim.cli.tables import as_records, print_json, print_table
    from msim.definitions.experiment import ExperimentDefinition
    from msim.definitions.kinds import files_of, read_definition
    from msim.definitions.read_model import read_part

    file = files_of([path])[0]
    found = read_definition(file) or read_part(file)
    tables = experiment_tables(found) if isinstance(found, ExperimentDefinition) else model_tables(found)
    if as_json:
        print_json({title: as_records(columns, rows) for title, columns, rows in tables})
        return
    for title, columns, rows in tables:
        if rows:
            print_table(title, columns, rows)
