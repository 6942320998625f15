"""Reader of the tables in a study's folder."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from msim.base.errors import StorageError

TABLE, PEOPLE = "table.tsv", "participants.tsv"
NOTHING = "n/a"
STATISTIC = ("statistic", "estimate", "low", "high", "kind", "value", "degrees", "p", "effect", "n")
LARGEST = 200_000_000  # bytes

Rows = list[dict[str, str]]


def read_rows(path: Path, wanted: tuple[str, ...] = ()) -> Rows:
    """Read the rows of a table by its header.

    raises: StorageError where it cannot be read, or lacks a wanted column
    """
    try:
        if path.stat().st_size > LARGEST:
            raise StorageError(f"{path}: wants at most {LARGEST} bytes")
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            rows = [{key: value or "" for key, value in row.items() if key is not None} for row in reader]
            header = tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise StorageError(f"{path}: cannot be read: {problem}") from None
    missing = [name for name in wanted if name not in header]
    if missing:
        raise StorageError(f"{path}: wants a column '{missing[0]}', has {', '.join(header) or 'none'}")
    return rows


def number_of(text: str) -> float:
    """Return a cell as a number; NaN where it holds none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def read_matrix(path: Path) -> tuple[list[str], np.ndarray]:
    """Read regions and the values between them, shape (regions, regions).

    raises: StorageError where it is no square table of numbers
    """
    rows = read_rows(path)
    names = list(rows[0]) if rows else []
    values = np.array([[number_of(row[name]) for name in names] for row in rows])
    if not names or values.shape != (len(names), len(names)):
        raise StorageError(f"{path}: wants as many rows as columns")
    return names, values
