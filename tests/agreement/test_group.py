"""Statistics over participants against closed forms, and mixed models against the paired t test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from msim.base.errors import InputError
from msim.imaging.group import against_zero, mean_alone, mixed_model, paired, share, unpaired

pytest.importorskip("statsmodels", reason="wants the extra 'imaging'")
RANDOM = np.random.default_rng(3)
BEFORE = RANDOM.normal(1.0, 0.5, 18)
AFTER = BEFORE + RANDOM.normal(0.4, 0.3, 18)


def test_a_paired_test_is_that_of_its_formula() -> None:
    change = AFTER - BEFORE
    value = change.mean() / (change.std(ddof=1) / np.sqrt(18))
    found = paired("change", BEFORE, AFTER)
    assert (found.estimate, found.value, found.degrees) == pytest.approx((change.mean(), value, 17))
    assert found.p == pytest.approx(2 * student.sf(abs(value), 17))
    assert found.effect == pytest.approx(value / np.sqrt(18))
    half = student.ppf(0.975, 17) * change.std(ddof=1) / np.sqrt(18)
    assert (found.low, found.high) == pytest.approx((change.mean() - half, change.mean() + half))


def test_missing_values_leave_their_pair_out() -> None:
    gone = AFTER.copy()
    gone[4] = np.nan
    keep = np.arange(18) != 4
    assert paired("x", BEFORE, gone) == paired("x", BEFORE[keep], AFTER[keep])


def test_an_unpaired_test_is_that_of_its_formula() -> None:
    found = unpaired("groups", AFTER, BEFORE[:10])
    pooled = np.sqrt((AFTER.var(ddof=1) * 17 + BEFORE[:10].var(ddof=1) * 9) / 26)
    value = (AFTER.mean() - BEFORE[:10].mean()) / (pooled * np.sqrt(1 / 18 + 1 / 10))
    assert (found.value, found.degrees, found.n) == pytest.approx((value, 26, 28))


def test_a_mixed_model_of_two_times_is_the_paired_test() -> None:
    """With all pairs whole and an intercept for each subject, F of time is t squared (REML; numerical tolerance)."""
    table = {
        "y": [*BEFORE, *AFTER], "time": ["a"] * 18 + ["b"] * 18, "subject": [*range(18), *range(18)],
    }  # fmt: skip
    (found,) = mixed_model("y ~ C(time)", table, {"time": "C(time)"})
    assert found.value == pytest.approx(paired("x", BEFORE, AFTER).value ** 2, rel=1e-3)
    with pytest.raises(InputError, match="has no term 'C\\(tim\\)'"):
        mixed_model("y ~ C(time)", table, {"time": "C(tim)"})


def test_too_few_and_equal_participants_have_no_test() -> None:
    few = against_zero("x", np.array([1.0, np.nan, 2.0]))
    assert (few.estimate, few.n) == (1.5, 2) and np.isnan(few.p)
    assert np.isnan(unpaired("x", BEFORE, np.full(4, np.nan)).estimate)
    same = against_zero("x", np.ones(5))
    assert same.estimate == 1 and np.isnan(same.p)
    with pytest.raises(InputError, match="at least 3 subjects"):
        mixed_model("y ~ C(time)", {"y": [1, 2], "time": ["a", "b"], "subject": [1, 1]}, {"time": "C(time)"})


def test_a_share_has_wilsons_interval() -> None:
    """Solutions of |p - 0.75| = z sqrt(p (1 - p) / n)."""
    found = share("hits", np.array([True, True, True, False] * 5))
    z, n = 1.959963984540054, 20
    for bound in (found.low, found.high):
        assert abs(bound - 0.75) == pytest.approx(z * np.sqrt(bound * (1 - bound) / n), rel=1e-9)
    assert found.estimate == 0.75 and found.low < 0.75 < found.high and found.n == 20
    none = share("never", np.zeros(7, dtype=bool))
    assert none.low == 0.0 < none.high < 0.5


def test_a_mean_alone_has_the_interval_of_a_t_test_and_no_test() -> None:
    values = np.array([0.9, 0.95, 0.97, 0.99])
    found, tested = mean_alone("explained", values), against_zero("explained", values)
    assert (found.estimate, found.low, found.high, found.n) == (tested.estimate, tested.low, tested.high, 4)
    assert np.isnan([found.value, found.degrees, found.p, found.effect]).all()
