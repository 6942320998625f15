"""msim list: shipped models and experiments, and the manipulations that an arm may name."""

from __future__ import annotations

import typer

KINDS = ("manipulations",)
MODEL = "circuits/cortical_column"


def list_shipped(
    what: str = typer.Argument("", help="'manipulations', or nothing for all models and experiments."),
    model: str = typer.Option(MODEL, "--model", help="Whose manipulations: a file or a shipped name."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Name the models and experiments that come with msim, or the manipulations that an arm may name.

    Example: msim list manipulations --json
    """
    from msim.base.errors import InputError, nearest

    if not what:
        _list_files(as_json)
    elif what == "manipulations":
        _list_manipulations(model, as_json)
    else:
        raise InputError(f"list: knows no '{what}'{nearest(what, KINDS)}")


def _list_files(as_json: bool) -> None:
    from msim.cli.tables import as_records, print_json, print_table
    from msim.definitions.files.titles import shipped_titles

    columns = ("kind", "name", "title")
    rows = shipped_titles()
    if as_json:
        print_json(as_records(columns, rows))
        return
    for kind in dict.fromkeys(kind for kind, _, _ in rows):
        print_table(f"{kind}s", columns[1:], [row[1:] for row in rows if row[0] == kind])
        typer.echo()


def _list_manipulations(name: str, as_json: bool) -> None:
    from msim.cli.tables import print_json, print_table
    from msim.definitions.models.manipulation_tables import manipulation_records, manipulation_rows
    from msim.definitions.models.read_model import read_model

    model = read_model(name)
    if as_json:
        print_json(manipulation_records(model))
        return
    print_table("", ("name, kind", "cells, place, when", "meaning, what it sets (source)"), manipulation_rows(model))
