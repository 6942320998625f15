"""Checks of a network with messages of msim: refusals by Brian2, values of a wrong size or name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from msim.backends.partition import Partition
from msim.base.errors import InputError, nearest
from msim.network.spec import NetworkSpec

T = TypeVar("T")


def named(name: str, make: Callable[..., T], *arguments: Any) -> T:
    """Return the result of `make` for some arguments.

    name: of the population, projection or drive that they belong to
    raises: InputError with that name and Brian2's complaint
    """
    from brian2.equations.equations import EquationError
    from brian2.stateupdaters.base import UnsupportedEquationsException
    from brian2.units.fundamentalunits import DimensionMismatchError

    try:
        return make(*arguments)
    except (
        EquationError, UnsupportedEquationsException, DimensionMismatchError, SyntaxError, ValueError, TypeError,
        KeyError, NameError, NotImplementedError,
    ) as problem:  # fmt: skip
        text = problem.args[0] if isinstance(problem, KeyError) and problem.args else problem
        raise InputError(f"{name}: {' '.join(str(text).split())}") from None


def fitting(where: str, value: Any, cells: int) -> np.ndarray:
    """Return a number for all cells, or one for each of them, as an array.

    raises: InputError where there are several numbers, but not one for each
    """
    found = np.asarray(value, dtype=float)
    if found.ndim and found.shape != (cells,):
        raise InputError(f"{where}: wants one number or one for each of {cells} cells, got {found.size}")
    return found


def validate_cells(partition: Partition, spec: NetworkSpec, ranks: int) -> None:
    """Refuse a partition for another number of ranks or for other populations."""
    if partition.ranks != ranks:
        raise InputError(f"partition: wants {ranks} ranks, as the communicator has, got {partition.ranks}")
    for one in spec.cells:
        found = sum(cells.size for cells in partition.cells.get(one.name, ()))
        if found != one.size:
            raise InputError(f"partition: wants the {one.size} cells of {one.name}, got {found}")


def validate_state_names(name: str, start: Mapping[str, Any], states: Sequence[str]) -> None:
    """Refuse first values of states that a projection does not have."""
    for one in start:
        if one not in states:
            raise InputError(f"{name}: has no state '{one}'{nearest(one, states)}")
