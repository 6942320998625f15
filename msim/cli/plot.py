"""msim plot RUN: figures."""

from __future__ import annotations

import typer


def plot(
    run: str = typer.Argument(help="Folder of a finished run."),
    out: str = typer.Option("", "--out", help="Folder of the figures; default: figures inside the run."),
    as_json: bool = typer.Option(False, "--json", help="Print the paths as JSON."),
) -> None:
    """Draw the figures of a run as PNG files.

    Example: msim plot results/first
    """
    from pathlib import Path

    from msim.cli.tables import print_json
    from msim.plots.figures import write_figures
    from msim.storage.run_store import open_run

    opened = open_run(run)
    paths = write_figures(opened, Path(out) if out else opened.path / "figures")
    if as_json:
        print_json([str(path) for path in paths])
        return
    for path in paths:
        typer.echo(path)
