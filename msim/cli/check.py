"""msim check PATH...: read, units, sources, links; runs nothing."""

from __future__ import annotations

import typer


def check(
    paths: list[str] = typer.Argument(help="Files, folders, or shipped names."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Read definition files and check units, sources and links; nothing is run.

    Example: msim check models experiments
    """
    from msim.base.errors import printable
    from msim.cli.tables import as_records, print_json, print_table
    from msim.definitions.models.checks import check_files
    from msim.studies.checks import check_late

    columns = ("file", "kind", "result")
    found, problems = check_files(paths, check_late)
    if as_json:
        print_json(as_records(columns, found))
    else:
        # A name with a line break stays in one line, as in the message that says what is wrong with its file.
        print_table("", columns, [(printable(file), *rest) for file, *rest in found], whole=("file",))
    for problem in problems:
        typer.echo(f"msim: {problem}", err=True)
    if problems:
        raise typer.Exit(2)
