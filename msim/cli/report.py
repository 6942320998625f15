"""msim report DIR: a run, a sweep or a study as one page that a browser opens from disk."""

from __future__ import annotations

import typer


def report(
    folder: str = typer.Argument(help="Folder of a run, of a sweep, or of a study (msim study --out)."),
    out: str = typer.Option("", "--out", help="The HTML file; default: beside the folder, with its name."),
    replace: bool = typer.Option(False, "--replace", help="Replace the file where there is one."),
    as_json: bool = typer.Option(False, "--json", help="Print the path as JSON."),
) -> None:
    """Write one HTML file that shows what happened: question, arms, verdicts, figures, limits, parameters, provenance.

    The file needs no network: it opens from disk, can be sent by mail, and prints. Figures zoom and tell values; arms
    are shown and hidden. A run or sweep that is not finished gives a page that says how far it is (docs/REPORT.md).

    Example: msim report results/first
    """
    from msim.cli.tables import print_json
    from msim.report.optional_imports import require_pages

    require_pages()
    from msim.report.write import write_report

    path = write_report(folder, out, replace)
    print_json(str(path)) if as_json else typer.echo(path)
