"""msim plot DIR: figures of a run or a sweep."""

from __future__ import annotations

import typer


def plot(
    run: str = typer.Argument(help="Folder of a finished run, or of a sweep."),
    out: str = typer.Option("", "--out", help="Folder of the figures; default: figures inside the run."),
    quantity: str | None = typer.Option(None, help="Of a sweep: this quantity instead of those of its file."),
    at: str | None = typer.Option(None, help="Of a sweep: the quantity at this time, such as '2 hour'."),
    as_json: bool = typer.Option(False, "--json", help="Print the paths as JSON."),
) -> None:
    """Draw the figures of a run, or of a sweep over one or two axes, as PNG files.

    Example: msim plot results/first
    """
    from msim.base.paths import given_folder, given_path
    from msim.cli.tables import print_json
    from msim.sweep.plan_files import is_sweep

    root = given_path(run, "run")
    folder = given_folder(out, "--out") if out else root / "figures"
    if is_sweep(root):
        from msim.cli.options import parse_time
        from msim.plots.sweep_pages import write_sweep_figures

        paths = write_sweep_figures(root, folder, quantity, None if at is None else parse_time(at, "--at"))
    else:
        from msim.plots.figures import write_figures
        from msim.storage.run_store import open_run

        paths = write_figures(open_run(root), folder)
    if as_json:
        print_json([str(path) for path in paths])
        return
    for path in paths:
        typer.echo(path)
