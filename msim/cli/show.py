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
    import os

    from msim.base.errors import InputError
    from msim.cli.tables import print_json
    from msim.definitions.experiment import ExperimentDefinition
    from msim.definitions.kinds import files_of, read_definition

    if os.path.isdir(path):
        raise InputError(f"{path}: wants one file, got a folder; msim check reads folders")
    found = read_definition(files_of([path])[0])
    if as_json:
        from msim.cli.show_tables import experiment_tables, model_tables

        print_json(experiment_tables(found) if isinstance(found, ExperimentDefinition) else model_tables(found))
        return
    from msim.cli.show_text import print_experiment, print_model

    print_experiment(found) if isinstance(found, ExperimentDefinition) else print_model(found)
