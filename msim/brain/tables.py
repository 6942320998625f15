"""CSV tables of regions, labeled matrices and columns; every complaint names the file and the regions."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from msim.base.errors import DefinitionError, nearest

LARGEST_FILE = 20_000_000
LONGEST_LIST = 6


def read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Read header and rows of a CSV file.

    raises: DefinitionError where it cannot be read or a row has another number of cells than the header
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DefinitionError(str(path), f"wants at most {LARGEST_FILE} bytes")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DefinitionError(str(path), f"cannot be read: {problem}") from None
    if len(rows) < 2:
        raise DefinitionError(str(path), f"wants a header and rows, got {len(rows)} rows")
    header, body = rows[0], rows[1:]
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise DefinitionError(f"{path}: line {number}", f"wants {len(header)} cells, got {len(row)}")
    return header, body


def read_matrix(path: Path, regions: Sequence[str]) -> np.ndarray:
    """Read a matrix whose rows and columns are labeled with these regions, in any order; empty cells are NaN.

    returns: shape (regions, regions), in the order of `regions`
    """
    header, body = read_rows(path)
    columns, labels = header[1:], [row[0] for row in body]
    if len(columns) != len(labels):
        raise DefinitionError(str(path), f"wants a square matrix, got {len(labels)} rows and {len(columns)} columns")
    _check_names(columns, regions, f"{path}: columns")
    _check_names(labels, regions, f"{path}: rows")
    values = np.array([[_number(cell, path, row[0]) for cell in row[1:]] for row in body])
    return values[np.ix_([labels.index(one) for one in regions], [columns.index(one) for one in regions])]


def read_column(path: Path, name: str, regions: Sequence[str]) -> np.ndarray:
    """Read a column of numbers, one for each region by the name in the first cell; empty cells are NaN."""
    header, body = read_rows(path)
    if name not in header[1:]:
        raise DefinitionError(f"{path}: header", f"wants a column '{name}'{nearest(name, header[1:])}")
    labels = [row[0] for row in body]
    _check_names(labels, regions, f"{path}: rows")
    place = header.index(name)
    found = {row[0]: _number(row[place], path, row[0]) for row in body}
    return np.array([found[one] for one in regions])


def check_symmetric(matrix: np.ndarray, regions: Sequence[str], where: str) -> None:
    """Refuse a matrix that differs from its transpose by more than its last digits; NaN have to match."""
    scale = np.nanmax(np.abs(matrix)) if np.isfinite(matrix).any() else 1.0
    unlike = ~np.isclose(matrix, matrix.T, rtol=0, atol=1e-5 * scale, equal_nan=True)
    if unlike.any():
        row, column = np.argwhere(unlike)[0]
        pair = f"{regions[row]} to {regions[column]}"
        raise DefinitionError(where, f"wants a symmetric matrix, got {matrix[row, column]:g} for {pair} "
                                     f"and {matrix[column, row]:g} back")


def check_weights(matrix: np.ndarray, regions: Sequence[str], where: str) -> None:
    """Refuse missing, negative or infinite weights, by the regions' names."""
    bad = ~np.isfinite(matrix) | (matrix < 0)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        more = f" and {bad.sum() - 1} others" if bad.sum() > 1 else ""
        came = "nothing" if np.isnan(matrix[row, column]) else f"{matrix[row, column]:g}"
        wanted = "wants a number of at least 0"
        raise DefinitionError(where, f"{wanted} for {regions[row]} and {regions[column]}{more}, got {came}")


def _check_names(names: Sequence[str], regions: Sequence[str], where: str) -> None:
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise DefinitionError(where, f"wants each region once, got {_some(twice)} twice")
    unknown = [one for one in names if one not in regions]
    if unknown:
        raise DefinitionError(where, f"unknown region {_some(unknown)}{nearest(unknown[0], regions)}")
    missing = [one for one in regions if one not in names]
    if missing:
        raise DefinitionError(where, f"lacks the region {_some(missing)}")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - LONGEST_LIST} others" if len(names) > LONGEST_LIST else ""
    return ", ".join(f"'{one}'" for one in names[:LONGEST_LIST]) + more


def _number(cell: str, path: Path, row: str) -> float:
    if not cell.strip():
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        raise DefinitionError(f"{path}: row '{row}'", f"wants a number, got {cell!r}") from None
