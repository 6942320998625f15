"""Readouts of a trial: BOLD of accepted bursts, and the field's power where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from msim.base.errors import DefinitionError, InputError
from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.readout import COURSE, SEGMENT, SPECTRUM, Readout
from msim.base.units import amp, hertz
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.experiments.recordings import check_probe, read_recording
from msim.definitions.files.schema import RecordEntry
from msim.definitions.models import mechanism_registry
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.readouts import readouts_of
from msim.emulator.library import validate_emulated
from msim.measures.bold import BalloonWindkessel, steady_state
from msim.recording.recorder import BurstRow, MemoryRecorder, ProbeRow
from msim.trials.readouts import course_readouts, origin_population, spectra, spectrum_readouts

BOLD = "bold.percent_signal_change"
RATE = 1e3
AMPLITUDE = 3e-12
RESTING = 2e-10


@pytest.fixture(scope="module")
def experiment() -> ExperimentDefinition:
    """The shipped experiment, with BOLD sampled every 100 s and power and peak of gamma probed."""
    shipped = read_experiment("ketamine_rapid_and_sustained")
    recording = replace(
        shipped.recording, samples=tuple(np.arange(0.0, 1001.0, 100.0)), probed=("gamma.power", "gamma.peak_frequency")
    )
    return replace(shipped, recording=recording)


def row(time: float, current: float, accepted: bool = True) -> BurstRow:
    """A burst with that synaptic current in every population but the interneurons, which do the opposite."""
    currents = {"pyramidal": current, "pv": 2 * RESTING - current, "sst": 2 * RESTING - current}
    return BurstRow(time, 1.0, 0.5, accepted, 0.1, 0.6, dict.fromkeys(currents, 1.0), currents)


def recorded(activity: Callable[[float], float], step: float = 10.0) -> MemoryRecorder:
    """Bursts over 1,000 s, with activity relative to rest."""
    times = np.arange(0.0, 1000.0 + step / 2, step)
    return MemoryRecorder(bursts=[row(time, RESTING * activity(time)) for time in times])


def bold(experiment: ExperimentDefinition, record: MemoryRecorder) -> np.ndarray:
    """BOLD at the samples."""
    return course_readouts(experiment, experiment.model, record)[BOLD]


def test_activity_at_rest_gives_no_signal(experiment: ExperimentDefinition) -> None:
    """Exactly, however large the resting current is."""
    assert np.all(bold(experiment, recorded(lambda time: 1.0)) == 0)


def test_the_signal_does_not_depend_on_the_unit_of_current(experiment: ExperimentDefinition) -> None:
    """Activity is relative to the first burst: a thousand times the current gives the same signal."""
    record = recorded(lambda time: 1 + 0.1 * np.sin(time / 100))
    thousand = MemoryRecorder(bursts=[row(one.time, 1e3 * one.synaptic_currents["pyramidal"]) for one in record.bursts])
    np.testing.assert_allclose(bold(experiment, thousand), bold(experiment, record), rtol=1e-6, atol=1e-9)


def test_a_lasting_change_settles_at_the_steady_signal(experiment: ExperimentDefinition) -> None:
    """800 s after a rise of 10 %, hundreds of its time constants: the closed form, to the solver's 1e-7 a step."""
    found = bold(experiment, recorded(lambda time: 1.0 if time < 100 else 1.1))
    parameters = BalloonWindkessel(**experiment.model.parameters("bold"))
    assert found[-1] == pytest.approx(float(steady_state(np.array(0.1), parameters)), rel=1e-5)
    assert found[0] == 0 < found[-1]


def test_rejected_bursts_are_not_seen(experiment: ExperimentDefinition) -> None:
    """A leap that did not stand leaves no trace in the signal, wherever its burst was."""
    record = recorded(lambda time: 1 + 1e-4 * time)
    expected = bold(experiment, record)
    for time in (5.0, 505.0, 1000.0):
        record.bursts.insert(int(time / 10) + 1, row(time, 7 * RESTING, accepted=False))
    np.testing.assert_array_equal(bold(experiment, record), expected)


def test_only_the_linked_population_is_seen(experiment: ExperimentDefinition) -> None:
    """The link names pyramidal cells; interneurons, whose current goes the other way, do not enter."""
    assert origin_population(experiment.model, "bold") == origin_population(experiment.model, "gamma") == "pyramidal"
    assert bold(experiment, recorded(lambda time: 1 + 1e-4 * time))[-1] > 0


def test_activity_that_stops_the_flow_has_no_signal(experiment: ExperimentDefinition) -> None:
    """A silenced column: not a number at every sample rather than an error that ends the trial."""
    assert np.all(np.isnan(bold(experiment, recorded(lambda time: 1.0 if time < 100 else 0.0))))


def test_one_burst_is_no_course(experiment: ExperimentDefinition) -> None:
    """Nor is a signal that nobody asked for computed."""
    record = recorded(lambda time: 1.0)
    assert course_readouts(experiment, experiment.model, MemoryRecorder(bursts=record.bursts[:1])) == {}
    without = replace(experiment, quantities={})
    assert course_readouts(without, experiment.model, record) == {}


def probed(*frequencies: float, amplitude: float = AMPLITUDE, seconds: float = 4.0) -> MemoryRecorder:
    """One probe for each frequency: the field of pyramidal cells is a sine on a large constant."""
    time = np.arange(round(seconds * RATE)) / RATE
    rows = [
        ProbeRow(
            float(index), seconds, {}, {},
            {"pyramidal": RESTING + amplitude * np.sin(2 * np.pi * one * time), "pv": np.zeros(time.size)}, RATE,
        )
        for index, one in enumerate(frequencies)
    ]  # fmt: skip
    return MemoryRecorder(probes=rows)


def test_a_sine_in_the_band_has_its_power_and_peak(experiment: ExperimentDefinition) -> None:
    """Half the amplitude squared, all of it within two bins (2 Hz each) of its frequency by the Hann window."""
    found = spectrum_readouts(experiment, experiment.model, probed(40.0, 60.0))
    np.testing.assert_allclose(found["gamma.power"], AMPLITUDE**2 / 2, rtol=1e-6)
    np.testing.assert_array_equal(found["gamma.peak_frequency"], [40.0, 60.0])


def test_power_grows_with_the_square_of_the_amplitude(experiment: ExperimentDefinition) -> None:
    """Tripled amplitude, nine times the power, the same peak; the constant does not count."""
    once, thrice = (
        spectrum_readouts(experiment, experiment.model, probed(50.0, amplitude=one))
        for one in (AMPLITUDE, 3 * AMPLITUDE)
    )
    np.testing.assert_allclose(thrice["gamma.power"], 9 * once["gamma.power"], rtol=1e-9)
    np.testing.assert_array_equal(thrice["gamma.peak_frequency"], once["gamma.peak_frequency"])


def test_a_sine_outside_the_band_has_no_power_in_it(experiment: ExperimentDefinition) -> None:
    """At 10 and 150 Hz, tens of bins from the edges, where the Hann window leaves under 1e-6."""
    found = spectrum_readouts(experiment, experiment.model, probed(10.0, 150.0))
    assert np.all(found["gamma.power"] < 1e-6 * AMPLITUDE**2 / 2)


def test_the_band_is_that_of_the_arm(experiment: ExperimentDefinition) -> None:
    """Moved by the model of the arm, it sees what it missed before."""
    moved = experiment.model.with_value("gamma.low", "5 Hz")
    found = spectrum_readouts(experiment, moved, probed(10.0))
    np.testing.assert_allclose(found["gamma.power"], AMPLITUDE**2 / 2, rtol=1e-6)


@pytest.mark.parametrize(("band", "frequency"), [
    ("delta", 2.0), ("theta", 6.0), ("alpha", 10.0), ("beta", 20.0), ("low_gamma", 40.0), ("high_gamma", 70.0),
])  # fmt: skip
def test_every_band_sees_a_sine_in_it_and_no_other_does(
    band: str, frequency: float, experiment: ExperimentDefinition
) -> None:
    """A narrow band resolves a peak as a wide one does.

    All of a sine's power lies within a frequency of its own, and over two away a Hann window leaves under 1e-4 of it.
    """
    names = ("delta", "theta", "alpha", "beta", "low_gamma", "high_gamma")
    probes = tuple(f"{name}.{what}" for name in names for what in ("power", "peak_frequency"))
    watched = replace(experiment, recording=replace(experiment.recording, probed=probes))
    found = spectrum_readouts(watched, experiment.model, probed(frequency, seconds=12.0))
    assert found[f"{band}.power"] == pytest.approx(AMPLITUDE**2 / 2, rel=1e-6)
    assert found[f"{band}.peak_frequency"] == pytest.approx(frequency)
    others = [found[f"{name}.power"][0] for name in names if name != band]
    assert max(others) < 1e-4 * AMPLITUDE**2


def test_parts_of_gamma_add_up_to_gamma(experiment: ExperimentDefinition) -> None:
    """Of any field, as they adjoin and share its outer edges."""
    field = np.random.default_rng(1).standard_normal(8000)
    record = MemoryRecorder(probes=[ProbeRow(0.0, 8.0, {}, {}, {"pyramidal": field}, RATE)])
    names = tuple(f"{one}.power" for one in ("low_gamma", "high_gamma", "gamma"))
    watched = replace(experiment, recording=replace(experiment.recording, probed=names))
    low, high, whole = (spectrum_readouts(watched, experiment.model, record)[one] for one in names)
    assert low + high == pytest.approx(whole, rel=1e-12)


def test_a_probe_holds_a_segment_of_every_recorded_band(experiment: ExperimentDefinition) -> None:
    """Delta wants 2 s, gamma half a second: what is not recorded asks for nothing."""
    model, recording = experiment.model, replace(experiment.recording, probes=(0.0,))
    check_probe(0.5, model, recording, "schedule")
    for seconds, name in ((1.9, "delta.power"), (0.4, "gamma.power")):
        with pytest.raises(DefinitionError, match=f"schedule.probe: wants at least .* '{name.split('.')[0]}'"):
            check_probe(seconds, model, replace(recording, probed=(name,)), "schedule")
    check_probe(2.0, model, replace(recording, probed=("delta.power",)), "schedule")


@pytest.mark.parametrize(("quantity", "said"), [
    ("pv.firing_rate_p50", "means over the cells of a population, such as 'pv.firing_rate', and no single cells"),
    ("pyramidal.rate_rank_correlation", "such as 'pyramidal.firing_rate'"),
    ("delta.power", "frequencies are 2 Hz apart: 'delta.power', which wants them 0.5 Hz apart"),
    ("gamma.power", ""), ("pv.firing_rate", ""), ("ampa_conductance.conductance", ""),
])  # fmt: skip
def test_an_emulator_refuses_what_it_does_not_know(quantity: str, said: str, model: ModelDefinition) -> None:
    """In one message that names what it knows."""
    entry = RecordEntry(quantity=quantity, at=["10 second"])
    recording, quantities = read_recording([entry], model, (0.0, 60.0), "here")
    asked = replace(read_experiment("ketamine_rapid_and_sustained"), recording=recording, quantities=quantities)
    if not said:
        validate_emulated(asked)
        return
    with pytest.raises(InputError, match=f"target 'emulator' knows .*{said}.* wants another target"):
        validate_emulated(asked)


def test_only_what_is_recorded_is_given(experiment: ExperimentDefinition) -> None:
    """Power alone where power alone is asked for; nothing without probes."""
    power = replace(experiment, recording=replace(experiment.recording, probed=("gamma.power",)))
    assert set(spectrum_readouts(power, experiment.model, probed(40.0))) == {"gamma.power"}
    assert spectrum_readouts(experiment, experiment.model, MemoryRecorder()) == {}
    nothing = replace(experiment, recording=replace(experiment.recording, probed=()))
    assert spectrum_readouts(nothing, experiment.model, probed(40.0)) == {}


def test_spectra_have_a_row_for_every_probe(experiment: ExperimentDefinition) -> None:
    """In their order, at frequencies that a segment resolves; the sum over all is the variance of the field."""
    frequency, density = spectra(probed(40.0, 80.0, 20.0), "pyramidal")
    assert frequency[1] == 1 / SEGMENT and frequency[-1] == RATE / 2
    assert frequency[density.argmax(axis=1)].tolist() == [40.0, 80.0, 20.0]
    np.testing.assert_allclose(density.sum(axis=1) * frequency[1], AMPLITUDE**2 / 2, rtol=1e-6)


def reading(experiment: ExperimentDefinition, kind: str) -> tuple[ModelDefinition, Readout]:
    """The model with a mechanism of a form of that kind, whose parameter is named as an edge of a band is."""
    form = Mechanism(
        "own", "a test", "readout", inputs=(Port("seen", amp, "a test"),),
        parameters=(Parameter("low", hertz, "a test"),), outputs=(Port("twice", amp, "a test"), Port("x", 1, "a test")),
    )  # fmt: skip
    model = experiment.model
    instances = {"own": replace(model.instances["bold"], name="own", mechanism=form)}
    links = {**model.links, "to_own": replace(model.links["activity_to_bold"], name="to_own", to="own.seen")}
    values = {**model.values, "own.low": replace(model.values["gamma.low"], path="own.low")}
    own = replace(model, instances={**model.instances, **instances}, links=links, values=values)
    return own, Readout(form, kind, ("twice",), lambda first, second, *rest: {"twice": 2 * second})


@pytest.mark.parametrize(("kind", "other"), [(COURSE, SPECTRUM), (SPECTRUM, COURSE)])
def test_a_readout_is_what_it_declares(
    kind: str, other: str, experiment: ExperimentDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its parameters and states are; and it is recorded where it is known."""
    model, readout = reading(experiment, kind)
    assert "own" not in {**readouts_of(model, COURSE), **readouts_of(model, SPECTRUM)}
    monkeypatch.setitem(mechanism_registry.READOUTS, "own", readout)
    assert readouts_of(model, kind)["own"] is readout and "own" not in readouts_of(model, other)
    entry = RecordEntry(quantity="own.twice", at=["10 second"])
    recording, _ = read_recording([entry], model, (0.0, 60.0), "here")
    assert (recording.samples, recording.probes) == (((10.0,), ()) if kind == COURSE else ((), (10.0,)))


def test_what_no_trial_computes_is_not_recorded(
    experiment: ExperimentDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, readout = reading(experiment, COURSE)
    entry = RecordEntry(quantity="own.x", at=["10 second"])
    with pytest.raises(DefinitionError, match="a trial computes nothing of 'own', got 'x'"):
        read_recording([entry], model, (0.0, 60.0), "here")
    monkeypatch.setitem(mechanism_registry.READOUTS, "own", readout)
    with pytest.raises(DefinitionError, match="a trial computes twice of 'own', got 'x'"):
        read_recording([entry], model, (0.0, 60.0), "here")


def test_a_course_is_computed_from_the_currents_of_its_population(
    experiment: ExperimentDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, readout = reading(experiment, COURSE)
    monkeypatch.setitem(mechanism_registry.READOUTS, "own", replace(
        readout, compute=lambda current, times, samples, values: {"twice": 2 * np.interp(samples, times, current)}
    ))  # fmt: skip
    own = replace(experiment, quantities={"own.twice": experiment.quantities[BOLD]})
    found = course_readouts(own, model, recorded(lambda time: 1 + 1e-3 * time))
    wanted = 2 * RESTING * (1 + 1e-3 * np.array(experiment.recording.samples))
    assert found.keys() == {"own.twice"}
    np.testing.assert_allclose(found["own.twice"], wanted, rtol=1e-12)
