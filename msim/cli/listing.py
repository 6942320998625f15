"""msim list: what is shipped."""

from __future__ import annotations

import typer


def list_shipped(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Name the models and experiments that come with msim.

    Example: msim list --json
    """
    from msim.cli.tables import as_records, print_json, print_table
    from msim.definitions.titles import shipped_titles

    columns = ("kind", "name", "title")
    rows = shipped_titles()
    if as_json:
        print_json(as_records(columns, rows))
        return
    for kind in dict.fromkeys(kind for kind, _, _ in rows):
        print_table(f"{kind}s", columns[1:], [row[1:] for row in rows if row[0] == kind])
        typer.echo()
