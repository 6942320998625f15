"""Tables for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import typer


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table as wide as the terminal; text in square brackets stays text."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(one if isinstance(one, Text) else Text(str(one)) for one in row))
    Console().print(table)


def print_json(value: Any) -> None:
    """Print plain JSON and nothing else."""
    typer.echo(json.dumps(value, indent=1, allow_nan=False))


def as_records(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Mapping[str, Any]]:
    """Rows as mappings from column to value."""
    return [dict(zip(columns, row, strict=True)) for row in rows]
