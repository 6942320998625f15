"""Shares of variance against functions whose shares are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from msim.definitions.experiments.samples import unit_points
from msim.sweep.sensitivity import shares

PROBLEM = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0.0, 1.0]] * 3}


@pytest.mark.parametrize(("sample", "count"), [("saltelli", 1024), ("latin", 2000), ("random", 2000)])
def test_shares_of_a_sum_are_those_of_its_squares(sample: str, count: int) -> None:
    """Of 3 a + 4 b the variance is 9 and 16 parts; c has none. Errors fall with the root of the points."""
    points = unit_points(sample, count, 3, 1)
    found = shares(PROBLEM, points, points @ [3.0, 4.0, 0.0], sample)
    np.testing.assert_allclose([one.first for one in found], [0.36, 0.64, 0], atol=0.06)
    assert all((one.total is None) == (sample != "saltelli") for one in found)


def test_what_two_axes_do_together_is_in_the_total_alone() -> None:
    """(a - 1/2)(b - 1/2) has no share of one alone, and all of it with the other."""
    points = unit_points("saltelli", 2048, 3, 1)
    found = shares(PROBLEM, points, (points[:, 0] - 0.5) * (points[:, 1] - 0.5), "saltelli")
    np.testing.assert_allclose([one.first for one in found], [0, 0, 0], atol=0.08)
    np.testing.assert_allclose([one.total for one in found], [1, 1, 0], atol=0.08)
