"""Physiology of a column at rest, after a volley of input, and under rising concentrations of a drug."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msim.backends.context import Context, build_network
from msim.backends.fast_network import Burst, FastNetwork
from msim.base.errors import InputError, nearest
from msim.definitions.models.fast_inputs import handed_inputs
from msim.definitions.models.model import ModelDefinition
from msim.measures.aperiodic import aperiodic_exponent, require_specparam
from msim.measures.spectra import band_power, peak_frequency, power_spectrum
from msim.measures.spikes import coefficient_of_variation, intervals
from msim.multiscale.slow.scale import SlowScale, slow_scale
from msim.trials.volley import Volley, during_volley, read_volley

SEGMENT = 1.0  # s; resolves 1 Hz
GAMMA, APERIODIC = (30.0, 90.0), (1.0, 50.0)  # Hz
SETTLE, BURN_IN = 1.5, 1.0  # s
FEWEST_SPIKES = 5
STEADY = 7200.0  # s in the bath: several times what the slowest pool needs
VOLLEYS, AFTER, BIN = 60, 0.06, 1e-3  # number, s followed, s
BLOCK = "block"  # the input of a receptor that drugs in its pore act on


@dataclass(frozen=True)
class Activity:
    """Activity of a column in one condition.

    rates, irregularity: Hz and coefficient of variation, by population
    spectrum: power density of the field of the first population, A^2/Hz, at `frequency` Hz
    current: mean absolute synaptic current of a cell of that population, A
    """

    rates: Mapping[str, float]
    irregularity: Mapping[str, float]
    frequency: np.ndarray
    spectrum: np.ndarray
    current: float

    @property
    def gamma(self) -> float:
        """Return the power of the field in the gamma band, A^2."""
        return float(band_power(self.frequency, self.spectrum, *GAMMA))

    @property
    def gamma_peak(self) -> float:
        """Return the gamma frequency at which power most exceeds its decline with frequency, Hz; NaN at an edge."""
        level = self.spectrum * np.maximum(self.frequency, self.frequency[1]) ** self.exponent
        return float(peak_frequency(self.frequency, level, *GAMMA))

    @property
    def exponent(self) -> float:
        """Return how steeply the spectrum falls in the band APERIODIC, beneath its peaks."""
        return aperiodic_exponent(self.frequency, self.spectrum, *APERIODIC)


@dataclass(frozen=True)
class Physiology:
    """Measurements of a column at rest, after a volley, and in baths of a drug.

    output: the population whose cells excite the others, or ''; intervals: s, by population
    sent: the volley; volley: population to its rate (Hz) in bins of 1 ms from the onset on
    baths: concentration in uM to the activity of the column in it
    open_duty: agonist-activated share of a pool at rest, by address
    """

    populations: tuple[str, ...]
    output: str
    wanted: Mapping[str, float]
    rest: Activity
    intervals: Mapping[str, np.ndarray]
    sent: Volley
    volley: Mapping[str, np.ndarray]
    drug: str
    baths: Mapping[float, Activity]
    open_duty: Mapping[str, float]

    @property
    def latencies(self) -> dict[str, float]:
        """Return the time (s) by which half of a population's extra spikes after a volley came; NaN without any."""
        return {name: half_of_extra(rate, self.rest.rates[name]) for name, rate in self.volley.items()}


def physiology(
    model: ModelDefinition, seconds: float, concentrations: Sequence[float], drug: str, seed: int,
    progress: Callable[[str], None] = lambda text: None,
) -> Physiology:  # fmt: skip
    """Measure a column on target cpp.

    seconds: of activity in each condition; concentrations: uM
    raises: InputError for a model without populations or without that drug, and on a machine without specparam
    """
    require_specparam()
    if not model.populations:
        raise InputError(f"{model.name}: wants a model with populations, got one without any")
    drugs = {one.name: one for one in model.on_scale("drug")}
    if drug not in drugs:
        raise InputError(f"--drug: the model has no drug '{drug}'{nearest(drug, drugs)}")
    network = build_network(model, seed, Context())
    progress("at rest")
    resting = network.burst(SETTLE, seconds, keep_field=True)
    rest, names = activity(model, resting), tuple(model.populations)
    found = {name: intervals(*resting.spikes[name]) for name in names}
    progress("after volleys")
    sent = read_volley()
    volley = _volleys(model, network, sent)
    baths = {}
    for concentration in concentrations:
        progress(f"in {concentration:g} uM")
        _set_blocks(model, network, resting, drug, concentration)
        baths[concentration] = activity(model, network.burst(BURN_IN, seconds, keep_field=True))
    wanted = {name: model[f"{name}.resting_rate"] for name in names}
    output = model.roles.population
    return Physiology(names, output, wanted, rest, found, sent, volley, drug, baths, _open_duty(model, resting))


def activity(model: ModelDefinition, burst: Burst) -> Activity:
    """Compute the activity of a column from a burst with its field."""
    first = next(iter(model.populations))
    frequency, density = power_spectrum(burst.field[first], burst.field_rate, SEGMENT)
    rates = {name: burst.mean(f"{name}.firing_rate") for name in model.populations}
    irregularity = {}
    for name in model.populations:
        values = coefficient_of_variation(*burst.spikes[name], model.cells(name), FEWEST_SPIKES)
        known = values[np.isfinite(values)]
        irregularity[name] = float(known.mean()) if known.size else float("nan")
    return Activity(rates, irregularity, frequency, density, burst.mean(f"{first}.synaptic_current"))


def _set_blocks(
    model: ModelDefinition, network: FastNetwork, resting: Burst, drug: str, micromolar: float
) -> None:
    """Block every pool as a long bath does at the averages of rest; gains stay, as in the first minutes."""
    levels = {f"{one.name}.{port.name}": 0.0 for one in model.on_scale("drug") for port in one.mechanism.outputs}
    scale = slow_scale(model, lambda time: levels, resting, 0.0)
    bath = {**levels, f"{drug}.C_e": micromolar * 1e-3}
    blocked: SlowScale = replace(scale, drugs=lambda time: bath)
    averages = scale.averages(resting)
    states, _ = blocked.advanced(scale.rest(), 0.0, STEADY, averages, averages)
    outputs = blocked.outputs(states, STEADY, averages)
    for (population, receptor, name), values in handed_inputs(model, outputs).items():
        if name == BLOCK:
            network.set_input(population, receptor, name, np.broadcast_to(values, model.cells(population)))


def _volleys(model: ModelDefinition, network: FastNetwork, sent: Volley) -> dict[str, np.ndarray]:
    """Return rates after short volleys of long-range input to all populations, averaged."""
    louder = during_volley(model, sent.factor)
    bins = np.arange(0, sent.duration + AFTER + BIN / 2, BIN)
    counts = {name: np.zeros(bins.size - 1) for name in model.populations}
    for _ in range(VOLLEYS):
        network.update_parameters(louder)
        during = network.burst(0.0, sent.duration, keep_field=False)
        network.update_parameters(model)
        after = network.burst(0.0, AFTER, keep_field=False)
        for name, total in counts.items():
            times = np.concatenate([during.spikes[name][0], sent.duration + after.spikes[name][0]])
            total += np.histogram(times, bins)[0]
    return {name: total / (VOLLEYS * BIN * model.cells(name)) for name, total in counts.items()}


def half_of_extra(rate: np.ndarray, resting: float) -> float:
    """Return the time (s) of half the spikes above a resting rate, up to their largest total; NaN without any.

    rate: Hz in bins of 1 ms
    """
    extra = np.cumsum(rate - resting)
    last = int(np.argmax(extra))
    if extra[last] <= 0:
        return float("nan")
    return float(np.interp(extra[last] / 2, np.concatenate([[0.0], np.maximum.accumulate(extra[: last + 1])]),
                           BIN * np.arange(last + 2)))  # fmt: skip


def _open_duty(model: ModelDefinition, resting: Burst) -> dict[str, float]:
    """Return the activated shares: of pools that spikes feed from the burst, of the resting pool from its mechanism."""
    found = {name: resting.mean(name) for name in resting.halves if name.endswith(".activated_fraction")}
    fed = {link.origin[0] for link in model.links.values() if link.to.endswith(".rho") and len(link.origin) == 1}
    levels = {f"{one.name}.{port.name}": 0.0 for one in model.on_scale("drug") for port in one.mechanism.outputs}
    scale = slow_scale(model, lambda time: levels, resting, 0.0)
    outputs = scale.outputs(scale.rest(), 0.0, scale.averages(resting))
    slow = {name: float(np.mean(outputs[name])) for name in sorted(fed) if name in outputs}
    return {name: value for name, value in found.items() if name in fed} | slow
