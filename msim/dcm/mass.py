"""A conductance-based neural mass of one cortical source: four populations with AMPA, NMDA and GABA-A conductances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import mmolar, second, volt

POPULATIONS = ("ss", "sp", "ii", "dp")
STATES = ("V", "g_A", "g_N", "g_G")
# (to, from): which populations excite and inhibit each other; the diagonal stands for inhibition of a population by
# interneurons of its own layer that the mass does not tell apart.
EXCITATORY = (("sp", "ss"), ("ii", "ss"), ("ii", "dp"), ("dp", "sp"))
INHIBITORY = (("ss", "ss"), ("ss", "ii"), ("sp", "sp"), ("sp", "ii"), ("ii", "ii"), ("dp", "ii"), ("dp", "dp"))


def strength_name(kind: str, to: str, source: str) -> str:
    """Return the name of the parameter that holds the strength of a connection.

    kind: 'E' or 'I'
    """
    return f"gamma_{kind}_{to}_{source}"


def _strengths(kind: str, pairs: tuple[tuple[str, str], ...], meaning: str) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(strength_name(kind, to, source), 1, f"{meaning} of {to} by {source}, in leak conductances", low=0)
        for to, source in pairs
    )


NEURAL_MASS = Mechanism(
    name="neural_mass",
    meaning="stellate (ss), superficial pyramidal (sp), inhibitory (ii) and deep pyramidal (dp) cells of one source",
    scale="readout",
    # One population, here sp; conductances are in units of the leak. Firing is the share of a population above
    # threshold, Phi((V - V_R) / sigma_V), as its potentials scatter normally around V. Slopes and not rates of states:
    # where four populations rest together has no closed form, so it is searched for.
    equations="""
    B_Mg = 1 / (1 + Mg_o / K_Mg * exp(-V / v_Mg)) : 1
    slope_V = (V_L - V + g_A * (V_E - V) + g_N * B_Mg * (V_N - V) + g_G * (V_I - V)) / tau_m_sp : volt/second
    slope_A = (excitation - g_A) / tau_A : 1/second
    slope_N = (excitation - g_N) / tau_N : 1/second
    slope_G = (inhibition - g_G) / tau_G : 1/second
    """,
    inputs=(
        Port("V", volt, "mean potential of the population"),
        Port("g_A", 1, "AMPA conductance over the leak"),
        Port("g_N", 1, "NMDA conductance over the leak, before magnesium"),
        Port("g_G", 1, "GABA-A conductance over the leak"),
        Port("excitation", 1, "firing of excitatory afferents times their strength"),
        Port("inhibition", 1, "firing of inhibitory afferents times their strength"),
    ),
    parameters=(
        Parameter("V_L", volt, "reversal potential of the leak"),
        Parameter("V_E", volt, "reversal potential of AMPA"),
        Parameter("V_N", volt, "reversal potential of NMDA"),
        Parameter("V_I", volt, "reversal potential of GABA-A"),
        Parameter("V_R", volt, "potential at which half of a population fires"),
        Parameter("sigma_V", volt, "scatter of potentials within a population", low=0, low_is_allowed=False),
        *(
            Parameter(f"tau_m_{one}", second, f"membrane time constant of {one} without conductances", low=0,
                      low_is_allowed=False)
            for one in POPULATIONS
        ),
        Parameter("tau_A", second, "decay of AMPA", low=0, low_is_allowed=False),
        Parameter("tau_N", second, "decay of NMDA", low=0, low_is_allowed=False),
        Parameter("tau_G", second, "decay of GABA-A", low=0, low_is_allowed=False),
        Parameter("Mg_o", mmolar, "external magnesium", low=0),
        Parameter("K_Mg", mmolar, "magnesium that halves the conductance at 0 mV", low=0, low_is_allowed=False),
        Parameter("v_Mg", volt, "depolarisation that relieves magnesium e-fold", low=0, low_is_allowed=False),
        Parameter("background", 1, "excitation of every population from elsewhere, in leak conductances", low=0),
        Parameter("doubling", 1, "weight of all excitation", low=0, low_is_allowed=False),
        *_strengths("E", EXCITATORY, "excitation"),
        *_strengths("I", INHIBITORY, "inhibition"),
        Parameter("forward", 1, "strength of a connection from sp of one source to ss of another", low=0),
        Parameter("backward", 1, "strength of a connection from dp of one source to sp of another", low=0),
        Parameter("backward_ii", 1, "strength of a connection from dp of one source to ii of another", low=0),
        Parameter("delay_within", second, "delay between populations of a source", low=0),
        Parameter("delay_between", second, "delay between sources", low=0),
        Parameter("seen_sp", 1, "weight of sp's depolarisation in the signal", low=0),
        Parameter("seen_dp", 1, "weight of dp's depolarisation in the signal", low=0),
        Parameter("exponent", 1, "how fast the noise that drives the mass falls with frequency"),
        Parameter("prior_strength", 1, "prior scatter of log strengths", low=0, low_is_allowed=False),
        Parameter("prior_decay", 1, "prior scatter of log decays", low=0, low_is_allowed=False),
        Parameter("prior_background", 1, "prior scatter of log background", low=0, low_is_allowed=False),
    ),
    outputs=(Port("slope_V", volt / second, "change of the population's mean potential"),),
    reference="moran2013",
)


@dataclass(frozen=True)
class Circuit:
    """A mass with its numbers as arrays, for some sources.

    values: parameters of NEURAL_MASS in SI units
    ampa, nmda, gaba: strengths from population to population, shape (sources, to, sources, from)
    background: excitation of AMPA and of NMDA receptors from elsewhere, in leak conductances; shape (2,)
    tau: decay of AMPA, NMDA and GABA-A, s; shape (3,)
    """

    values: dict[str, float]
    ampa: np.ndarray
    nmda: np.ndarray
    gaba: np.ndarray
    background: np.ndarray
    tau: np.ndarray

    @property
    def sources(self) -> int:
        """Return the number of sources."""
        return self.ampa.shape[0]

    @property
    def tau_m(self) -> np.ndarray:
        """Return the membrane time constants, s; shape (populations,)."""
        return np.array([self.values[f"tau_m_{one}"] for one in POPULATIONS])


def firing(circuit: Circuit, V: np.ndarray) -> np.ndarray:
    """Return the share of each population above threshold; same shape as V."""
    from scipy.special import ndtr

    return np.asarray(ndtr((V - circuit.values["V_R"]) / circuit.values["sigma_V"]))


def firing_slope(circuit: Circuit, V: np.ndarray) -> np.ndarray:
    """Return the derivative of firing by potential, 1/V; same shape as V."""
    at = (V - circuit.values["V_R"]) / circuit.values["sigma_V"]
    return np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi) / circuit.values["sigma_V"]


def unblocked(circuit: Circuit, V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the NMDA conductance that magnesium leaves, and its derivative by potential, 1/V."""
    v = circuit.values
    share = 1 / (1 + v["Mg_o"] / v["K_Mg"] * np.exp(-V / v["v_Mg"]))
    return share, share * (1 - share) / v["v_Mg"]


def flow(circuit: Circuit, x: np.ndarray) -> np.ndarray:
    """Return the rate of change of the states without delays, per s.

    x: potentials in V and conductances in leaks, shape (sources, populations, states)
    """
    v = circuit.values
    V, g_A, g_N, g_G = np.moveaxis(x, -1, 0)
    m = firing(circuit, V)
    share, _ = unblocked(circuit, V)
    current = v["V_L"] - V + g_A * (v["V_E"] - V) + g_N * share * (v["V_N"] - V) + g_G * (v["V_I"] - V)
    drives = [
        v["doubling"] * (np.tensordot(circuit.ampa, m, 2) + circuit.background[0]),
        v["doubling"] * (np.tensordot(circuit.nmda, m, 2) + circuit.background[1]),
        np.tensordot(circuit.gaba, m, 2),
    ]
    slopes = [(drive - g) / tau for drive, g, tau in zip(drives, (g_A, g_N, g_G), circuit.tau, strict=True)]
    return np.stack([current / circuit.tau_m, *slopes], axis=-1)


def jacobians(circuit: Circuit, x: np.ndarray) -> np.ndarray:
    """Return derivatives of the flow by their delay: none, `delay_within`, and `delay_between`.

    returns: shape (3, n, n) with n = sources x populations x states, in the order of x
    """
    v = circuit.values
    S, P, K = x.shape
    V, g_A, g_N, g_G = np.moveaxis(x, -1, 0)
    share, bend = unblocked(circuit, V)
    found = np.zeros((3, S, P, K, S, P, K))
    s, p = np.indices((S, P))
    leak = -1 - g_A - g_N * share - g_G + g_N * bend * (v["V_N"] - V)
    own = np.stack([leak, v["V_E"] - V, share * (v["V_N"] - V), v["V_I"] - V], axis=-1) / circuit.tau_m[:, None]
    for state in range(K):
        found[0, s, p, 0, s, p, state] = own[..., state]
        if state:
            found[0, s, p, state, s, p, state] = -1 / circuit.tau[state - 1]
    slope = firing_slope(circuit, V)
    strengths = (v["doubling"] * circuit.ampa, v["doubling"] * circuit.nmda, circuit.gaba)
    same_source = np.eye(S, dtype=bool)[:, None, :, None]
    same = same_source & np.eye(P, dtype=bool)[None, :, None, :]
    for state, strength in enumerate(strengths, start=1):
        effect = strength * slope / circuit.tau[state - 1]
        for late, where in enumerate((same, same_source & ~same, np.broadcast_to(~same_source, same.shape))):
            found[late, :, :, state, :, :, 0] += np.where(where, effect, 0.0)
    return found.reshape(3, S * P * K, S * P * K)
