"""Laws of joined mean fields, of their slow background, and of BOLD taken piece by piece."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from msim.base.errors import InputError, SimulationError
from msim.base.settings import with_settings
from msim.brain.field import STEP, Field, integrated
from msim.brain.surface import RegionSurfaces
from msim.emulator.axes import Axis
from msim.emulator.surfaces import Basis
from msim.measures.bold import BalloonWindkessel, bold_response, steady_state
from msim.measures.bold_stream import LONGEST as HELD
from msim.measures.bold_stream import BoldStream

STEEP = 2.0  # d ln rate / d ln drive of the columns here
VESSELS = BalloonWindkessel(
    kappa=0.65, gamma=0.41, efficacy=0.8, tau=1.1, alpha=0.32, E0=0.36, V0=0.03, theta0=60.0, r0=70.0, epsilon=0.6,
    TE=0.035,
)  # fmt: skip


def columns(
    weights: np.ndarray, coupling: float, sd: float, late: int = 1, shared: float = 0.0, tau: float = 1.5
) -> Field:
    """Regions of one drive and one average, rate = drive^STEEP: what theory can be worked out for."""
    count = len(weights)
    axis = Axis("drive", "value", 2.0, 2.0 * np.exp(-1), 2.0 * np.exp(1), is_ratio=True)
    coefficients = np.tile(np.array([0.0, STEEP])[None, :, None], (count, 1, 1))
    inputs = np.zeros((late, count, count))
    inputs[-1] = coupling * weights.T
    return Field(
        tuple(f"r{one}" for one in range(count)),
        RegionSurfaces((axis,), Basis(1, 1), coefficients, np.array([3.0]), 0.0),
        np.array([0.01]), np.array([2.0]), 0, np.array([1.0]), inputs, (tau, sd, shared),
    )  # fmt: skip


def rates(field: Field, seconds: float, seeds: list[int]) -> np.ndarray:
    """Shape (steps, scans, regions)."""
    return np.concatenate(list(integrated(field, seconds, seeds)))[..., 0]


RING = np.roll(np.eye(4), 1, axis=1) * 0.7 + np.roll(np.eye(4), -1, axis=1) * 0.3


def test_a_brain_without_fluctuations_rests() -> None:
    found = rates(columns(RING, 0.4, 0.0), 5.0, [1])
    assert found == pytest.approx(np.full(found.shape, 3.0), rel=1e-12)


def test_a_piece_of_noise_does_not_depend_on_how_it_is_cut() -> None:
    """Bit for bit; so memory can be kept small."""
    field = columns(RING, 0.3, 0.05, late=7, shared=0.3)
    whole = rates(field, 20.0, [1, 2])
    with with_settings(noise_steps=37):
        assert (rates(field, 20.0, [1, 2]) == whole).all()


def test_a_scan_is_the_same_whatever_is_simulated_with_it() -> None:
    field = columns(RING, 0.3, 0.05)
    together, alone = rates(field, 10.0, [5, 9]), rates(field, 10.0, [9])
    assert together[:, 1] == pytest.approx(alone[:, 0], rel=1e-12)


def test_the_slow_background_has_its_variance_and_its_memory() -> None:
    """Without coupling log rates are the background times the steepness; 400 s are about 130 memories a region.

    The variance of 40 such paths then scatters by 2 %, the autocorrelation at one time constant by less than 0.02.
    """
    sd, tau = 0.02, 1.5
    logs = np.log(rates(columns(np.zeros((40, 40)), 0.0, sd, tau=tau), 400.0, [3])[:, 0] / 3.0)
    assert logs.std(axis=0).mean() == pytest.approx(STEEP * sd, rel=0.05)
    lag = round(tau / STEP)
    later = np.mean([np.corrcoef(one[:-lag], one[lag:])[0, 1] for one in logs.T])
    assert later == pytest.approx(np.exp(-1), abs=0.06)


def test_connectivity_is_that_of_linear_theory() -> None:
    """Slow small fluctuations pass through (1 - steepness x coupling)^-1; over 3,000 s r scatters by about 0.03."""
    coupling = 0.3
    found = np.corrcoef(rates(columns(RING, coupling, 0.005), 3000.0, [4])[:, 0].T)
    response = np.linalg.inv(np.eye(4) - STEEP * coupling * RING)
    covariance = response @ response.T
    size = np.sqrt(np.diag(covariance))
    assert found == pytest.approx(covariance / np.outer(size, size), abs=0.09)


def test_what_regions_share_correlates_them_by_its_share_of_variance() -> None:
    found = np.corrcoef(rates(columns(np.zeros((12, 12)), 0.0, 0.005, shared=0.4), 1500.0, [6])[:, 0].T)
    assert found[np.triu_indices(12, 1)].mean() == pytest.approx(0.4, abs=0.06)


def test_a_region_hears_another_one_as_late_as_told() -> None:
    """Region 0 moves alone; region 1 follows it after the delay and not before."""
    weights, late = np.array([[0.0, 0.0], [1.0, 0.0]]), 12
    field = columns(weights, 0.2, 0.0, late=late)
    moved = columns(weights, 0.2, 0.0, late=late)
    moved.surfaces.coefficients[0, 0, 0] = 0.1  # rests 10 % higher, but starts out from its own rest
    first = rates(moved, 1.0, [1])[:, 0]
    assert first[:, 1] == pytest.approx(rates(field, 1.0, [1])[:, 0, 1], rel=1e-12)


def test_a_brain_that_leaves_the_domain_says_which_region() -> None:
    with pytest.raises(SimulationError, match=r"region 'r\d' at .* s: drive = .* outside the emulator's"):
        rates(columns(RING, 0.9, 0.3), 60.0, [1])


def test_bold_piece_by_piece_is_bold_at_once() -> None:
    """Against the solver of whole paths, whose error is far smaller than what holding activity for 50 ms makes."""
    times = np.arange(0, 60, STEP)
    activity = np.stack([0.1 * np.sin(times / 3), 0.05 * (times > 20)], axis=1)
    activity[:5] = 0  # both begin at rest
    stream = BoldStream(VESSELS, (2,), STEP, 1.0)
    found = np.concatenate([stream.taken(one) for one in np.array_split(activity, 23)])
    held = activity.reshape(-1, round(HELD / STEP), 2).mean(axis=1)
    edges = np.repeat(np.arange(len(held) + 1) * HELD, 2)[1:-1]
    exact = bold_response(np.repeat(held, 2, axis=0).T, edges, VESSELS, np.arange(1, 61) * 1.0)
    assert found == pytest.approx(exact.T, abs=1e-5)


@pytest.mark.parametrize("cut", [lambda a: [a], lambda a: np.array_split(a, 7), lambda a: list(a[:, None])])
def test_bold_does_not_depend_on_how_activity_is_cut(cut: Callable[[np.ndarray], list[np.ndarray]]) -> None:
    activity = 0.1 * np.random.default_rng(2).standard_normal((3000, 3))
    whole = BoldStream(VESSELS, (3,), STEP, 0.8).taken(activity)
    stream = BoldStream(VESSELS, (3,), STEP, 0.8)
    assert (np.concatenate([stream.taken(one) for one in cut(activity)]) == whole).all()


def test_bold_of_held_activity_settles_where_it_stands_for_ever() -> None:
    stream = BoldStream(VESSELS, (1,), HELD, 5.0)
    (*_, last) = stream.taken(np.full((round(200 / HELD), 1), 0.15))
    assert last[0] == pytest.approx(float(steady_state(np.array(0.15), VESSELS)), rel=1e-6)


@pytest.mark.parametrize("tr", [0.72, 0.8, 0.73, 1.26, 2.2, 0.03, 0.01])
def test_any_tr_of_whole_steps_is_followed_as_closely_as_a_usual_one(tr: float) -> None:
    """The same activity at the same times, whatever the time between volumes; the step is as long as it can be."""
    times = np.arange(0, 100 * tr, STEP)
    activity = 0.1 * np.sin(times / 3)[:, None]
    stream = BoldStream(VESSELS, (1,), STEP, tr)
    assert stream.step <= HELD + 1e-12 and round(tr / STEP) % stream.every == 0
    assert not any(round(tr / STEP) % k == 0 for k in range(stream.every + 1, round(HELD / STEP) + 1))
    found = stream.taken(activity)
    edges = np.repeat(np.append(times, times[-1] + STEP), 2)[1:-1]
    ends = np.minimum(tr * np.arange(1, len(found) + 1), edges[-1])
    exact = bold_response(np.repeat(activity, 2, axis=0).T, edges, VESSELS, ends)
    assert len(found) == 100 and np.abs(found - exact.T).max() < 2e-3 * np.abs(exact).max()


def test_steps_of_a_tr_that_fits_50_ms_are_50_ms() -> None:
    assert all(BoldStream(VESSELS, (1,), STEP, tr).step == 0.05 for tr in (0.05, 0.8, 2.0, 2.2, 3.0))


@pytest.mark.parametrize("tr", [0.715, 0.001, 0.0, -1.0, float("nan"), float("inf")])
def test_a_tr_that_does_not_fit_is_refused(tr: float) -> None:
    with pytest.raises(InputError, match="TR of whole steps of 0.01 s, got"):
        BoldStream(VESSELS, (1,), STEP, tr)
