"""Solver for many small linear systems at once, all with the same zeros, by elimination along the diagonal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

Entry = tuple[int, int]


@dataclass(frozen=True)
class Elimination:
    """Plan for the elimination of matrices that differ from zero only in `entries` and on the diagonal.

    order: rows in the order in which they are eliminated
    entries: (row, column) of the given entries
    fill: entries off the diagonal that elimination adds
    """

    size: int
    order: tuple[int, ...]
    entries: tuple[Entry, ...]
    fill: tuple[Entry, ...]


@dataclass(frozen=True)
class Factors:
    """Eliminated matrices, row by row in the order of elimination.

    lower, upper: factors (column, factor) of a row, of columns that go before and after it; each factor and
        each inverse pivot of shape (systems,)
    """

    order: tuple[int, ...]
    lower: tuple[tuple[tuple[int, np.ndarray], ...], ...]
    upper: tuple[tuple[tuple[int, np.ndarray], ...], ...]
    inverse_pivots: np.ndarray


def elimination(size: int, entries: Iterable[Entry]) -> Elimination:
    """Plan the elimination of matrices of `size` rows, in the order that fills in least."""
    given = tuple(entries)
    present = {(row, column) for row, column in given if row != column}
    fill: list[Entry] = []
    order: list[int] = []
    left = list(range(size))
    while left:
        # Markowitz: a chain of states in which none acts back on what drives it fills in nothing.
        pivot = min(left, key=lambda one: len(_below(present, one, left)) * len(_right(present, one, left)))
        left.remove(pivot)
        order.append(pivot)
        new = [
            (row, column)
            for row in _below(present, pivot, left)
            for column in _right(present, pivot, left)
            if row != column and (row, column) not in present
        ]
        fill += new
        present.update(new)
    return Elimination(size, tuple(order), given, tuple(fill))


def _below(present: set[Entry], pivot: int, left: list[int]) -> list[int]:
    return [row for row in left if (row, pivot) in present]


def _right(present: set[Entry], pivot: int, left: list[int]) -> list[int]:
    return [column for column in left if (pivot, column) in present]


def operations(plan: Elimination) -> list[tuple[int, list[tuple[int, list[int]]]]]:
    """Return, for each pivot in order, the rows from which it is subtracted and the columns of each."""
    present = {*plan.entries, *plan.fill}
    done = []
    for place, pivot in enumerate(plan.order):
        later = list(plan.order[place + 1 :])
        columns = _right(present, pivot, later)
        done.append((pivot, [(row, columns) for row in _below(present, pivot, later)]))
    return done


def factored(plan: Elimination, shift: float, values: np.ndarray) -> Factors:
    """Eliminate `shift` times the unit matrix, less the matrices whose entries are `values`.

    No rows are exchanged: with a large enough shift the diagonal outweighs the rest.

    values: shape (entries, systems), in the order of the plan's entries
    """
    work = {(row, row): np.full(values.shape[1], shift) for row in range(plan.size)}
    for (row, column), value in zip(plan.entries, values, strict=True):
        work[row, column] = shift - value if row == column else -value
    work.update({one: np.zeros(values.shape[1]) for one in plan.fill})
    inverse = np.empty((plan.size, values.shape[1]))
    for pivot, rows in operations(plan):
        np.divide(1.0, work[pivot, pivot], out=inverse[pivot])
        for row, columns in rows:
            factor = work[row, pivot] = work[row, pivot] * inverse[pivot]
            for column in columns:
                work[row, column] = work[row, column] - factor * work[pivot, column]
    lower, upper = [], []
    for place, row in enumerate(plan.order):
        lower.append(tuple((one, work[row, one]) for one in plan.order[:place] if (row, one) in work))
        upper.append(tuple((one, work[row, one]) for one in plan.order[place + 1 :] if (row, one) in work))
    return Factors(plan.order, tuple(lower), tuple(upper), inverse)


def solved(factors: Factors, right: np.ndarray) -> np.ndarray:
    """Solve the eliminated systems; the solutions replace their right-hand sides.

    right: shape (rows, systems); overwritten
    """
    for row, terms in zip(factors.order, factors.lower, strict=True):
        for column, factor in terms:
            right[row] -= factor * right[column]
    backwards = zip(reversed(factors.order), reversed(factors.upper), strict=True)
    for row, terms in backwards:
        for column, factor in terms:
            right[row] -= factor * right[column]
        right[row] *= factors.inverse_pivots[row]
    return right
