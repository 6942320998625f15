"""The slow equations against Brian2 on the same text and against SciPy's LSODA, and their Jacobian."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import brian2 as b2
import numpy as np
import pytest
from brian2 import Equations
from brian2.utils.stringtools import word_substitute
from scipy.integrate import solve_ivp
from smooth_network import SmoothNetwork

from msim.backends.brian2_network import brian2_quantity
from msim.backends.fast_network import Burst
from msim.base.errors import SimulationError
from msim.base.settings import settings, with_settings
from msim.base.units import unit_expression
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.averages import between
from msim.multiscale.slow import rosenbrock
from msim.multiscale.slow import scale as slow
from msim.multiscale.slow.ode import SlowSystem
from msim.multiscale.slow.scale import SlowScale, States, slow_scale
from msim.network.cell_equations import names_of

HOUR = 3600.0
CELLS = 8
# mol/m^3; three times the therapeutic level, so that every mechanism moves within two hours.
DRUG = 3e-3
# Slow enough for RK4 at 5 s: the fastest time constant is then the kinase's 180 s.
ACTIVATED = 0.02


@pytest.fixture(scope="module")
def tiny(model: ModelDefinition) -> ModelDefinition:
    """Eight pyramidal cells, one PV and one SST cell."""
    return model.with_value("column.n_cells", 10)


@pytest.fixture(scope="module")
def scale(tiny: ModelDefinition) -> SlowScale:
    """The slow scale under a constant drug level."""
    assert tiny.cells("pyramidal") == CELLS
    baseline = SmoothNetwork(tiny).burst(0.0, 1.0, keep_field=False)
    return slow_scale(tiny, lambda time: {"ketamine.C_e": DRUG}, baseline, 0.0)


@pytest.fixture(scope="module")
def averages(scale: SlowScale) -> dict[str, np.ndarray]:
    """Averages that differ from rest and from cell to cell."""
    random = np.random.default_rng(5)
    told = scale.averages(SmoothNetwork(scale.model).burst(0.0, 1.0, keep_field=False))
    shifts = {"glutamate_to_mtorc1": 0.5, "ampa_to_release": 0.3, "excitation_to_mecp2": 0.1}
    moved = {name: values * random.uniform(0.9, 1.1, values.size) + shifts.get(name, 0.0)
             for name, values in told.items()}  # fmt: skip
    for name in ("activation_of_evoked", "activation_on_pv", "activation_on_sst"):
        moved[name] = ACTIVATED * random.uniform(0.5, 1.0, moved[name].size)
    return moved


@pytest.fixture
def tight() -> Iterator[None]:
    """Tolerances at which only a wrong equation is left to differ."""
    with with_settings(relative_tolerance=1e-10, absolute_tolerance=1e-13):
        yield


@pytest.fixture(scope="module")
def start(scale: SlowScale) -> States:
    """States away from rest, so that the slowest of them move visibly within two hours.

    Synthesis that the brake does not stop, more BDNF than the cell is used to and free places for receptors, from
    the first: RK4 loses its order at a kink.
    """
    random = np.random.default_rng(7)
    states = {name: rest + random.uniform(0.05, 0.3, rest.shape) for name, rest in scale.rest().items()}
    shifts = {"eef2k.p_eEF2": -0.1, "bdnf_trkb.BDNF": 0.5, "bdnf_trkb.p_TrkB": 0.4, "ampar_scaling.A": 0.0}
    for name, shift in shifts.items():
        row = scale.systems["pyramidal"].states.index(name)
        states["pyramidal"][row] = scale.rest()["pyramidal"][row] + shift * random.uniform(1.0, 1.2, CELLS)
    return states


def brian2_states(
    scale: SlowScale,
    population: str,
    averages: Mapping[str, np.ndarray],
    start: np.ndarray,
    seconds: float,
    step: float,
) -> np.ndarray:
    """States of a population from Brian2's own reading of the mechanisms' text, by RK4.

    start, returns: shape (states, cells)
    """
    model = scale.model
    parts = {one.name: one.mechanism for one in model.on_scale("slow") if one.on == population}
    lines: list[str] = []
    numbers: dict[str, b2.Quantity] = {}
    given: dict[str, np.ndarray | float] = {}
    for name, form in parts.items():
        own = {one: f"{name}_{one}" for one in names_of(form)}
        for one in Equations(form.equations).values():
            left = f"d{own[one.varname]}/dt" if one.type == "differential equation" else own[one.varname]
            unit = "1" if one.dim.is_dimensionless else repr(one.unit)
            lines.append(f"{left} = {word_substitute(one.expr.code, own)} : {unit}")
        values = model.parameters(name)
        units = {one.name: one.unit for one in form.parameters}
        numbers.update({own[key]: brian2_quantity(value, units[key])
                        for key, value in values.items()})  # fmt: skip
        for one in form.derived:
            lines.append(f"{own[one.name]} = {word_substitute(one.expression, own)} : {unit_expression(one.unit)}")
    for link in model.links.values():
        owner, _, port = link.to.partition(".")
        if owner not in parts:
            continue
        target, unit = link.to.replace(".", "_"), unit_expression(parts[owner].input(port).unit)
        sources = [one.replace(".", "_") for one in link.origin]
        if link.name in averages:
            given[target] = averages[link.name]
            lines.append(f"{target} : {unit}")
        elif link.origin[0].split(".")[0] in parts:
            rest = scale.references[slow.reference_name(link)] if link.relative_to else np.ones(1)
            lines.append(f"{target} = ({' + '.join(sources)}) / {float(rest[0])!r} : {unit}")
        else:
            given[target] = scale.drugs(0.0)[link.origin[0]]
            lines.append(f"{target} : {unit}")
    system = scale.systems[population]
    group = b2.NeuronGroup(
        system.cells, "\n".join(lines), method="rk4", dt=step * b2.second, namespace=numbers, name="slow_cells*"
    )
    for name, values in given.items():
        group.variables[name].set_value(values)
    for name, values in zip(system.states, start, strict=True):
        group.variables[name.replace(".", "_")].set_value(values)
    b2.Network(group).run(seconds * b2.second, namespace={})
    return np.stack([np.array(group.variables[name.replace(".", "_")].get_value()) for name in system.states])


@pytest.mark.parametrize("population", ["pyramidal", "pv", "sst"])
def test_msim_and_brian2_read_the_same_equations(
    scale: SlowScale,
    averages: dict[str, np.ndarray],
    start: States,
    population: str,
    tight: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After two hours of drug, to 1e-8.

    RK4 at 5 s errs by (5/180)^4/120 = 5e-9 of a state that moves in the kinase's 180 s, and by less of
    slower ones. Two hours move even consolidation, the slowest, by far more than that.
    """
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")
    expected = brian2_states(scale, population, averages, start[population], 2 * HOUR, 5.0)
    found, _ = scale.advanced(start, 0.0, 2 * HOUR, averages, averages)
    assert np.abs(expected - start[population]).max(axis=1).min() > 1e-4
    np.testing.assert_allclose(found[population], expected, rtol=1e-8, atol=1e-10)


def test_the_shipped_tolerance_errs_by_a_few_times_itself(
    scale: SlowScale, averages: dict[str, np.ndarray], start: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of a step is bound by rtol |y| + atol.

    States decay, so errors of old steps die out and the last few add up: three of them are allowed.
    """
    found, _ = scale.advanced(start, 0.0, 2 * HOUR, averages, averages)
    rtol, atol = settings().relative_tolerance, settings().absolute_tolerance
    with with_settings(relative_tolerance=1e-10, absolute_tolerance=1e-13):
        exact, _ = scale.advanced(start, 0.0, 2 * HOUR, averages, averages)
    for name in exact:
        np.testing.assert_allclose(found[name], exact[name], rtol=3 * rtol, atol=3 * atol)


def test_the_solver_ends_where_lsoda_does(scale: SlowScale, averages: dict[str, np.ndarray], start: States) -> None:
    """At the shipped tolerance, with averages that move: SciPy's own solver at 1e-10, nothing of ours but the slope."""
    first = scale.averages(SmoothNetwork(scale.model).burst(0.0, 1.0, keep_field=False))
    found, kept = scale.advanced(start, 0.0, 2 * HOUR, first, averages, [HOUR])
    for name, system in scale.systems.items():
        shape = system.rest.shape

        def slope(time: float, flat: np.ndarray, system: SlowSystem = system) -> np.ndarray:
            now = between(first, averages, time / (2 * HOUR))
            return system.derivative(flat.reshape(system.rest.shape), scale.outside(system, time, now)).ravel()

        how = {"t_eval": [HOUR, 2 * HOUR], "rtol": 1e-10, "atol": 1e-13}
        exact = solve_ivp(slope, (0.0, 2 * HOUR), start[name].ravel(), "LSODA", **how).y
        rtol, atol = 3 * settings().relative_tolerance, 3 * settings().absolute_tolerance
        for ours, theirs in zip((kept[0][name], found[name]), exact.T, strict=True):
            np.testing.assert_allclose(ours, theirs.reshape(shape), rtol=rtol, atol=atol)


@pytest.mark.parametrize("population", ["pyramidal", "pv", "sst"])
def test_the_jacobian_is_what_moving_a_state_does(
    scale: SlowScale, averages: dict[str, np.ndarray], start: States, population: str
) -> None:
    """Against central differences, away from kinks; and every entry that is not listed is zero.

    A step of d = 1e-6 errs by d^2 = 1e-12 of third derivatives, which powers of 4 raise to some tens of the slope,
    and by 1e-16 / d = 1e-10 of the slope's largest term.
    """
    system, y = scale.systems[population], start[population]
    outside = scale.outside(system, 0.0, averages)
    full = np.zeros((len(y), *y.shape))
    for place, values in zip(system.elimination.entries, system.jacobian(y, outside), strict=True):
        full[place] = values
    for column in range(len(y)):
        ends = [y.copy(), y.copy()]
        for end, move in zip(ends, (1e-6, -1e-6), strict=True):
            end[column] += move
        expected = (system.derivative(ends[0], outside) - system.derivative(ends[1], outside)) / 2e-6
        fastest = np.abs(full).max(axis=(1, 2), keepdims=True)[:, 0]
        np.testing.assert_allclose(full[:, column] / fastest, expected / fastest, rtol=1e-7, atol=1e-7)


def test_moving_a_cell_moves_no_other(scale: SlowScale, averages: dict[str, np.ndarray]) -> None:
    """One small matrix for each cell holds the whole Jacobian, exactly."""
    system = scale.systems["pyramidal"]
    outside = scale.outside(system, 0.0, averages)
    at_rest = system.derivative(system.rest, outside)
    moved = system.rest.copy()
    moved[:, 2] += 0.1
    change = system.derivative(moved, outside) - at_rest
    assert np.any(change[:, 2] != 0)
    assert np.all(np.delete(change, 2, axis=1) == 0)


def test_a_month_takes_few_steps(
    scale: SlowScale, averages: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An implicit method leaves what is fast behind; an explicit one is held to some 2 / rate a step.

    Also where the Jacobian misses something that matters, the error estimate asks for many steps.
    """
    steps = 0
    stock = rosenbrock._good_step

    def counted(*arguments: Any) -> Any:
        nonlocal steps
        steps += 1
        return stock(*arguments)

    monkeypatch.setattr(rosenbrock, "_good_step", counted)
    scale.advanced(scale.rest(), 0.0, 720 * HOUR, averages, averages)
    assert steps < 300
    assert 720 * HOUR * scale.model["eef2k.tau_K"] ** -1 / 2 > 5000


def test_the_order_of_cells_does_not_matter(scale: SlowScale, averages: dict[str, np.ndarray], tight: None) -> None:
    """Shuffled cells give shuffled results: step control sees all cells alike."""
    order = np.array([3, 0, 7, 4, 6, 2, 5, 1])
    shuffled = {name: values[order] if values.size == CELLS else values for name, values in averages.items()}
    straight, _ = scale.advanced(scale.rest(), 0.0, HOUR, averages, averages)
    crooked, _ = scale.advanced(scale.rest(), 0.0, HOUR, shuffled, shuffled)
    np.testing.assert_allclose(crooked["pyramidal"], straight["pyramidal"][:, order], rtol=1e-7, atol=1e-10)
    assert np.ptp(straight["pyramidal"], axis=1).max() > 1e-3


def test_a_leap_in_two_halves_ends_where_the_whole_leap_does(
    scale: SlowScale, averages: dict[str, np.ndarray], tight: None
) -> None:
    """With averages on one straight line, which the two halves share."""
    first = scale.averages(SmoothNetwork(scale.model).burst(0.0, 1.0, keep_field=False))
    middle = {name: (first[name] + averages[name]) / 2 for name in first}
    whole, kept = scale.advanced(scale.rest(), 0.0, HOUR, first, averages, [HOUR / 2])
    half, _ = scale.advanced(scale.rest(), 0.0, HOUR / 2, first, middle)
    both, _ = scale.advanced(half, HOUR / 2, HOUR, middle, averages)
    for name in whole:
        np.testing.assert_allclose(kept[0][name], half[name], rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(both[name], whole[name], rtol=1e-7, atol=1e-10)


def test_averages_go_in_a_straight_line_over_a_leap(scale: SlowScale, tight: None) -> None:
    """A gain of 1.3 under a ramp of excitation: X' = (0.3 (1 + s t) - X) / tau_X has a closed form."""
    lasting = scale.model.with_value("ampar_scaling.tau_off", "1e12 hour")
    kept = slow_scale(lasting, lambda time: {"ketamine.C_e": 0.0}, burst_of(scale), 0.0)
    system = kept.systems["pyramidal"]
    first = kept.averages(burst_of(kept))
    end, tau_X = 10 * HOUR, kept.model["mecp2_loop.tau_X"]
    last = {**first, "excitation_to_mecp2": np.full(CELLS, 1.5)}
    states = kept.rest()
    states["pyramidal"][system.states.index("ampar_scaling.A")] = 1.3
    states, _ = kept.advanced(states, 0.0, end, first, last)
    decayed = -np.expm1(-end / tau_X)
    expected = 0.3 * (decayed + 0.5 / end * (end - tau_X * decayed))
    np.testing.assert_allclose(states["pyramidal"][system.states.index("mecp2_loop.X")], expected, rtol=1e-8)


def burst_of(scale: SlowScale) -> Burst:
    """The baseline of a smooth response."""
    return SmoothNetwork(scale.model).burst(0.0, 1.0, keep_field=False)


def test_an_equation_that_fails_is_refused(scale: SlowScale, averages: dict[str, np.ndarray]) -> None:
    """A slope that is not a number ends the trial and not up as a state."""
    broken = {**averages, "excitation_to_mecp2": np.full(CELLS, np.inf)}
    with pytest.raises(SimulationError, match="pyramidal"), np.errstate(all="ignore"):
        scale.advanced(scale.rest(), 0.0, HOUR, broken, broken)
