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

    Example: msim table results/doses --quantity bdnf_trkb.BDNF --out doses.csv
    """
    from msim.cli.options import parse_file, parse_time
    from msim.sweep.table import FORMATS, csv_text, sweep_table, write_table

    file = parse_file(out, "--out", FORMATS) if out else None
    found = sweep_table(sweep, quantities, [parse_time(one, "--at") for one in times])
    if file:
        write_table(found, file)
    else:
        typer.echo(csv_text(found), nl=False)
