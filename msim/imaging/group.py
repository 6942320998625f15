"""Statistics over participants, by SciPy and statsmodels: the rows of a paper's table, one for each test."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from msim.base.errors import InputError
from msim.base.intervals import standardized
from msim.base.rounding import is_constant
from msim.imaging.optional_imports import library

LEAST = 3  # participants, for a spread that means anything


@dataclass(frozen=True)
class Test:
    """One row of a table of statistics.

    estimate: mean, or difference of means; low, high: its 95 % interval, NaN where the test gives none
    kind: 't' or 'F'; 'mean' or 'share' where there is no test
    value, degrees, p: of the test; for F `degrees` are those of the denominator, NaN for a Wald test
    effect: Cohen's d (of differences where tests are paired), NaN for F
    n: values that entered
    """

    __test__ = False  # no test of pytest's

    name: str
    estimate: float
    low: float
    high: float
    kind: str
    value: float
    degrees: float
    p: float
    effect: float
    n: int


def against_zero(name: str, values: np.ndarray, scale: float = 0.0) -> Test:
    """Test the mean of values against zero with a t test, NaN left out.

    scale: size of the values that `values` are differences of, if they are differences
    """
    from scipy.stats import ttest_1samp

    known = _known(values)
    if known.size < LEAST or is_constant(known, scale):
        return _without_test(name, _mean(known), known.size)
    found = ttest_1samp(known, 0.0)
    low, high = found.confidence_interval()
    effect = standardized(known)
    return Test(name, float(known.mean()), float(low), float(high), "t", float(found.statistic), float(found.df),
                float(found.pvalue), effect, known.size)  # fmt: skip


def mean_alone(name: str, values: np.ndarray) -> Test:
    """Return a mean with its interval and no test, for values such as variance explained that are always above zero."""
    nan = float("nan")
    return replace(against_zero(name, values), kind="mean", value=nan, degrees=nan, p=nan, effect=nan)


def share(name: str, hits: np.ndarray) -> Test:
    """Return the share of participants with a property, with Wilson's interval.

    hits: true where a participant has the property, shape (participants,)
    """
    from scipy.stats import binomtest

    nan, n = float("nan"), hits.size
    found = binomtest(int(np.sum(hits)), n).proportion_ci(method="wilson")
    return Test(name, float(np.mean(hits)), float(found.low), float(found.high), "share", nan, nan, nan, nan, n)


def paired(name: str, before: np.ndarray, after: np.ndarray) -> Test:
    """Run a paired t test of after minus before; participants who lack one of both are left out."""
    if before.shape != after.shape:
        raise InputError(f"{name}: wants as many values after as before, got {after.shape} and {before.shape}")
    scale = float(np.abs(_known(np.concatenate([np.ravel(before), np.ravel(after)]))).max(initial=0.0))
    return against_zero(name, np.asarray(after) - np.asarray(before), scale)


def unpaired(name: str, one: np.ndarray, other: np.ndarray) -> Test:
    """Run a t test of one minus other with one variance, as most papers do."""
    from scipy.stats import ttest_ind

    first, second = _known(one), _known(other)
    if min(first.size, second.size) < LEAST or (is_constant(first) and is_constant(second)):
        return _without_test(name, _mean(first) - _mean(second), first.size + second.size)
    found = ttest_ind(first, second)
    low, high = found.confidence_interval()
    degrees = first.size + second.size - 2
    pooled = np.sqrt((first.var(ddof=1) * (first.size - 1) + second.var(ddof=1) * (second.size - 1)) / degrees)
    difference = float(first.mean() - second.mean())
    return Test(name, difference, float(low), float(high), "t", float(found.statistic), float(degrees),
                float(found.pvalue), float(difference / pooled), first.size + second.size)  # fmt: skip


def correlation(name: str, one: np.ndarray, other: np.ndarray) -> Test:
    """Compute Pearson's r of two measures of the same participants, with its t; skip a participant who lacks one."""
    from scipy.stats import pearsonr

    if one.shape != other.shape:
        raise InputError(f"{name}: wants two measures of the same participants, got {one.shape} and {other.shape}")
    both = np.isfinite(one) & np.isfinite(other)
    first, second = np.asarray(one)[both], np.asarray(other)[both]
    if both.sum() < LEAST + 1 or is_constant(first) or is_constant(second):
        return _without_test(name, float("nan"), int(both.sum()))
    found = pearsonr(first, second)
    low, high = found.confidence_interval()
    r, degrees = float(found.statistic), float(both.sum() - 2)
    t = r * float(np.sqrt(degrees / (1 - r**2)))
    return Test(name, r, float(low), float(high), "t", t, degrees, float(found.pvalue), r, int(both.sum()))


def mixed_model(formula: str, table: Mapping[str, Sequence[object]], terms: Mapping[str, str]) -> list[Test]:
    """Run Wald tests of terms of a linear mixed model with an intercept for every subject (REML).

    formula: as statsmodels reads it, such as 'y ~ C(time) * C(group)'; table: columns, 'subject' among them
    terms: name of a row to the term of the formula that it tests
    raises: InputError for an unknown term, or where subjects are too few
    """
    found, frame = _fitted(formula, table)
    waldtests = found.wald_test_terms(scalar=True).table
    rows = []
    for name, term in terms.items():
        if term not in waldtests.index:
            raise InputError(f"mixed model: '{formula}' has no term '{term}', but {', '.join(waldtests.index)}")
        one = waldtests.loc[term]
        constraints = float(one["df_constraint"])
        nan = float("nan")
        rows.append(Test(name, nan, nan, nan, "F", float(one["statistic"]) / constraints, nan, float(one["pvalue"]),
                         nan, len(frame)))  # fmt: skip
    return rows


def mixed_coefficients(
    formula: str, table: Mapping[str, Sequence[object]], terms: Mapping[str, str]
) -> list[Test]:  # fmt: skip
    """Run t tests of coefficients of a linear mixed model with an intercept for every subject (REML).

    Degrees of freedom are observations less fixed effects, as MATLAB's fitlme has them; the effect is the coefficient
    over the standard deviation of the residuals within subjects.
    formula, table: as for `mixed_model`; terms: name of a row to the coefficient, such as 'time:response'
    """
    from scipy.stats import t as student

    found, frame = _fitted(formula, table)
    degrees = float(len(frame) - len(found.fe_params))
    reach = student.ppf(0.975, degrees)
    rows = []
    for name, term in terms.items():
        if term not in found.fe_params.index:
            known = ", ".join(found.fe_params.index)
            raise InputError(f"mixed model: '{formula}' has no coefficient '{term}', but {known}")
        estimate, error = float(found.fe_params[term]), float(found.bse_fe[term])
        value = estimate / error
        rows.append(Test(name, estimate, estimate - reach * error, estimate + reach * error, "t", value, degrees,
                         float(2 * student.sf(abs(value), degrees)), estimate / float(np.sqrt(found.scale)),
                         len(frame)))  # fmt: skip
    return rows


def _fitted(formula: str, table: Mapping[str, Sequence[object]]) -> tuple[Any, Any]:
    """Fit the model with statsmodels; return it and the rows of the table that entered."""
    frame = library("pandas").DataFrame(dict(table)).dropna()
    if frame["subject"].nunique() < LEAST:
        raise InputError(f"mixed model: wants at least {LEAST} subjects, got {frame['subject'].nunique()}")
    with warnings.catch_warnings(record=True):
        # A random intercept of hardly any variance lies on the boundary; estimates of fixed effects stand. statsmodels
        # insists on its warning, so that it has to be taken, not ignored.
        warnings.simplefilter("always")
        return library("statsmodels.formula.api").mixedlm(formula, frame, groups=frame["subject"]).fit(reml=True), frame


def _known(values: np.ndarray) -> np.ndarray:
    known = np.asarray(values, dtype=float)
    return known[np.isfinite(known)]


def _mean(known: np.ndarray) -> float:
    return float(known.mean()) if known.size else float("nan")


def _without_test(name: str, estimate: float, n: int) -> Test:
    """Return a row without a test, for values that are too few or do not differ between participants."""
    nan = float("nan")
    return Test(name, estimate, nan, nan, "t", nan, nan, nan, nan, n)
