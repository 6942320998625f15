"""Tables for people and for machines."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import typer

from msim.base.errors import printable
from msim.cli.terminal import encodable, width

if TYPE_CHECKING:
    from rich.text import Text

GAP = 2  # columns between two of a table
DEEPER = 2
VERDICT_COLORS = {"yes": "green", "no": "red", "undecided": "yellow"}
SHORT = 12  # columns of what is not broken between words either: a number stays with its unit


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], whole: Sequence[str] = ()
) -> None:
    """Print a table as wide as the terminal; where words do not fit, a line for each cell. No word is broken.

    whole: columns that are not broken between words either, so that a name can be copied
    """
    from rich.text import Text

    cells = [[one if isinstance(one, Text) else plain(str(one)) for one in row] for row in rows]
    heads = [plain(one, "bold") for one in columns]
    if title:
        print_text(plain(title, "bold"))
    fixed = [number for number, one in enumerate(columns) if one in whole]
    widths = _widths([heads, *cells], width(), fixed)
    if widths is None:
        _print_lines(_cells_in_lines(heads, cells))
        return
    rule = Text(encodable("\u2500", sys.stdout.encoding) * (sum(widths) + GAP * (len(widths) - 1)))
    _print_lines([*_row(heads, widths), rule, *(line for row in cells for line in _row(row, widths))])


def print_grid(rows: Sequence[Sequence[Text]], indent: int) -> None:
    """Print rows in columns without heads; where words do not fit, cells below one another."""
    room = width() - indent
    widths = _widths(rows, room, ())
    shown = (_stacked(row, room) if widths is None else _row(row, widths) for row in rows)
    _print_lines(_indented((line for lines in shown for line in lines), indent))


def say(text: str) -> None:
    """Print a sentence between the edges of the terminal."""
    print_text(plain(text))


def print_text(text: Text, indent: int = 0, further: int = 0) -> None:
    """Print a text between the edges of the terminal; further: extra indent of its lines after the first."""
    first, *others = wrapped(text, width() - indent - further)
    _print_lines([*_indented([first], indent), *_indented(others, indent + further)])


def plain(text: str, style: str = "") -> Text:
    """Return a text with square brackets and escapes shown literally, in characters that can be printed."""
    from rich.text import Text

    encoding = getattr(sys.stdout, "encoding", None)
    return Text("\n".join(encodable(printable(line), encoding) for line in text.split("\n")), style=style)


def wrapped(text: Text, columns: int) -> list[Text]:
    """Break a text into lines of at most so many columns, but for words that are longer: none is broken."""
    return [part for line in text.split("\n", allow_blank=True) for part in _broken(line, columns)]


def _broken(line: Text, columns: int) -> list[Text]:
    from rich.cells import cell_len

    start, breaks = 0, []
    for word in re.finditer(r"\S+", line.plain):
        if word.start() > start and cell_len(line.plain[start : word.end()]) > columns:
            if line.plain[start : word.start()].strip():
                breaks.append(word.start())
                start = word.start()
    parts = list(line.divide(breaks))
    for part in parts:
        part.rstrip()
    return parts


def _widths(rows: Iterable[Sequence[Text]], room: int, fixed: Sequence[int]) -> list[int] | None:
    """Return the widths of columns, the widest cut to fit into the room; None where words would have to be broken."""
    columns = list(zip(*rows, strict=True))
    most = [max(map(_longest_line, column)) for column in columns]
    least = [
        one if n in fixed else max(min(one, SHORT), *map(_longest_word, columns[n])) for n, one in enumerate(most)
    ]  # fmt: skip
    room -= GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    for level in range(min(max(most, default=0), room), -1, -1):
        widths = [max(low, min(high, level)) for low, high in zip(least, most, strict=True)]
        if sum(widths) <= room:
            return widths
    return least


def _longest_line(cell: Text) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, cell.plain.split("\n")))


def _longest_word(cell: Text) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, cell.plain.split()), default=0)


def _row(cells: Sequence[Text], widths: Sequence[int]) -> Iterator[Text]:
    """Yield the lines of a row of a table."""
    from rich.text import Text

    columns = [wrapped(cell, columns) for cell, columns in zip(cells, widths, strict=True)]
    for parts in zip_longest(*columns, fillvalue=Text()):
        line = Text()
        at = 0
        for part, columns_of in zip(parts, widths, strict=True):
            line.append(" " * (at - line.cell_len)).append_text(part)
            at += columns_of + GAP
        line.rstrip()
        yield line


def _cells_in_lines(heads: Sequence[Text], rows: Sequence[Sequence[Text]]) -> Iterator[Text]:
    """Yield 'name: value' for every cell that is not empty, and an empty line below each row."""
    from rich.text import Text

    for row in rows:
        for head, cell in zip(heads, row, strict=True):
            cell = cell.copy()
            cell.rstrip()
            if cell.plain:
                name = Text.assemble(head, ": ") if head.plain else Text()
                first, *others = wrapped(Text.assemble(name, cell), width() - DEEPER)
                yield from (first, *_indented(others, DEEPER))
        yield Text()


def _stacked(cells: Sequence[Text], columns: int) -> Iterator[Text]:
    """Yield the lines of cells below one another, those after the first indented."""
    for number, cell in enumerate(cells):
        indent = DEEPER * min(number, 1)
        if cell.plain.strip():
            yield from _indented(wrapped(cell, columns - indent), indent)


def _indented(lines: Iterable[Text], indent: int) -> Iterator[Text]:
    from rich.text import Text

    return (Text.assemble(" " * indent, line) if line.plain else line for line in lines)


def _print_lines(lines: Iterable[Text]) -> None:
    """Print lines as they are, however wide."""
    from rich.console import Console
    from rich.text import Text

    whole = list(lines)
    if whole:
        Console(highlight=False, width=width()).print(Text("\n").join(whole), soft_wrap=True)


def print_json(value: Any) -> None:
    """Print plain JSON alone."""
    typer.echo(json.dumps(value, indent=1, allow_nan=False))


def as_records(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Mapping[str, Any]]:
    """Return rows as mappings from column to value."""
    return [dict(zip(columns, row, strict=True)) for row in rows]
