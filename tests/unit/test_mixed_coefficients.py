"""Coefficients of mixed models against closed forms, and the correlation against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

pytest.importorskip("statsmodels")

from msim.base.errors import InputError  # noqa: E402
from msim.imaging.group import correlation, mixed_coefficients  # noqa: E402


def balanced(count: int = 14) -> tuple[dict[str, list[object]], np.ndarray, np.ndarray]:
    """Everybody seen twice: with subjects of their own level a mixed model is a paired test."""
    random = np.random.default_rng(5)
    level = random.normal(0, 2, count)
    before, after = (level + shift + random.normal(0, 0.3, count) for shift in (0.0, 0.4))
    table: dict[str, list[object]] = {
        "y": [*before, *after], "time": [0] * count + [1] * count, "subject": [*range(count), *range(count)],
    }  # fmt: skip
    return table, before, after


def test_where_all_are_seen_twice_time_is_the_paired_difference() -> None:
    table, before, after = balanced()
    (row,) = mixed_coefficients("y ~ time", table, {"time": "time"})
    assert row.estimate == pytest.approx((after - before).mean(), rel=1e-6)
    assert row.value == pytest.approx(ttest_rel(after, before).statistic, rel=1e-3)
    assert (row.degrees, row.n) == (2 * before.size - 2, 2 * before.size)
    assert row.low < row.estimate < row.high


def test_an_interaction_tells_two_groups_apart() -> None:
    table, before, after = balanced()
    table["y"] = [*before, *(after + np.where(np.arange(before.size) % 2, 0.8, 0.0))]
    table["response"] = [0] * before.size + [int(k % 2) for k in range(before.size)]
    rows = mixed_coefficients("y ~ time + time:response", table, {"t": "time", "x": "time:response"})
    odd = np.arange(before.size) % 2 == 1
    change = np.array(table["y"][before.size:], dtype=float) - before
    assert rows[1].estimate == pytest.approx(change[odd].mean() - change[~odd].mean(), abs=0.02)
    assert rows[1].p < 0.001


def test_an_unknown_coefficient_is_named() -> None:
    with pytest.raises(InputError, match="no coefficient 'tine', but Intercept, time"):
        mixed_coefficients("y ~ time", balanced()[0], {"x": "tine"})


def test_a_correlation_is_that_of_numpy_and_leaves_out_who_lacks_one() -> None:
    random = np.random.default_rng(2)
    one = random.normal(size=20)
    other = 0.5 * one + random.normal(size=20)
    found = correlation("x", np.append(one, np.nan), np.append(other, 3.0))
    r = np.corrcoef(one, other)[0, 1]
    assert found.estimate == pytest.approx(r) and found.n == 20 and found.degrees == 18
    assert found.value == pytest.approx(r * np.sqrt(18 / (1 - r**2)))
    assert np.isnan(correlation("x", np.ones(9), np.arange(9.0)).p)
