"""Rates in time on an emulator: time constants out of noisy steps, and the exact approach to the steady rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.definitions.models.model import ModelDefinition
from msim.emulator import sampling
from msim.emulator.axes import axes_of
from msim.emulator.emulator import Emulator
from msim.emulator.fit import FitBudget, fit_emulator, strongest_values
from msim.emulator.rates import RateModel
from msim.emulator.relaxation import BIN, WINDOW, Relaxation, relaxation
from msim.multiscale.slow.cached_systems import cached_systems, with_compiled_stages
from tests.known_column import KnownColumn

CELLS, REPEATS = 800, 64


def steps(answer: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Counted rates of Poisson cells after and before a step; answer: Hz in each bin."""
    random = np.random.default_rng(seed)
    after = random.poisson(answer * CELLS * BIN, (REPEATS, answer.size)) / (CELLS * BIN)
    before = random.poisson(4.0 * CELLS * WINDOW / 2, REPEATS) / (CELLS * WINDOW / 2)
    return after, before


def exponential(tau: float, size: float) -> np.ndarray:
    """Means over bins of an approach from 4 Hz."""
    edges = np.arange(round(WINDOW / BIN) + 1) * BIN
    return 4.0 + size * (1 + tau * np.diff(np.exp(-edges / tau)) / BIN)


@pytest.mark.parametrize("tau, size", [(0.01, 1.0), (0.05, 1.5), (0.05, -1.5), (0.12, 2.0)])
def test_a_time_constant_comes_out_of_noisy_steps(tau: float, size: float) -> None:
    """Within five of its standard errors, which four groups estimate to within a factor of two or so."""
    found = relaxation(*steps(exponential(tau, size), seed=3))
    assert abs(found.tau - tau) < 5 * found.error + 1e-3
    assert found.error < 0.5 * tau
    assert found.unexplained < 0.05


def test_what_is_no_exponential_is_said_to_be_none() -> None:
    """An answer that overshoots to twice its final size."""
    time = (np.arange(round(WINDOW / BIN)) + 0.5) * BIN
    found = relaxation(*steps(4.0 + 2.0 * (1 + 2 * np.exp(-time / 0.1) - 3 * np.exp(-time / 0.02)), seed=4))
    assert found.unexplained > 0.15


@pytest.fixture(scope="module")
def emulator(small_model: ModelDefinition) -> Emulator:
    """The emulator of a stand-in, with time constants of our own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "build_network", lambda asked, seed, context: KnownColumn(asked))
        found = fit_emulator(small_model, axes_of(small_model), FitBudget(points=200, seconds=1.0, rest=2.0))
    assert set(found.relaxation) == set(small_model.populations)
    taus = {name: Relaxation(0.01 * (number + 1), 0.001, 0.0) for number, name in enumerate(found.cells)}
    return replace(found, relaxation=taus)


def test_rates_go_to_the_steady_ones_exactly(emulator: Emulator) -> None:
    """Two half stretches are a whole one; after long there is nothing left; a solver's small steps agree."""
    rates = RateModel.of(emulator)
    regions = {"block_pv.b": np.array([0.0, 0.2, 0.4])}
    start = np.full((3, 3), 1.0)
    whole = rates.advanced(start, regions, 0.02)
    half = rates.advanced(rates.advanced(start, regions, 0.01), regions, 0.01)
    assert whole == pytest.approx(half, rel=1e-12)
    assert rates.advanced(start, regions, 10.0) == pytest.approx(rates.steady(regions), rel=1e-12)
    small = start
    for _ in range(20_000):
        small = small + 1e-6 * rates.slope(small, regions)
    assert small == pytest.approx(whole, rel=1e-4)  # Euler's error is half a step over tau


def test_rates_without_time_constants_are_refused(emulator: Emulator) -> None:
    """Of an emulator that was fitted without drives."""
    with pytest.raises(InputError, match="time constants of pyramidal"):
        RateModel.of(replace(emulator, relaxation={}))


def test_every_population_is_pushed_by_a_drive(emulator: Emulator) -> None:
    """One that is an axis."""
    values = {axis.name for axis in emulator.axes if axis.kind == "value"}
    assert set(strongest_values(emulator)) == set(emulator.cells)
    assert set(strongest_values(emulator).values()) <= values


def test_slow_systems_are_made_once_for_equal_models(small_model: ModelDefinition) -> None:
    """And anew where any number of them changes."""
    first, again = cached_systems(small_model), cached_systems(replace(small_model))
    other = cached_systems(small_model.with_value("eef2k.tau_K", "7 minute"))
    cells = cached_systems(small_model.with_value("column.n_cells", 200))
    assert first and all(first[name] is again[name] for name in first)
    assert other["pyramidal"] is not first["pyramidal"]
    assert cells["pyramidal"].cells == 2 * first["pyramidal"].cells
    moved = replace(first["pyramidal"], rest=first["pyramidal"].rest + 1)
    compiled = with_compiled_stages(moved)
    assert compiled.rest is moved.rest
    assert compiled.stages is with_compiled_stages(first["pyramidal"]).stages
    assert compiled.stages is not with_compiled_stages(other["pyramidal"]).stages
