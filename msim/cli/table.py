"""msim table DIR: a sweep as a table."""

from __future__ import annotations

import typer


def table(
    sweep: str = typer.Argument(help="Folder of a sweep."),
    out: str = typer.Option("", "--out", help="A file that ends in .csv or .parquet; default: CSV on the terminal."),
    quantities: list[str] = typer.Option([], "--quantity", help="Only this recorded quantity; may be repeated."),
    times: list[str] = typer.Option([], "--at", help="At this time, such as '2 hour'; may be repeated."),
) -> None:
    """Write a row for every trial of a sweep: its axes, arm, seed, status, reason, and what was recorded.

    Example: msim table results/doses --quantity ampar_scaling.AMPAR_scale --out doses.csv
    """
    from pathlib import Path

    from msim.cli.options import parse_time
    from msim.sweep.table import csv_text, sweep_table, write_table

    found = sweep_table(sweep, quantities, [parse_time(one, "--at") for one in times])
    if out:
        write_table(found, Path(out))
    else:
        typer.echo(csv_text(found), nl=False)
