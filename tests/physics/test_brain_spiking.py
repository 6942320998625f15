"""Laws of a brain of spiking columns: alone a region is its column, and joined it gets what it got alone."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import spiking_brain as small
from engine_ranks import launched, needs_mpi

from msim.backends.cpp.column import CompiledColumn
from msim.backends.mpi import SERIAL
from msim.base.errors import InputError, SimulationError
from msim.base.settings import with_settings
from msim.brain import spiking
from msim.brain.long_range_projections import fibre_contacts
from msim.brain.spiking import SpikingBrain
from msim.brain.spiking_plan import brain_plan, shared_out
from msim.brain.spiking_rest import _averages, brain_at_rest
from msim.brain.spiking_scans import SpikingOptions, spiking_scan
from msim.definitions.brains.brain import read_brain
from msim.emulator.definition import with_values
from msim.imaging.scan import Label
from msim.meg.fields import set_receptors
from msim.network.column_plan import column_plan

RATES = np.array([2.0, 3.0, 4.0])


REST = {"ampar_scaling.AMPAR_scale": 1.0, "block_pv.b": 0.0, "background_sst.rate": 1.869}
STATE = {"ampar_scaling.AMPAR_scale": 1.6, "block_pv.b": 0.4, "background_sst.rate": 1.5}


@pytest.mark.parametrize("state", [{}, STATE])
def test_the_first_region_alone_is_the_column_spike_by_spike(state: dict[str, float]) -> None:
    """At rest, and where a state sets gains, block and a drive, beside regions in another state."""
    seconds = 0.3
    brain = SpikingBrain(small.plan(0.0, regional=[state, REST, REST] if state else ()))
    model = read_brain("brains/brain19").column.with_value("column.n_cells", small.CELLS)
    column = CompiledColumn(column_plan(model, 5), SERIAL)
    if state:
        column.update_parameters(with_values(model, {"background_sst.rate": state["background_sst.rate"]}))
        set_receptors(column, model, {name: value for name, value in state.items() if not name.endswith("rate")})
    burst = column.burst(0.0, seconds, False)
    spikes: dict[str, set[tuple[int, int]]] = {name: set() for name in brain.plan.sizes}
    for _ in range(round(seconds / spiking.STEP)):
        brain.run(np.zeros((1, 3)))
        for name, size in brain.plan.sizes.items():
            steps, cells = brain.network.spikes(name)
            spikes[name] |= {(int(s), int(c)) for s, c in zip(steps, cells, strict=True) if c < size}
    for name, found in spikes.items():
        times, cells = burst.spikes[name]
        assert found == {(round(t / 1e-4), int(c)) for t, c in zip(times, cells, strict=True)}
        assert found


def test_a_state_may_not_set_what_fibres_reach() -> None:
    with pytest.raises(InputError, match="'background_pv.rate' is reached by fibres"):
        small.plan(0.2, regional=[{"background_pv.rate": 1.0}] * 3)
    with pytest.raises(InputError, match="nothing hands down 'block_pv.c'; nearest known: 'block_pv.b'"):
        small.plan(0.2, regional=[{"block_pv.c": 0.1}] * 3)


def test_fibres_bring_at_rest_just_what_they_take_the_place_of() -> None:
    plan = small.plan(0.3)
    for target in plan.targets:
        sizes, pre, _, weight = fibre_contacts(plan, target, range(3), RATES)
        brought = np.bincount(
            np.repeat(np.arange(sizes.size), sizes), weight * RATES[pre // plan.sizes["pyramidal"]], sizes.size
        ).reshape(3, -1)
        wanted = target.rate * target.share * plan.effect.sum(axis=1)
        # Each cell draws its sources by chance; together they bring what was asked for.
        assert brought == pytest.approx(np.broadcast_to(wanted[:, None], brought.shape), rel=1e-6)
        assert sizes.mean() == pytest.approx((wanted / (plan.effect @ RATES / plan.effect.sum(axis=1))).mean(), rel=0.1)


def test_fibres_come_from_where_the_connectome_says_after_the_time_of_their_tract() -> None:
    plan = small.plan(0.3)
    _, pre, delay, _ = fibre_contacts(plan, plan.targets[0], [1], RATES)
    source = pre // plan.sizes["pyramidal"]
    drawn = np.bincount(source, minlength=3) / source.size
    # Thousands of contacts are drawn: shares of a half scatter by less than 0.01.
    assert drawn == pytest.approx([0.4, 0.0, 0.6], abs=0.03)
    assert delay == pytest.approx(np.full(delay.size, 0.03 / 6.0))


def test_rates_at_rest_hardly_move_with_coupling() -> None:
    _, rest = brain_at_rest(small.plan(0.2), seconds=8.0)
    # Regions of 80 pyramidal cells differ by chance of wiring, and 8 s of one scatter by some percent.
    assert rest.strength == pytest.approx(1.0, abs=0.05)
    assert rest.joined.mean(axis=0) == pytest.approx(rest.alone.mean(axis=0), rel=0.08)


def test_without_coupling_regions_fire_as_the_column_does() -> None:
    """Mean rates of three regions and of three columns with other wiring, over 5 s each."""
    model = read_brain("brains/brain19").column.with_value("column.n_cells", small.CELLS)
    brain = SpikingBrain(small.plan(0.0))
    _averages(brain, 0.5)
    found, _ = _averages(brain, 5.0)
    columns = []
    for seed in (11, 12, 13):
        burst = CompiledColumn(column_plan(model, seed), SERIAL).burst(0.5, 5.0, False)
        columns.append([burst.mean(f"{name}.firing_rate") for name in brain.plan.sizes])
    assert found.mean(axis=0) == pytest.approx(np.mean(columns, axis=0), rel=0.2)


def test_activity_does_not_depend_on_how_it_is_cut() -> None:
    """Bit for bit; so memory can be kept small."""
    whole = small.fingerprint(small.followed(small.joined(0.2), 0.5))
    with with_settings(joined_steps=7):
        assert small.fingerprint(small.followed(small.joined(0.2), 0.5)) == whole


def test_a_scan_does_not_depend_on_how_it_is_cut() -> None:
    found = []
    for chunk in (100, 31):
        options = SpikingOptions(small.CELLS, 0.0, measuring=1.0)
        with with_settings(settling=1.0, joined_steps=chunk):
            found.append(spiking_scan(
                read_brain("brains/brain19"), small.connectome(), 2.0, 0.5, Label("01", "rest"), 1, options
            ))  # fmt: skip
    one, other = found
    assert one.scan.signal.shape == (4, 3) and one.scan.signal.std() > 0
    assert (one.scan.signal == other.scan.signal).all() and (one.rates == other.rates).all()


@needs_mpi
def test_two_ranks_do_what_one_does() -> None:
    done = launched(2, small.__file__)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == small.fingerprint(small.followed(small.joined(0.2), 0.5))


def test_ranks_hold_whole_regions() -> None:
    plan = small.plan(0.2)
    partition, owner = shared_out(plan, 2)
    for name, size in plan.sizes.items():
        for rank in range(2):
            regions = np.flatnonzero(np.array(owner) == rank)
            assert (np.unique(partition.local(name, rank) // size) == regions).all()
    with pytest.raises(InputError, match="as many ranks as regions"):
        shared_out(plan, 4)


def test_tracts_longer_than_any_are_refused() -> None:
    far = small.connectome()
    with pytest.raises(InputError, match="got 60000 mm between r0 and r2, which take 10 s at 6 m/s"):
        brain_plan(read_brain("brains/brain19"), replace(far, lengths_mm=1000 * far.lengths_mm), small.CELLS, 1)


def test_all_of_a_background_is_refused() -> None:
    with pytest.raises(InputError, match="brain.coupling: other regions would make up 1"):
        small.plan(1.0)


def test_a_silent_region_and_one_that_runs_away_are_refused() -> None:
    plan = small.plan(0.2)
    with pytest.raises(SimulationError, match="region 'r1': pyramidal cells are silent alone"):
        SpikingBrain(plan, alone=np.array([1.0, 0.0, 1.0]))
    brain = SpikingBrain(plan, alone=np.full(3, small.ALONE))
    brain.set_strength(30.0)
    with pytest.raises(SimulationError, match="away"):
        small.followed(brain, 1.0)
