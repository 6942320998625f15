"""Laws of AMPA, NMDA and GABA-A conductances: peak, decay, magnesium and drug in the pore, separate pools."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from brian2.equations.equations import Equations
from brian2.parsing.sympytools import str_to_sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from point_cells import with_point_cells
from scipy.linalg import expm

from msim.backends.brian2_network import Brian2Network
from msim.base.mechanism import Mechanism
from msim.circuit.receptors import AMPA, GABA_A, NMDA
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.ode import evaluated
from msim.network.column_plan import column_plan

PARAMETERS = {
    "tau_rise": 2e-3, "tau_decay": 0.1, "E": 0.0, "Mg_o": 1.0, "K_Mg": 3.57, "v_Mg": 1 / 62, "quantal_share": 0.5,
    "free": 1.0, "available": 1.0,
    "K_Mg_2D": 23.4, "share_2B": 0.4, "share_2D": 0.0, "GluN2A": 1.0, "GluN2B": 1.0, "GluN2D": 1.0,
}  # fmt: skip
PEAK = 0.14e-9
POOLS = ("nmda", "nmda_resting")
NMDA_RECEPTORS = (*POOLS, "nmda_pv", "nmda_sst")


@pytest.fixture(scope="module")
def model(model: ModelDefinition) -> ModelDefinition:
    """Cells of one compartment, which all receptors feed."""
    return with_point_cells(model)


@pytest.fixture(scope="module")
def small_model(model: ModelDefinition) -> ModelDefinition:
    """The same with 100 cells."""
    return model.with_value("column.n_cells", 100)


def completed(form: Mechanism, **changes: float) -> dict[str, float]:
    """Parameters and derived constants of a receptor, with its inputs at rest."""
    values = {one.name: PARAMETERS[one.name] for one in form.parameters} | changes
    values |= {one.name: evaluated(one.expression, values) for one in form.derived}
    return {port.name: port.at_rest for port in form.inputs} | values


def shown(form: Mechanism, name: str, **values: float) -> float:
    """A subexpression of a receptor's equations."""
    every = dict(Equations(form.equations).get_substituted_expressions(include_subexpressions=True))
    expression = str_to_sympy(every[name].code)
    free = sorted(expression.free_symbols, key=str)
    return float(sympy.lambdify(free, expression)(*(values[str(one)] for one in free)))


def conductance(form: Mechanism, times: np.ndarray, values: dict[str, float]) -> np.ndarray:
    """g after one event at time 0, by the matrix exponential of the linear equations."""
    rates = {name: str_to_sympy(one.code)
             for name, one in dict(Equations(form.equations).get_substituted_expressions()).items()}  # fmt: skip
    states = list(form.rest)
    symbols = [sympy.Symbol(name, real=True) for name in states]
    numbers = {sympy.Symbol(name, real=True): value for name, value in values.items()}
    matrix = np.array(
        [[float(sympy.diff(rates[row], column).xreplace(numbers)) for column in symbols] for row in states]
    )
    after = {name: 0.0 for name in states} | {"peak": PEAK}
    exec(form.on_event, {}, after)  # the declared jump, such as 'x += peak'
    start = np.array([after[name] for name in states])
    return np.array([(expm(matrix * time) @ start)[states.index("g")] for time in times])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(tau_rise=st.floats(0.2e-3, 10e-3), ratio=st.floats(1.2, 200.0))
def test_one_event_peaks_at_its_peak(tau_rise: float, ratio: float) -> None:
    """The two exponentials meet their maximum at ln(td / tr) tr td / (td - tr), whatever the times.

    Rounding of the difference of two exponentials grows as they near each other: 1e-10 for a ratio of 1.2.
    """
    tau_decay = ratio * tau_rise
    values = completed(NMDA, tau_rise=tau_rise, tau_decay=tau_decay)
    maximum = np.log(ratio) * tau_rise * tau_decay / (tau_decay - tau_rise)
    around = conductance(NMDA, maximum * np.array([0.9, 1.0, 1.1]), values)
    assert around[1] == pytest.approx(PEAK, rel=1e-10)
    assert around[1] > max(around[0], around[2])


@pytest.mark.parametrize("form", [AMPA, GABA_A], ids=lambda one: one.name)
def test_a_fast_conductance_jumps_by_its_peak_and_decays(form: Mechanism) -> None:
    """e-fold every tau_decay from the first moment; two events add up."""
    values = completed(form, tau_decay=2e-3)
    np.testing.assert_allclose(
        conductance(form, np.array([0.0, 2e-3, 6e-3]), values), PEAK * np.exp([0.0, -1.0, -3.0]), rtol=1e-12
    )
    assert shown(form, "I", **{**values, "g": 3e-9, "v": -0.07}) == pytest.approx(3e-9 * 0.07, rel=1e-12)


def test_the_slow_conductance_decays_with_its_own_time() -> None:
    """Long after the rise only tau_decay is left: e-fold every 100 ms, as exp(-1 s / 2 ms) is nothing."""
    values = completed(NMDA)
    late = conductance(NMDA, np.array([1.0, 1.1]), values)
    assert late[0] / late[1] == pytest.approx(np.e, rel=1e-9)


def test_magnesium_has_its_limits() -> None:
    """Nothing without it; half at 0 mV where it equals K_Mg; e-fold more open every v_Mg when deeply blocked."""
    values = completed(NMDA)
    assert shown(NMDA, "B_Mg", **{**values, "Mg_o": 0.0, "v": -0.1}) == 1
    assert shown(NMDA, "B_Mg", **{**values, "Mg_o": values["K_Mg"], "v": 0.0}) == 0.5
    deep = [shown(NMDA, "B_Mg", **{**values, "v": n * values["v_Mg"]}) for n in (-31, -30)]
    assert deep[1] / deep[0] == pytest.approx(np.e, rel=1e-9)
    assert shown(NMDA, "B_Mg", **{**values, "v": 60 * values["v_Mg"]}) == pytest.approx(1, rel=1e-15)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(block=st.floats(0.0, 1.0), v=st.floats(-0.1, 0.05), g=st.floats(1e-12, 1e-7))
def test_a_drug_in_the_pore_takes_its_share_of_the_current(block: float, v: float, g: float) -> None:
    """Current is proportional to 1 - block at any potential: exactly nothing at block 1."""
    values = completed(NMDA)

    def current(taken: float) -> float:
        return shown(NMDA, "I", **{**values, "v": v, "g": g, "block": taken})

    assert current(block) == pytest.approx((1 - block) * current(0.0), rel=1e-12)
    assert current(1.0) == 0


@pytest.mark.parametrize("form", [AMPA, GABA_A, NMDA], ids=lambda one: one.name)
def test_no_current_flows_at_the_reversal_potential(form: Mechanism) -> None:
    """And it drives the potential there from either side."""
    values = completed(form, E=-0.02)

    def current(v: float) -> float:
        return shown(form, "I", **{**values, "g": 1e-9, "v": v})

    assert current(-0.02) == 0
    assert current(-0.06) > 0 > current(0.02)


@pytest.fixture(scope="module")
def network(model: ModelDefinition) -> Brian2Network:
    """Twenty cells in which every conductance has been set to something."""
    built = Brian2Network(column_plan(model.with_value("column.n_cells", 20), 1), "numpy")
    for group in built.groups.values():
        for name in group.equations.diff_eq_names:
            if name.endswith("_g"):
                group.variables[name].set_value(np.linspace(1e-9, 2e-9, len(group)))
    return built


def currents(network: Brian2Network) -> dict[tuple[str, str], np.ndarray]:
    """Currents of all receptors of every population, and what its cells get in all."""
    return {
        (population, name): np.array(getattr(group, f"{name}_"))
        for population, group in network.groups.items()
        for name in group.equations.names if name.endswith("_I") or name == "I_syn"
    }  # fmt: skip


@pytest.mark.parametrize("pool", POOLS)
def test_block_of_one_pool_leaves_every_other_current_alone(network: Brian2Network, pool: str) -> None:
    """The evoked and the resting pool are separate receptors: exactly the pool's own current is lost."""
    before, own, whole = currents(network), ("pyramidal", f"{pool}_I"), ("pyramidal", "I_syn")
    network.set_input("pyramidal", pool, "block", np.ones(len(network.groups["pyramidal"])))
    after = currents(network)
    network.set_input("pyramidal", pool, "block", np.zeros(len(network.groups["pyramidal"])))
    assert np.all(after[own] == 0) and np.all(before[own] > 0)
    for name in before.keys() - {own, whole}:
        np.testing.assert_array_equal(after[name], before[name])
    np.testing.assert_allclose(before[whole] - after[whole], before[own], atol=1e-22)


def test_currents_add_up_with_their_signs(network: Brian2Network) -> None:
    """The cell gets the sum of all receptors; excitation and inhibition split it without rest."""
    found = currents(network)
    for population, cells in network.groups.items():
        own = {name: current for (owner, name), current in found.items() if owner == population and name != "I_syn"}
        inhibitory = sum(current for name, current in own.items() if name.startswith("gaba"))
        excitatory = sum(current for name, current in own.items() if not name.startswith("gaba"))
        np.testing.assert_allclose(cells.I_excitatory_, excitatory, rtol=1e-12)
        np.testing.assert_allclose(cells.I_inhibitory_, inhibitory, rtol=1e-12)
        np.testing.assert_allclose(cells.I_syn_, excitatory + inhibitory, rtol=1e-12, atol=1e-22)
        assert np.all(excitatory > 0)


def test_a_contact_of_the_network_peaks_at_its_peak(model: ModelDefinition) -> None:
    """One spike of one cell, with contacts too weak to set off another, reaches each target with its weight.

    Brian2's 'heun' steps equations without noise as Euler does: the rise, at exp(-4) after the 4 tau_rise to
    the peak, is then off by 4 dt / (2 tau_rise), which makes 0.20 % of the peak; a quarter more is allowed.
    """
    for path in ("background_pyramidal.rate", "background_pv.rate", "background_sst.rate", "resting_release.rate_mini"):
        model = model.with_value(path, "0 Hz")
    for target in ("pyramidal", "pv", "sst"):
        model = model.with_value(f"pyramidal_to_{target}.peak.ampa", "10 pS")
    plan, source = column_plan(model.with_value("column.n_cells", 40), 1), 3
    quiet = Brian2Network(plan, "numpy")
    for one in plan.spec.cells:
        quiet.groups[one.name].variables["v"].set_value(np.full(one.size, one.constants["E_L"][0]))
    quiet.groups["pyramidal"].v_[source] = 0.0
    wanted, largest = {}, {}
    for one in (each for each in plan.spec.projections if each.origin == "pyramidal"):
        cells = range(plan.spec.population(one.to).size)
        sizes, drawn = plan.contacts(one.name, cells)
        for receptor, peak in plan.peaks[one.name].items():
            weight = np.where(drawn.pre == source, drawn.weight * peak, 0.0)
            wanted[one.to, receptor] = np.bincount(np.repeat(cells, sizes), weight, len(cells))
            largest[one.to, receptor] = np.zeros(len(cells))
    for _ in range(150):
        quiet.network.run(quiet.groups["pyramidal"].clock.dt, namespace={})
        for (to, receptor), before in largest.items():
            largest[to, receptor] = np.maximum(before, quiet.groups[to].variables[f"{receptor}_g"].get_value())
    assert sum((peaks > 0).sum() for (_, receptor), peaks in wanted.items() if receptor in NMDA_RECEPTORS) > 3
    assert {name: one.num_spikes for name, one in quiet.spikes.items()} == {"pyramidal": 1, "pv": 0, "sst": 0}
    for (to, receptor), peaks in wanted.items():
        error = 0.0025 if receptor in NMDA_RECEPTORS else 1e-12
        np.testing.assert_allclose(largest[to, receptor], peaks, rtol=error)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("v", [-0.08, -0.055, 0.0])
def test_magnesium_leaves_each_subunit_its_own_share(share: float, v: float) -> None:
    """A pool is the sum of its subunits: GluN2D with its own constant, GluN2A and GluN2B with theirs."""
    values = completed(NMDA, share_2D=share, share_2B=0.0)
    one, other = (1 / (1 + np.exp(-62 * v) / PARAMETERS[name]) for name in ("K_Mg", "K_Mg_2D"))
    assert shown(NMDA, "B_Mg", **values | {"v": v}) == pytest.approx((1 - share) * one + share * other, rel=1e-12)


@pytest.mark.parametrize(("missing", "left"), [("GluN2A", 0.4), ("GluN2B", 0.6), ("GluN2D", 1.0)])
def test_a_missing_subunit_is_not_made_up_for(missing: str, left: float) -> None:
    """Pyramidal cells: two fifths GluN2B, no GluN2D; without magnesium just the missing share is gone."""
    assert shown(NMDA, "B_Mg", **completed(NMDA, Mg_o=0.0, **{missing: 0.0})) == pytest.approx(left, rel=1e-12)
