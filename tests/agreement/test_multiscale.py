"""The schedule against brute force: leaps so short that nothing is left to schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pytest
from smooth_network import SmoothNetwork

from msim.backends.context import Context
from msim.base.settings import with_settings
from msim.definitions.experiments.doses import regimen
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.files.schema import DoseEntry
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.time_scaling import compressed, compressed_doses
from msim.multiscale import simulate as engine
from msim.multiscale.averages import BurstSummary
from msim.multiscale.co_simulation import CoSimulation, advance
from msim.multiscale.leap_error import leap_error
from msim.multiscale.slow import scale as slow
from msim.pharmacology.regimen import Dose
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder

HOUR = 3600.0
BEGIN = -600.0
SCALE = "ampar_scaling.AMPAR_scale"
QUANTITIES = (SCALE, "bdnf_trkb.BDNF", "mecp2_loop.p_MeCP2", "block_evoked.b")
END = 6 * HOUR
# At no event and, but for the last, at no end of a leap.
SAMPLES = (*(1000.0 + 1100.0 * k for k in range(18)), END)
INFUSION = 2400.0


@dataclass(frozen=True)
class Found:
    """Means over cells at the samples, by quantity, and everything recorded."""

    means: dict[str, np.ndarray]
    record: MemoryRecorder
    spiking_seconds: float


def infusion(model: ModelDefinition, seconds: float = INFUSION) -> tuple[Dose, ...]:
    """0.5 mg/kg from time 0."""
    entry = {
        "drug": "ketamine", "mg_per_kg": 0.5, "route": "intravenous", "at": "0 hour", "duration": f"{seconds!r} second",
    }  # fmt: skip
    return tuple(regimen([DoseEntry.model_validate(entry)], 70.0, {"ketamine": model["ketamine.molar_mass"]}, "test"))


def simulated(
    model: ModelDefinition,
    schedule: Schedule,
    samples: Sequence[float] = SAMPLES,
    probes: Sequence[float] = (),
    doses: tuple[Dose, ...] | None = None,
    begin: float = BEGIN,
) -> Found:
    """One trial."""
    record = MemoryRecorder()
    given = infusion(model) if doses is None else doses
    end = max((*samples, *probes))
    spiking = engine.simulate(
        model, engine.Protocol(begin, end, 70.0, given), Recording(tuple(samples), tuple(probes), QUANTITIES, (SCALE,)),
        record, 1, Context(schedule=schedule),
    )  # fmt: skip
    return Found({name: np.concatenate(parts) for name, parts in record.means.items()}, record, spiking)


@contextmanager
def without_noise() -> Iterator[None]:
    """A smooth response in place of spikes, and SciPy's tolerance far below the errors of coupling."""
    with pytest.MonkeyPatch.context() as patch, with_settings(relative_tolerance=1e-7, absolute_tolerance=1e-9):
        patch.setattr(engine, "build_network", lambda model, seed, context: SmoothNetwork(model))
        yield


def smoothly(
    model: ModelDefinition,
    schedule: Schedule,
    samples: Sequence[float] = SAMPLES,
    probes: Sequence[float] = (),
    doses: tuple[Dose, ...] | None = None,
) -> Found:
    """One trial without noise."""
    with without_noise():
        return simulated(model, schedule, samples, probes, doses)


def every(leap: float) -> Schedule:
    """Leaps of one length but where an event is nearer; every one is accepted."""
    return Schedule(shortest_leap=leap, longest_leap=leap, tolerance=1e9)


@pytest.fixture(scope="module")
def smooth(model: ModelDefinition) -> ModelDefinition:
    """Ten cells: without noise all of a population are the same."""
    return model.with_value("column.n_cells", 10)


@pytest.fixture(scope="module")
def brute_force(smooth: ModelDefinition) -> Found:
    """Leaps of 30 s: the schedule has to make do with a twentieth of them."""
    return smoothly(smooth, every(30.0))


@pytest.fixture(scope="module")
def shipped(smooth: ModelDefinition) -> Found:
    """The schedule as shipped."""
    return smoothly(smooth, Schedule())


def worst(found: Found, reference: Found, name: str) -> float:
    """Largest distance at the samples."""
    return float(np.abs(found.means[name] - reference.means[name]).max())


def test_the_schedule_meets_its_tolerance(brute_force: Found, shipped: Found) -> None:
    """Every leap may err by the tolerance times a state's size; the sum of all stays below that of one.

    A leap is judged by what correction changed, and the corrected state that is kept is an order better.
    """
    for name in QUANTITIES:
        size = np.maximum(np.abs(brute_force.means[name]), 0.1)
        assert np.all(np.abs(shipped.means[name] - brute_force.means[name]) < Schedule().tolerance * size)
    assert brute_force.means[SCALE].max() > 1.2
    accepted = sum(row.accepted for row in shipped.record.bursts)
    assert accepted < len(brute_force.record.bursts) / 20


def test_a_lower_tolerance_gives_a_smaller_error(
    smooth: ModelDefinition, brute_force: Found, shipped: Found
) -> None:
    """The error of a leap grows with its square and of them all with its length: at least with sqrt(tolerance).

    So 64 times less tolerance leaves at most 1/8 of the error; where leaps fall is luck worth a factor of 2.
    """
    runs = (smoothly(smooth, Schedule(tolerance=0.4)), shipped, smoothly(smooth, Schedule(tolerance=0.4 / 64)))
    loose, middle, strict = (worst(found, brute_force, "bdnf_trkb.BDNF") for found in runs)
    assert loose > middle > strict
    assert strict < loose / 4


def test_short_leaps_converge_at_second_order(smooth: ModelDefinition, brute_force: Found) -> None:
    """Averages go straight from one burst to the next, as in the trapezoidal rule.

    Halving the leap leaves a quarter; leaps of 300 s still feel higher orders in the steep insertion, so
    1.5 is asked for. An average held over the leap (order 1) would show (300 - 30) / (75 - 30) = 4^1.3.
    """
    long, short = (worst(smoothly(smooth, every(leap)), brute_force, SCALE) for leap in (300.0, 75.0))
    assert np.log(long / short) / np.log(4) > 1.5


def test_no_leap_crosses_the_begin_or_end_of_a_dose(smooth: ModelDefinition) -> None:
    """Doses at odd times: every edge is the end of a leap, and none lies inside one."""
    entry = {"drug": "ketamine", "mg_per_kg": 0.5, "route": "intravenous", "duration": "23 minute"}
    doses = regimen(
        [DoseEntry.model_validate({**entry, "at": at}) for at in ("0 hour", "137 minute")],
        70.0, {"ketamine": smooth["ketamine.molar_mass"]}, "test",
    )  # fmt: skip
    probes = (1234.5, 3.7 * HOUR)
    record = smoothly(smooth, Schedule(), (4 * HOUR,), probes, tuple(doses)).record
    rows = [row for row in record.bursts if row.accepted and row.leap > 0]
    stops = [0.0, 23 * 60.0, 137 * 60.0, 160 * 60.0, *probes, 4 * HOUR]
    for stop in stops:
        assert min(abs(row.time - stop) for row in rows) < 1e-6
        assert not any(row.time - row.leap < stop - 1e-6 and row.time > stop + 1e-6 for row in rows)
    assert [probe.time for probe in record.probes] == pytest.approx(probes, abs=1e-6)


def test_leaps_cover_the_time_without_gap_or_overlap(shipped: Found) -> None:
    """Accepted leaps follow each other from the beginning to the end."""
    rows = [row for row in shipped.record.bursts if row.accepted and row.leap > 0]
    ends = np.array([row.time for row in rows])
    starts = ends - [row.leap for row in rows]
    np.testing.assert_allclose(starts, [BEGIN, *ends[:-1]], atol=1e-6)
    assert ends[-1] == pytest.approx(END)
    assert all(row.error <= 1 or row.leap <= Schedule().shortest_leap * 1.01 for row in rows)


def test_every_spiking_second_is_counted(shipped: Found) -> None:
    """Bursts, burn-ins and the baseline with its settling add up, rejected leaps included."""
    schedule = Schedule()
    rows = shipped.record.bursts
    bursts = (len(rows) - 1) * (schedule.burst + schedule.burn_in)
    assert shipped.spiking_seconds == pytest.approx(schedule.settle + schedule.baseline + bursts)


def test_samples_do_not_act(smooth: ModelDefinition, shipped: Found) -> None:
    """They are read off the path of a leap: with others in between, the same ones are the same to rounding."""
    more = smoothly(smooth, Schedule(), tuple(sorted({*SAMPLES, *np.linspace(0, END, 50)})))
    times = np.concatenate(more.record.times)
    shared = [int(np.argmin(np.abs(times - sample))) for sample in SAMPLES]
    for name in QUANTITIES:
        np.testing.assert_allclose(more.means[name][shared], shipped.means[name], rtol=1e-9, atol=1e-12)


def test_probes_move_the_result_by_less_than_the_tolerance(smooth: ModelDefinition, shipped: Found) -> None:
    """A probe ends a leap early, so leaps fall elsewhere; that is all it does."""
    probed = smoothly(smooth, Schedule(), SAMPLES, (BEGIN, 900.0, 2 * HOUR, 2.5 * HOUR))
    assert worst(probed, shipped, SCALE) < Schedule().tolerance / 10
    assert len(probed.record.probes) == 4


def test_without_a_dose_nothing_moves(smooth: ModelDefinition) -> None:
    """From rest the slow states stay there for a month within SciPy's 1e-9; leaps grow to the longest allowed."""
    found = smoothly(smooth, Schedule(), (1 * HOUR, 24 * HOUR, 720 * HOUR), doses=())
    for name, at_rest in ((SCALE, 1.0), ("bdnf_trkb.BDNF", 1.0), ("mecp2_loop.p_MeCP2", 0.0)):
        np.testing.assert_allclose(found.means[name], at_rest, rtol=0, atol=1e-9)
    assert max(row.leap for row in found.record.bursts) == pytest.approx(Schedule().longest_leap)


def traveller(model: ModelDefinition, doses: tuple[Dose, ...], to: float) -> CoSimulation:
    """A trial that short leaps have brought to a time, on the branch where nothing is recorded."""
    curves = engine.drug_curves(model, engine.Protocol(BEGIN, to, 70.0, doses))
    network = SmoothNetwork(model)
    baseline = network.burst(0.0, 1.0, keep_field=False)

    def drugs(time: float) -> dict[str, float]:
        return {f"ketamine.{key}": value for key, value in curves["ketamine"](time).items()}

    scale = slow.slow_scale(model, drugs, baseline, BEGIN)
    nothing = Recording((), (), (), ())
    cosimulation = CoSimulation(
        BEGIN, scale.rest(), BurstSummary(BEGIN, scale.averages(baseline), 1.0), network, scale, every(30.0), nothing,
        MemoryRecorder(),
    )
    return advance(cosimulation, to, [0.0, INFUSION], lambda time: None)


@pytest.mark.parametrize("begin", [0.0, INFUSION, 1.5 * HOUR, 3 * HOUR])
def test_the_error_of_a_leap_is_not_underestimated(smooth: ModelDefinition, begin: float) -> None:
    """One leap from an exact state: what correction changed is more than what is still wrong.

    The first is of second order in the leap and the second of third, so this holds for leaps short enough.
    """
    with without_noise():
        cosimulation = traveller(smooth, infusion(smooth), begin)
        for leap in (1200.0, 600.0, 300.0):
            once, many = (
                replace(cosimulation, schedule=every(step), recorder=MemoryRecorder(), network=SmoothNetwork(smooth))
                for step in (leap, 15.0)
            )
            advance(once, begin + leap, [], lambda time: None)
            advance(many, begin + leap, [], lambda time: None)
            estimated = once.recorder.bursts[0].error * once.schedule.tolerance
            wrong = leap_error(once.states, many.states, 1.0)
            assert wrong < estimated


def test_the_loop_of_a_week_is_followed_in_leaps_of_a_day(smooth: ModelDefinition) -> None:
    """Where the slow loop alone moves, leaps grow to hours and a day and still meet the tolerance."""
    days = tuple(hour * HOUR for hour in (3.0, 24.0, 72.0, 168.0))
    found, reference = (smoothly(smooth, one, days) for one in (Schedule(), every(2 * HOUR)))
    effect = reference.means[SCALE].max() - 1
    assert worst(found, reference, SCALE) < Schedule().tolerance * effect
    size = reference.means["mecp2_loop.p_MeCP2"].max()
    assert worst(found, reference, "mecp2_loop.p_MeCP2") < Schedule().tolerance * size
    assert reference.means["mecp2_loop.p_MeCP2"][-1] > 0.1
    assert max(row.leap for row in found.record.bursts) > 12 * HOUR


@pytest.mark.slow
def test_spiking_cells_and_brute_force_agree(model: ModelDefinition) -> None:
    """A column of 100 cells, slow times 600 times shorter: bursts without a gap against the schedule.

    The schedule may err by its tolerance of the largest effect. Sampling noise of one burst is 2 % of a
    rate and enters through states that average over tens of bursts: an order below.
    """
    factor = 600.0
    quick = compressed(model.with_value("column.n_cells", 100), factor)
    doses = compressed_doses(infusion(model), factor)
    samples = tuple(hour * HOUR / factor for hour in (0.5, 1.0, 1.5, 2.0, 3.0))
    gapless = replace(every(0.2), burst=0.2, burn_in=0.0)
    shipped = Schedule()
    scheduled = replace(
        shipped, shortest_leap=shipped.shortest_leap / factor, longest_leap=shipped.longest_leap / factor
    )
    reference, found = (
        simulated(quick, one, samples, doses=doses, begin=BEGIN / factor) for one in (gapless, scheduled)
    )
    effect = reference.means[SCALE].max() - 1
    assert effect > 0.2
    assert worst(found, reference, SCALE) < shipped.tolerance * effect
    assert len(found.record.bursts) < len(reference.record.bursts) / 3
