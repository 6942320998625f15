"""Laws of wiring: exact in-degrees, no autapses, the same rows in any order, mean input kept in smaller columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from msim.circuit.connectivity import Row, Wiring, row, rows, scaled_in_degree
from msim.definitions.models.model import ModelDefinition
from msim.network.column_plan import ColumnPlan, column_plan

WIRING = Wiring("test", 200, 40, 0.8, 0.5e-3, 2e-3, True)


def drawn(cells: int, wiring: Wiring = WIRING, seed: int = 1) -> list[Row]:
    """Rows of the first cells."""
    return [row(wiring, seed, index, index) for index in range(cells)]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    n_pre=st.integers(1, 60), in_degree=st.integers(1, 60), same=st.booleans(), seed=st.integers(0, 2**31),
    post=st.integers(0, 59),
)  # fmt: skip
def test_a_cell_has_its_in_degree_of_different_others(
    n_pre: int, in_degree: int, same: bool, seed: int, post: int
) -> None:
    """Exactly, as far as there are others: no autapse, no pair twice, nobody outside the population."""
    post = post % n_pre
    pre = row(replace(WIRING, n_pre=n_pre, in_degree=in_degree, same_population=same), seed, post, post).pre
    assert pre.size == min(in_degree, n_pre - int(same)) == np.unique(pre).size
    assert not same or post not in pre
    assert pre.size == 0 or 0 <= pre.min() <= pre.max() < n_pre


def test_every_other_cell_is_as_likely() -> None:
    """Counts of 200 candidates over 200 rows of 40: chi-square with 199 degrees; luck fails it once in a million.

    Counts without repetition vary less than Poisson ones, so the bound is on the safe side.
    """
    counts = np.bincount(np.concatenate([one.pre for one in drawn(200)]), minlength=200)
    expected = counts.sum() / 200
    assert np.sum((counts - expected) ** 2 / expected) < stats.chi2.isf(1e-6, 199)
    assert counts.sum() == 200 * 40


def test_rows_do_not_depend_on_the_order_in_which_they_are_drawn() -> None:
    """Nor on which others are drawn: backwards or alone, a cell gets the same contacts."""
    forwards = drawn(10)
    backwards = [row(WIRING, 1, index, index) for index in reversed(range(10))][::-1]
    for one, other in zip(forwards, backwards, strict=True):
        for name in ("pre", "weight", "delay"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_seed_projection_and_cell_all_change_a_row() -> None:
    """Three names make a stream; changing any of them gives other contacts."""
    own = row(WIRING, 1, 0, 0)
    others = [row(WIRING, 2, 0, 0), row(replace(WIRING, name="other"), 1, 0, 0), row(WIRING, 1, 0, 1)]
    for other in others:
        assert not np.array_equal(own.pre, other.pre)
        assert not np.array_equal(own.weight, other.weight)


@pytest.mark.parametrize("same", [True, False])
def test_all_rows_of_a_population_are_the_rows_of_its_cells(same: bool) -> None:
    """Drawn together or each for itself, to the last digit."""
    wiring = replace(WIRING, same_population=same)
    sizes, found = rows(wiring, 3, range(20), 70)
    each = [row(wiring, 3, index, 70 + index) for index in range(20)]
    assert sizes.tolist() == [one.pre.size for one in each]
    for name in ("pre", "weight", "delay"):
        np.testing.assert_array_equal(getattr(found, name), np.concatenate([getattr(one, name) for one in each]))


def test_a_weight_is_a_number_of_single_precision() -> None:
    """So that an engine which keeps it in 4 bytes multiplies by the same number as one that keeps 8."""
    weight = drawn(1)[0].weight
    assert weight.dtype == np.float64
    np.testing.assert_array_equal(weight, weight.astype(np.float32))


@pytest.mark.parametrize("sigma", [0.0, 0.6, 1.0])
def test_weights_have_mean_one(sigma: float) -> None:
    """A lognormal weight has spread sqrt(exp(sigma^2) - 1); 5 errors of the mean of 2e4: luck fails it once in 1e6."""
    wiring = replace(WIRING, weight_sigma=sigma)
    weights = np.concatenate([one.weight for one in drawn(500, wiring)])
    error = np.sqrt(np.expm1(sigma**2) / weights.size)
    assert weights.mean() == pytest.approx(1, abs=5 * error + 1e-12)
    assert np.log(weights).std() == pytest.approx(sigma, abs=5 * sigma / np.sqrt(2 * weights.size) + 1e-12)
    assert weights.min() > 0


def test_delays_lie_evenly_between_their_bounds() -> None:
    """Kolmogorov-Smirnov against the uniform distribution: luck fails it once in a million."""
    delays = np.concatenate([one.delay for one in drawn(200)])
    assert WIRING.delay_low <= delays.min() and delays.max() < WIRING.delay_high
    uniform = stats.uniform(WIRING.delay_low, WIRING.delay_high - WIRING.delay_low)
    assert stats.kstest(delays, uniform.cdf).pvalue > 1e-6


@settings(max_examples=200, deadline=None, derandomize=True)
@given(in_degree=st.integers(1, 500), n_pre=st.integers(1, 5000), reference=st.integers(1, 2000))
def test_mean_input_is_the_same_in_a_column_of_any_size(in_degree: int, n_pre: int, reference: int) -> None:
    """Contacts times weight is the in-degree of the reference, to rounding."""
    contacts, factor = scaled_in_degree(in_degree, n_pre, reference)
    assert contacts * factor == pytest.approx(in_degree, rel=1e-12)
    assert 1 <= contacts <= in_degree and factor >= 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(in_degree=st.integers(1, 500), n_pre=st.integers(500, 900))
def test_a_smaller_column_keeps_the_connection_probability(in_degree: int, n_pre: int) -> None:
    """Contacts per candidate, but for rounding to a whole contact; a larger one keeps the in-degree."""
    contacts, _ = scaled_in_degree(in_degree, n_pre, 1000)
    assert contacts == max(1, round(in_degree * n_pre / 1000))
    assert scaled_in_degree(in_degree, 1000 + n_pre, 1000) == (in_degree, 1.0)


@pytest.mark.parametrize("cells", [50, 100, 300])
def test_mean_conductance_onto_a_cell_survives_the_size_of_the_column(model: ModelDefinition, cells: int) -> None:
    """Summed peaks of all contacts, averaged over cells, are in_degree times peak for every receptor.

    Weights of a row of k contacts average with an error of sqrt(expm1(sigma^2) / k); 5 errors over all
    contacts of the projection: luck fails one in 1e6.
    """
    small = model.with_value("column.n_cells", cells)
    plan = column_plan(small, seed=1)
    for one in small.projections.values():
        receptor = one.receptors[0]
        expected = small[f"{one.name}.in_degree"] * small[f"{one.name}.peak.{receptor}"]
        sizes, drawn = plan.contacts(one.name, range(small.cells(one.to)))
        total, contacts = drawn.weight.sum() * plan.peaks[one.name][receptor], sizes.sum()
        sigma = small[f"{one.name}.weight_sigma"]
        error = np.sqrt(np.expm1(sigma**2) / contacts)
        assert total / small.cells(one.to) == pytest.approx(expected, rel=5 * error)


def drawn_weights(plan: ColumnPlan, cells: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Of every projection, targets among given cells and weights."""
    for one in plan.spec.projections:
        sizes, drawn = plan.contacts(one.name, cells[one.to])
        yield one.name, np.repeat(np.arange(sizes.size), sizes), drawn.weight


def test_the_plan_sums_every_contact_into_full_activation(model: ModelDefinition) -> None:
    """The peak of all receptors of a cell at once is the sum over contacts plus what its drives could add.

    Of any cells alone as among all.
    """
    small = model.with_value("column.n_cells", 50)
    plan = column_plan(small, seed=1)
    cells = {name: range(small.cells(name)) for name in small.populations}
    found = plan.full_peaks({name: len(one) for name, one in cells.items()}, drawn_weights(plan, cells))
    reached = {(one.to, r) for one in (*small.projections.values(), *small.drives.values()) for r in one.receptors}
    assert set(found) == reached
    summed = {key: np.zeros(full.size) for key, full in found.items()}
    for one in small.projections.values():
        for cell in cells[one.to]:
            _, drawn = plan.contacts(one.name, [cell])
            for receptor in one.receptors:
                summed[one.to, receptor][cell] += drawn.weight.sum() * plan.peaks[one.name][receptor]
    for drive in small.drives.values():
        for receptor in drive.receptors:
            summed[drive.to, receptor] += small[f"{drive.name}.contacts"] * small[f"{drive.name}.peak.{receptor}"]
    for key, full in found.items():
        np.testing.assert_allclose(full, summed[key], rtol=1e-12)
    some = {name: one[1::2] for name, one in cells.items()}
    part = plan.full_peaks({name: len(one) for name, one in some.items()}, drawn_weights(plan, some))
    for key, full in found.items():
        np.testing.assert_array_equal(part[key], full[1::2])
