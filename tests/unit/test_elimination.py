"""Elimination against NumPy's own solver, for whatever zeros."""

from __future__ import annotations

import numpy as np
import pytest

from msim.multiscale.slow.elimination import elimination, factored, solved

SIZE, SYSTEMS = 6, 5
CHAIN = [(row, row) for row in range(SIZE)] + [(row, row - 1) for row in range(1, SIZE)]
RING = [*CHAIN, (0, SIZE - 1)]
FULL = [(row, column) for row in range(SIZE) for column in range(SIZE)]


@pytest.mark.parametrize("entries", [CHAIN, RING, FULL, [(2, 0), (0, 2)], []])
@pytest.mark.parametrize("shuffled", [False, True])
def test_elimination_solves(entries: list[tuple[int, int]], shuffled: bool) -> None:
    """shift - matrix, times the solution, is the right-hand side, to round-off of a dominant diagonal."""
    random = np.random.default_rng(3)
    order = random.permutation(SIZE) if shuffled else np.arange(SIZE)
    places = [(int(order[row]), int(order[column])) for row, column in entries]
    values = random.uniform(-1, 1, (len(places), SYSTEMS))
    right = random.uniform(-1, 1, (SIZE, SYSTEMS))
    found = solved(factored(elimination(SIZE, places), 10.0, values), right.copy())
    for system in range(SYSTEMS):
        matrix = 10.0 * np.eye(SIZE)
        for place, value in zip(places, values[:, system], strict=True):
            matrix[place] -= value
        np.testing.assert_allclose(matrix @ found[:, system], right[:, system], rtol=1e-13, atol=1e-14)


def test_a_chain_fills_in_nothing() -> None:
    """In whatever order its states are listed."""
    order = np.random.default_rng(4).permutation(SIZE)
    assert elimination(SIZE, [(int(order[row]), int(order[column])) for row, column in CHAIN]).fill == ()


def test_a_star_is_eliminated_from_its_rays() -> None:
    """The center first would fill in everything."""
    star = [(0, ray) for ray in range(1, SIZE)] + [(ray, 0) for ray in range(1, SIZE)]
    assert elimination(SIZE, star).fill == ()
