"""Cross-spectral density of the signals that sensors record of a neural mass driven by noise around its fixed point."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.dcm.mass import EXCITATORY, INHIBITORY, POPULATIONS, STATES, Circuit, jacobians, strength_name

DRIVES = ("ampa", "nmda", "gaba", "tau_ampa", "tau_nmda", "tau_gaba")


def circuit_of(
    values: Mapping[str, float], connected: np.ndarray, scales: Mapping[str, float] | None = None
) -> Circuit:
    """Build the mass of some sources.

    values: parameters of the form `neural_mass`, SI units
    connected: +1 where a source (row) receives from another (column) forward, -1 backward, 0 neither;
        shape (sources, sources)
    scales: logarithms of factors: 'ampa', 'nmda', 'gaba' on all input of such receptors from within the source and
        from the background, 'tau_ampa', ... on decays, 'forward_ampa', 'forward_nmda', 'backward_ampa',
        'backward_nmda' on connections between sources, 'background' on the background alone; 0 where left out
    """
    factor = {name: float(np.exp(one)) for name, one in (scales or {}).items()}
    own = {"ampa": _within(values, "E", EXCITATORY), "gaba": _within(values, "I", INHIBITORY)}
    ampa, nmda = (
        _between(own["ampa"] * factor.get(kind, 1.0), values, connected, kind, factor) for kind in ("ampa", "nmda")
    )
    gaba = _between(own["gaba"] * factor.get("gaba", 1.0), values, np.zeros_like(connected), "gaba", factor)
    names = (("tau_A", "tau_ampa"), ("tau_N", "tau_nmda"), ("tau_G", "tau_gaba"))
    tau = np.array([values[name] * factor.get(scale, 1.0) for name, scale in names])
    common = values["background"] * factor.get("background", 1.0)
    background = common * np.array([factor.get("ampa", 1.0), factor.get("nmda", 1.0)])
    return Circuit(dict(values), ampa, nmda, gaba, background, tau)


def _within(values: Mapping[str, float], kind: str, pairs: tuple[tuple[str, str], ...]) -> np.ndarray:
    found = np.zeros((len(POPULATIONS), len(POPULATIONS)))
    for to, source in pairs:
        found[POPULATIONS.index(to), POPULATIONS.index(source)] = values[strength_name(kind, to, source)]
    return found


def _between(
    within: np.ndarray, values: Mapping[str, float], connected: np.ndarray, kind: str, factor: Mapping[str, float]
) -> np.ndarray:
    sources, size = len(connected), len(POPULATIONS)
    ss, sp, ii, dp = range(size)
    found = np.zeros((sources, size, sources, size))
    for one in range(sources):
        found[one, :, one, :] = within
    for to, source in zip(*np.nonzero(connected > 0), strict=True):
        found[to, ss, source, sp] = values["forward"] * factor.get(f"forward_{kind}", 1.0)
    for to, source in zip(*np.nonzero(connected < 0), strict=True):
        strength = factor.get(f"backward_{kind}", 1.0)
        found[to, sp, source, dp] = values["backward"] * strength
        found[to, ii, source, dp] = values["backward_ii"] * strength
    return found


def transfer(circuit: Circuit, rest: np.ndarray, frequency_hz: np.ndarray) -> np.ndarray:
    """Compute the signal of each source per unit of noise into the stellate cells of each, with exact delays.

    rest: a fixed point, shape (sources, populations, states)
    returns: V per leak conductance, shape (frequencies, sources, sources)
    """
    v, sources = circuit.values, circuit.sources
    parts = jacobians(circuit, rest)
    size = parts.shape[1]
    shape = rest.shape
    into = np.zeros((*shape, sources))
    seen = np.zeros((sources, *shape))
    for one in range(sources):
        # Noise arrives at both kinds of glutamate receptors, as spikes from elsewhere do.
        into[one, POPULATIONS.index("ss"), STATES.index("g_A"), one] = 1 / circuit.tau[0]
        into[one, POPULATIONS.index("ss"), STATES.index("g_N"), one] = 1 / circuit.tau[1]
        seen[one, one, POPULATIONS.index("sp"), 0] = v["seen_sp"]
        seen[one, one, POPULATIONS.index("dp"), 0] = v["seen_dp"]
    omega = 2j * np.pi * np.asarray(frequency_hz)[:, None, None]
    late = parts[0] + parts[1] * np.exp(-omega * v["delay_within"]) + parts[2] * np.exp(-omega * v["delay_between"])
    response = np.linalg.solve(omega * np.eye(size) - late, into.reshape(size, sources)[None])
    return np.asarray(seen.reshape(sources, size) @ response)


def cross_spectrum(
    circuit: Circuit, rest: np.ndarray, frequency_hz: np.ndarray, noise: float, exponent: float, sensor: float
) -> np.ndarray:
    """Compute the cross-spectral density of the sources' signals.

    noise: density at 1 Hz of the noise into each source, which falls as frequency to the -exponent
    sensor: density of white noise that sensors add
    returns: V^2/Hz, Hermitian, shape (frequencies, sources, sources)
    """
    response = transfer(circuit, rest, frequency_hz)
    density = noise * np.asarray(frequency_hz, dtype=float) ** -exponent
    found = density[:, None, None] * response @ response.conj().swapaxes(1, 2)
    return np.asarray(found + sensor * np.eye(circuit.sources))
