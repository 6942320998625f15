"""Laws of the neural mass and of its fit: equations, fixed point, transfer, recovery."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import ndtr

from msim.base.equations import read_equations
from msim.base.errors import InputError, SimulationError
from msim.base.expressions import evaluated
from msim.dcm.fit import CHANGE, Spectra, features, fit_spectra, predicted_spectra
from msim.dcm.laplace import Gaussian, fitted
from msim.dcm.mass import NEURAL_MASS, POPULATIONS, Circuit, flow, jacobians
from msim.dcm.rest import fixed_point, slowest_growth
from msim.dcm.spectrum import circuit_of, transfer
from msim.definitions.files.read import find
from msim.definitions.models.read_model import read_part

ALONE = np.zeros((1, 1))
TWO = np.array([[0, -1], [1, 0]])
NOISE = {"log_noise": 0.0, "exponent": 1.0, "log_sensor": -16.0}


@pytest.fixture(scope="module")
def values() -> dict[str, float]:
    """The shipped numbers."""
    return dict(read_part(find("imaging/neural_mass", "models")).parameters("neural_mass"))


def somewhere(circuit: Circuit, seed: int) -> np.ndarray:
    """States of ordinary size."""
    random = np.random.default_rng(seed)
    potentials = random.uniform(-0.07, -0.03, (circuit.sources, len(POPULATIONS), 1))
    return np.concatenate([potentials, random.uniform(0, 10, (circuit.sources, len(POPULATIONS), 3))], axis=-1)


@pytest.mark.parametrize("connected", [ALONE, TWO])
def test_jacobians_are_the_derivatives_of_the_flow(values: dict[str, float], connected: np.ndarray) -> None:
    """Against central differences, whose error is of second order in the step."""
    circuit = circuit_of(values, connected)
    x = somewhere(circuit, 1)
    sizes = np.tile([1e-6, 1e-4, 1e-4, 1e-4], x.size // 4)
    columns = [
        (flow(circuit, x + step.reshape(x.shape)) - flow(circuit, x - step.reshape(x.shape))).ravel() / (2 * size)
        for step, size in zip(np.diag(sizes), sizes, strict=True)
    ]
    assert jacobians(circuit, x).sum(axis=0) == pytest.approx(np.stack(columns, axis=1), rel=1e-5, abs=1e-5)


def test_a_population_alone_obeys_the_declared_equations(values: dict[str, float]) -> None:
    """The arrays do what the text of the form says, for each population's own membrane."""
    circuit = circuit_of(values, ALONE)
    x = somewhere(circuit, 2)
    V, g_A, g_N, g_G = x[0, 1]
    m = ndtr((x[0, :, 0] - values["V_R"]) / values["sigma_V"])
    excitation = values["doubling"] * (values["gamma_E_sp_ss"] * m[0] + values["background"])
    inhibition = values["gamma_I_sp_sp"] * m[1] + values["gamma_I_sp_ii"] * m[2]
    names = {**values, "V": V, "g_A": g_A, "g_N": g_N, "g_G": g_G, "excitation": excitation, "inhibition": inhibition}
    slopes = {}
    for name, one in read_equations(NEURAL_MASS.equations).items():
        slopes[name] = names[name] = evaluated(one.expression, names)
    wanted = [slopes[f"slope_{one}"] for one in "VANG"]
    assert flow(circuit, x)[0, 1] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("connected", [ALONE, TWO])
def test_the_fixed_point_stands_still_and_draws_near_states_back(
    values: dict[str, float], connected: np.ndarray
) -> None:
    """A long integration by another solver, begun off the point, ends at it."""
    circuit = circuit_of(values, connected)
    rest = fixed_point(circuit)
    assert np.abs(flow(circuit, rest)).max() < 1e-9
    begin = rest + 0.01 * np.abs(rest) * np.random.default_rng(3).standard_normal(rest.shape)
    path = solve_ivp(
        lambda _, x: flow(circuit, x.reshape(rest.shape)).ravel(), (0, 3.0), begin.ravel(), "LSODA", rtol=1e-9,
        atol=1e-12,
    )  # fmt: skip
    assert path.y[:, -1].reshape(rest.shape) == pytest.approx(rest, rel=1e-6)


def test_a_mass_that_does_not_rest_is_refused(values: dict[str, float]) -> None:
    """Excitation that feeds itself without inhibition has no stable point between silence and saturation."""
    wild = {**values, **{name: 0.0 for name in values if name.startswith("gamma_I")}, "background": 0.0}
    wild.update(V_L=-0.039, gamma_E_sp_ss=60.0, gamma_E_dp_sp=60.0, sigma_V=1e-4, delay_within=0.0)
    circuit = circuit_of(wild, ALONE)
    loop = circuit.ampa.copy()
    loop[0, 0, 0, 0] = 60.0
    at = fixed_point(circuit)
    at[0, 0, 0] = wild["V_R"]  # in the middle of the steep sigmoid, where a loop through itself grows
    assert slowest_growth(Circuit(wild, loop, loop, circuit.gaba, circuit.background, circuit.tau), at) > 0
    with pytest.raises(SimulationError, match="neural mass"):
        fixed_point(circuit_of({**values, "tau_A": np.nan}, ALONE))


def test_transfer_is_the_response_of_the_full_equations_to_a_small_sine(values: dict[str, float]) -> None:
    """Without delays, a small sine into the stellate cells comes out with the transfer function's gain and phase."""
    still = {**values, "delay_within": 0.0}
    circuit = circuit_of(still, ALONE)
    rest = fixed_point(circuit)
    frequency, size = 12.0, 1e-4
    into = np.zeros(rest.shape)
    into[0, 0, 1:3] = size / circuit.tau[:2]

    def slope(t: float, x: np.ndarray) -> np.ndarray:
        return (flow(circuit, x.reshape(rest.shape)) + into * np.sin(2 * np.pi * frequency * t)).ravel()

    times = np.linspace(2.0, 3.0, 481)[:-1]
    path = solve_ivp(slope, (0, 3.0), rest.ravel(), "LSODA", t_eval=times, rtol=1e-10, atol=1e-14, max_step=2e-3)
    V = (path.y.T.reshape(-1, *rest.shape) - rest)[:, 0, :, 0]
    seen = V[:, 1] * values["seen_sp"] + V[:, 3] * values["seen_dp"]
    gain = 2 * np.mean(seen * np.exp(-2j * np.pi * frequency * times)) * 1j / size
    assert gain == pytest.approx(transfer(circuit, rest, np.array([frequency]))[0, 0, 0], rel=1e-3)


def test_delays_turn_the_phase_and_vanish_with_frequency(values: dict[str, float]) -> None:
    """At 0 Hz a delay changes nothing; a source that only hears another lags by the delay between them."""
    rest = fixed_point(circuit_of(values, TWO))
    for name in ("delay_within", "delay_between"):
        late = circuit_of({**values, name: 3 * values[name]}, TWO)
        at_zero = transfer(late, rest, np.array([1e-9]))
        assert at_zero == pytest.approx(transfer(circuit_of(values, TWO), rest, np.array([1e-9])), rel=1e-5)
    forward_only = np.array([[0, 0], [1, 0]])
    frequency, lag = np.array([7.0]), 5e-3
    rest = fixed_point(circuit_of(values, forward_only))
    one, other = (
        transfer(circuit_of({**values, "delay_between": delay}, forward_only), rest, frequency)[0, 1, 0]
        for delay in (10e-3, 10e-3 + lag)
    )
    assert other / one == pytest.approx(np.exp(-2j * np.pi * frequency[0] * lag), rel=1e-9)


def test_variational_laplace_is_exact_for_a_linear_model() -> None:
    """There the posterior has a closed form, and with the noise's size known so has the evidence."""
    random = np.random.default_rng(5)
    slopes, truth = random.standard_normal((40, 3)), np.array([0.5, -1.0, 0.2])
    level = 3.0
    data = slopes @ truth + np.exp(-level / 2) * random.standard_normal(40)
    prior = Gaussian(np.zeros(3), np.diag([1.0, 2.0, 0.5]))
    found = fitted(lambda at: slopes @ at, data, prior, (level, 1e-10))
    covariance = np.linalg.inv(np.exp(level) * slopes.T @ slopes + np.linalg.inv(prior.covariance))
    assert found.parameters.covariance == pytest.approx(covariance, rel=1e-5)
    assert found.parameters.mean == pytest.approx(covariance @ (np.exp(level) * slopes.T @ data), rel=1e-3)
    marginal = slopes @ prior.covariance @ slopes.T + np.exp(-level) * np.eye(40)
    exact = -0.5 * (data @ np.linalg.solve(marginal, data) + np.linalg.slogdet(2 * np.pi * marginal)[1])
    assert found.evidence == pytest.approx(exact, abs=1e-2)


def noisy(spectra: Spectra, averages: int, random: np.random.Generator) -> Spectra:
    """The same as an average of periodograms finds it: complex Wishart."""
    found = np.empty_like(spectra.density, dtype=complex)
    for index, one in enumerate(spectra.density):
        shape = (len(one), averages)
        draws = (random.standard_normal(shape) + 1j * random.standard_normal(shape)) / np.sqrt(2)
        mixed = np.linalg.cholesky(one) @ draws
        found[index] = mixed @ mixed.conj().T / averages
    return Spectra(spectra.frequency, found)


@pytest.mark.slow
def test_a_change_of_ampa_and_nmda_drive_is_recovered(values: dict[str, float]) -> None:
    """Of 16 pairs of spectra with known changes, 90 % intervals hold the truth about as often as they say.

    With 16 draws fewer than 11 hits have a chance below 1 % where the intervals are right. The estimates have to
    follow the truth as well: intervals as wide as the prior would hold it too.
    """
    random, frequency = np.random.default_rng(7), np.arange(1.0, 91.0)
    hits, truths, means = {"ampa": 0, "nmda": 0}, [], []
    for _ in range(16):
        before = {one: random.normal(0, 0.1) for one in ("ampa", "nmda", "gaba", "tau_ampa", "tau_gaba")} | NOISE
        change = {one: random.normal(0, values["prior_strength"]) for one in hits}
        after = before | {one: before[one] + change[one] for one in hits}
        pair = [noisy(predicted_spectra(values, ALONE, frequency, one), 200, random) for one in (before, after)]
        estimate = fit_spectra(values, ALONE, *pair)
        for one in hits:
            mean, sd = estimate.of(CHANGE + one)
            hits[one] += abs(mean - change[one]) < 1.645 * sd
        truths.append([change[one] for one in hits])
        means.append([estimate.of(CHANGE + one)[0] for one in hits])
    assert min(hits.values()) >= 11, hits
    follows = [np.corrcoef(np.array(truths)[:, i], np.array(means)[:, i])[0, 1] for i in (0, 1)]
    assert follows[0] > 0.95 and follows[1] > 0.6, follows


def test_bad_spectra_are_refused(values: dict[str, float]) -> None:
    """One message each."""
    frequency = np.arange(2.0, 40.0, 2.0)
    good = predicted_spectra(values, ALONE, frequency, NOISE)
    assert features(good).shape == (frequency.size,)
    with pytest.raises(InputError, match="frequencies above 0"):
        Spectra(frequency - 2.0, good.density)
    with pytest.raises(InputError, match="finite densities"):
        Spectra(frequency[1:], good.density)
    with pytest.raises(InputError, match="connected: wants shape"):
        fit_spectra(values, TWO, good)
    with pytest.raises(InputError, match="nearest known: 'nmda'"):
        fit_spectra(values, ALONE, good, good, changing=("nmdaa",))
