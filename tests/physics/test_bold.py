"""Laws of the Balloon-Windkessel model, and its equations run by Brian2."""

from __future__ import annotations

from dataclasses import asdict, replace

import brian2
import numpy as np
import pytest
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.backends.brian2_network import brian2_quantity
from msim.base.errors import InputError, SimulationError
from msim.measures.bold import BALLOON_WINDKESSEL, BalloonWindkessel, bold_response, steady_state

PARAMETERS = BalloonWindkessel(
    kappa=0.65, gamma=0.41, efficacy=0.8, tau=1.1, alpha=0.32, E0=0.36, V0=0.03,
    theta0=60.0, r0=70.0, epsilon=0.6, TE=0.035,
)

ANY_PARAMETERS = st.builds(
    BalloonWindkessel,
    kappa=st.floats(0.3, 2), gamma=st.floats(0.2, 1), efficacy=st.floats(0.05, 0.4), tau=st.floats(0.5, 3),
    alpha=st.floats(0.15, 0.6), E0=st.floats(0.2, 0.6), V0=st.floats(0.01, 0.05),
    theta0=st.floats(20, 200), r0=st.floats(10, 200), epsilon=st.floats(0, 1.5), TE=st.floats(0.01, 0.06),
)

# bold_response keeps each step within its relative tolerance of 1e-7; some hundred steps add up to this.
GLOBAL = 1e-5


def _close(left: np.ndarray, right: np.ndarray, relative: float = GLOBAL) -> bool:
    return bool(np.abs(left - right).max() <= relative * np.abs(right).max())


@settings(max_examples=25, deadline=None)
@given(parameters=ANY_PARAMETERS, activity=st.one_of(st.floats(-0.25, -1e-9), st.floats(1e-9, 1)))
def test_held_activity_ends_in_the_steady_state(parameters: BalloonWindkessel, activity: float) -> None:
    """After a jump from rest, and a hold of hundreds of the slowest time constants.

    The signal is a sum of three terms that may cancel, so the error is measured against their sizes.
    """
    held = bold_response(np.array([0, activity, activity]), np.array([0, 0, 3000.0]), parameters, np.array([3000.0]))
    terms = 100 * parameters.V0 * sum(map(abs, parameters.weights))
    flow_change = parameters.efficacy * abs(activity) / parameters.gamma
    assert np.abs(held - steady_state(np.array([activity]), parameters)) <= GLOBAL * terms * flow_change


def test_steady_state_stands_still_in_the_equations() -> None:
    """Flow from the input, volume and deoxyhemoglobin from the flow, typed from Friston 2003, not from the code."""
    for activity in (-0.2, 0.05, 0.9):
        flow = 1 + PARAMETERS.efficacy * activity / PARAMETERS.gamma
        volume = flow**PARAMETERS.alpha
        extraction = 1 - (1 - PARAMETERS.E0) ** (1 / flow)
        deoxy = volume * extraction / PARAMETERS.E0
        k1 = 4.3 * PARAMETERS.theta0 * PARAMETERS.E0 * PARAMETERS.TE
        k2 = PARAMETERS.epsilon * PARAMETERS.r0 * PARAMETERS.E0 * PARAMETERS.TE
        signal = PARAMETERS.V0 * (
            k1 * (1 - deoxy) + k2 * (1 - deoxy / volume) + (1 - PARAMETERS.epsilon) * (1 - volume)
        )
        assert steady_state(np.array(activity), PARAMETERS) == pytest.approx(100 * signal, rel=1e-12)


@settings(max_examples=10, deadline=None)
@given(parameters=ANY_PARAMETERS)
def test_no_activity_gives_exactly_no_signal(parameters: BalloonWindkessel) -> None:
    """Not even a rounding error, after seconds or years."""
    times = np.array([0, 0.1, 0.2, 5, 1e3, 1e9])
    assert (bold_response(np.zeros((2, 6)), times, parameters, np.array([0, 0.15, 7, 2e8, 1e9])) == 0).all()
    assert steady_state(np.zeros(3), parameters) == pytest.approx(0, abs=0)


def test_small_responses_add() -> None:
    """Linear to the relative size of the activity, however small that is."""
    times, samples = np.array([0, 1, 2, 3, 5, 30.0]), np.linspace(0, 30, 61)
    first, second = np.array([0, 1, 0.5, 0, 0, 0]), np.array([0, 0, -1, 2, 0, 0])
    size = 1e-8
    one, two, both = bold_response(size * np.stack([first, second, first + 2 * second]), times, PARAMETERS, samples)
    assert _close(one + 2 * two, both)


def test_departure_from_linearity_is_of_second_order() -> None:
    """What doubling the activity adds beyond doubling the response goes with the square of the activity."""
    times, samples = np.array([0, 1, 2, 30.0]), np.linspace(0, 30, 31)
    sizes = np.array([0.01, 0.02, 0.04])[:, np.newaxis]
    responses = bold_response(sizes * np.array([0, 1, 0, 0]), times, PARAMETERS, samples, relative_tolerance=1e-10)
    first, second = np.diff(responses / sizes, axis=0)
    assert np.abs(second).max() / np.abs(first).max() == pytest.approx(2, rel=0.1)


def test_a_small_response_has_the_area_of_its_activity() -> None:
    """Area under the response over area under the activity is the slope of the steady state.

    Trapezoids on a smooth curve that is flat at both ends converge faster than any power of their width.
    """
    size = 1e-6
    times, samples = np.array([0, 2, 3, 4, 6, 120.0]), np.linspace(0, 120, 1201)
    response = bold_response(size * np.array([0, 0, 1, 1, 0, 0]), times, PARAMETERS, samples)
    slope = float(steady_state(np.array(size), PARAMETERS)) / size
    assert response.sum() * 0.1 == pytest.approx(slope * size * (0.5 + 1 + 1), rel=1e-4)


def test_a_tighter_tolerance_comes_nearer() -> None:
    """Each hundredfold tightening brings the answer at least ten times nearer to the tightest."""
    generator = np.random.default_rng(3)
    times, samples = np.arange(0, 60, 0.5), np.linspace(0, 59, 60)
    activity = generator.uniform(-0.1, 0.4, times.size)
    tightest = bold_response(activity, times, PARAMETERS, samples, 1e-12)
    errors = [
        np.abs(bold_response(activity, times, PARAMETERS, samples, tolerance) - tightest).max()
        for tolerance in (1e-4, 1e-6, 1e-8, 1e-10)
    ]
    assert all(later <= earlier / 10 for earlier, later in zip(errors, errors[1:]))


def test_knots_on_a_straight_line_change_nothing() -> None:
    """Splitting intervals, one into a thousand, leaves the same activity and so the same response."""
    times = np.array([0, 3, 4, 10, 10, 25, 40.0])
    activity = np.array([0, 0.5, -0.1, 0.2, 0.6, 0, 0])
    samples = np.linspace(0, 40, 81)
    whole = bold_response(activity, times, PARAMETERS, samples)
    extra = np.sort(np.concatenate([np.linspace(0.01, 3, 50)[:-1], np.linspace(10.01, 24, 1000), [3.3, 3.4, 39]]))
    finer = np.concatenate([times[:4], [10.0], times[4:], extra])
    values = np.concatenate([activity[:4], [activity[3]], activity[4:], np.interp(
        extra, times[[0, 1, 2, 3, 4, 5, 6]] + np.array([0, 0, 0, -1e-12, 0, 0, 0]), activity
    )])
    order = np.argsort(finer, kind="stable")
    assert _close(bold_response(values[order], finer[order], PARAMETERS, samples), whole)


@pytest.mark.parametrize("late", [3600.0, 86400.0, 1e9])
def test_a_burst_of_a_tenth_of_a_second_is_not_leapt_over(late: float) -> None:
    """After however long a rest it evokes what it evokes at once; later times hold fewer digits after the point."""
    burst = np.array([0, 0.05, 0.1])
    times = np.concatenate([[0], late + burst, [2 * late]])
    activity = np.array([0, 0, 3, 0, 0.0])
    samples = np.linspace(0, 30, 31)
    response = bold_response(activity, times, PARAMETERS, late + samples)
    at_once = bold_response(np.array([0, 3, 0, 0.0]), np.append(burst, 40), PARAMETERS, samples)
    assert _close(response, at_once, GLOBAL + 100 * np.spacing(late) / 0.05)


def test_ever_briefer_activity_of_one_area_evokes_one_response() -> None:
    """A pulse of width w about 1 s differs from an instantaneous push by the order of w squared."""
    samples = np.linspace(2, 40, 39)
    narrow, narrower, narrowest = (
        bold_response(
            np.array([0, 0, 0.1, 0.1, 0, 0]) / np.array([1, 1, width, width, 1, 1]),
            np.array([0, 1 - width / 2, 1 - width / 2, 1 + width / 2, 1 + width / 2, 40]), PARAMETERS, samples, 1e-10,
        )
        for width in (0.1, 0.01, 1e-6)
    )
    assert _close(narrower, narrowest)
    assert np.abs(narrow - narrowest).max() == pytest.approx(100 * np.abs(narrower - narrowest).max(), rel=0.05)


def test_a_burst_within_closely_recorded_activity_is_not_leapt_over() -> None:
    """One raised sample among thousands of steady ones evokes what it evokes alone."""
    times, samples = np.arange(0, 300, 0.05), np.linspace(200, 230, 31)
    activity = np.where(np.arange(times.size) == 4000, 3.0, 0.0)
    alone = bold_response(np.array([0, 0, 3, 0, 0.0]), np.array([0, 199.95, 200, 200.05, 299]), PARAMETERS, samples)
    assert _close(bold_response(activity, times, PARAMETERS, samples), alone)


def test_slow_activity_is_followed_through_its_steady_states() -> None:
    """A rise over days lags by seconds, so the signal differs from the steady one by that share, 1e-5 here."""
    times = np.array([0, 1e6])
    samples = np.array([2e5, 5e5, 1e6])
    response = bold_response(np.array([0, 0.5]), times, PARAMETERS, samples)
    assert response == pytest.approx(steady_state(0.5e-6 * samples, PARAMETERS), rel=5e-5)


def test_activity_before_the_first_time_held_since_ever() -> None:
    """A series that starts away from rest starts in that steady state and shows no onset."""
    response = bold_response(np.array([0.3, 0.3]), np.array([100.0, 200]), PARAMETERS, np.linspace(100, 200, 11))
    assert _close(response, np.full(11, float(steady_state(np.array(0.3), PARAMETERS))))


def test_regions_do_not_mix_and_samples_keep_their_order() -> None:
    """Each region alone gives its row of the whole; samples may come unsorted and twice."""
    times = np.linspace(0, 20, 41)
    activity = np.random.default_rng(7).uniform(-0.1, 0.4, (2, 3, 41))
    samples = np.array([13.0, 2, 20, 0, 13])
    together = bold_response(activity, times, PARAMETERS, samples)
    assert together.shape == (2, 3, 5)
    assert (together[..., 0] == together[..., 4]).all()
    alone = bold_response(activity[1, 2], times, PARAMETERS, np.sort(samples[:4]))
    assert _close(together[1, 2, [3, 1, 0, 2]], alone)


def test_activity_that_would_stop_the_flow_is_refused() -> None:
    """Held below -gamma / efficacy, or let go from so high that flow would swing below 0."""
    limit = PARAMETERS.gamma / PARAMETERS.efficacy
    with pytest.raises(InputError, match="above"):
        steady_state(np.array([0.1, -limit]), PARAMETERS)
    times = np.array([0, 0, 30, 30, 60.0])
    for high, low in ((0, -1.01 * limit), (10 * limit, 0)):
        with pytest.raises(SimulationError, match="flow would stop"):
            bold_response(np.array([0, high, high, low, low]), times, PARAMETERS, np.array([60.0]))


def test_bad_times_are_refused() -> None:
    """Running backwards, of another length, or sampled outside."""
    with pytest.raises(InputError, match="order"):
        bold_response(np.zeros(3), np.array([0, 2, 1.0]), PARAMETERS, np.array([1.0]))
    with pytest.raises(InputError, match="2 or more"):
        bold_response(np.zeros(3), np.array([0, 2.0]), PARAMETERS, np.array([1.0]))
    with pytest.raises(InputError, match="from 0 to 2"):
        bold_response(np.zeros(2), np.array([0, 2.0]), PARAMETERS, np.array([2.1]))


def test_the_declared_equations_give_the_same_response_in_brian2() -> None:
    """The text of the mechanism by a fourth-order method; its error, about (50 ms / 1 s)^4, is within the tolerance."""
    units = {one.name: one.unit for one in BALLOON_WINDKESSEL.parameters}
    namespace = {name: brian2_quantity(value, units[name]) for name, value in asdict(PARAMETERS).items()}
    group = brian2.NeuronGroup(
        3, BALLOON_WINDKESSEL.equations + "\nactivity : 1", method="rk4", dt=50 * brian2.ms,
        namespace=namespace, codeobj_class=NumpyCodeObject,
    )
    for state, rest in BALLOON_WINDKESSEL.rest.items():
        setattr(group, state, rest)
    group.activity = [0.9, 1.2, 1.6]
    outputs = [one.name for one in BALLOON_WINDKESSEL.outputs]
    monitor = brian2.StateMonitor(group, outputs, record=True, dt=1 * brian2.second, codeobj_class=NumpyCodeObject)
    brian2.Network(group, monitor).run(25 * brian2.second)
    activity = np.array([-0.1, 0.2, 0.6])[:, np.newaxis] * np.array([0, 1, 1])
    ours = bold_response(activity, np.array([0, 0, 25.0]), PARAMETERS, np.arange(25.0))
    assert _close(ours, monitor.percent_signal_change[:])


def test_signal_scales_with_blood_volume_and_grows_with_echo_time() -> None:
    """V0 multiplies the whole signal; TE multiplies the two terms of deoxyhemoglobin, which outweigh volume here."""
    times, samples = np.array([0, 1, 2, 30.0]), np.linspace(0, 30, 31)
    activity = np.array([0, 0.5, 0, 0])
    base = bold_response(activity, times, PARAMETERS, samples)
    assert _close(bold_response(activity, times, replace(PARAMETERS, V0=0.06), samples), 2 * base, 1e-12)
    without, long = (
        bold_response(activity, times, replace(PARAMETERS, TE=echo * PARAMETERS.TE), samples) for echo in (0, 2)
    )
    assert _close(long - base, base - without, 1e-10)
