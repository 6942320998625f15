"""Tables for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from msim.base.errors import printable

if TYPE_CHECKING:
    from rich.text import Text


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], whole: Sequence[str] = ()
) -> None:
    """Print a table as wide as the terminal; text in square brackets or with escapes stays text.

    whole: columns that are not broken, so that a name can be copied
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=plain(title, "bold") if title else None, title_justify="left",
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*(one if isinstance(one, Text) else plain(str(one)) for one in row))
    Console().print(table)


def plain(text: str, style: str = "") -> Text:
    """Text that shows its square brackets and escapes instead of obeying them."""
    from rich.text import Text

    return Text("\n".join(printable(line) for line in text.split("\n")), style=style)


def print_json(value: Any) -> None:
    """Print plain JSON and nothing else."""
    typer.echo(json.dumps(value, indent=1, allow_nan=False))


def as_records(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Mapping[str, Any]]:
    """Rows as mappings from column to value."""
    return [dict(zip(columns, row, strict=True)) for row in rows]
