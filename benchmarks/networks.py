"""The two reference networks as msim describes them, at any size.

(a) 10,000 current-based cells, 1,000 synapses a cell, exact propagators, delay 1.5 ms, about 10 Hz.
(b) 5,000 conductance-based cells, 400 synapses a cell, AMPA, NMDA with magnesium block and GABA, delays 1.0 to 2.0 ms,
    exponential Euler, about 5.9 and 9.2 Hz. The closer one to a cortical column.

At other sizes weights go as one over the number of synapses a cell, so that rates stay what they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from msim.network.spec import Cells, Drive, NetworkSpec, Projection

STEP = 1e-4
POPULATIONS = ("E", "I")

CURRENT_EQUATIONS = """
dv/dt = -v/tau_m + (ge + gi)/C_m : volt (unless refractory)
dge/dt = -ge/tau_s : amp
dgi/dt = -gi/tau_s : amp
"""
CONDUCTANCE_EQUATIONS = """
dv/dt = (g_L*(E_L - v) + ga*(E_ex - v) + B*s*(E_ex - v) + gg*(E_in - v))/C_m : volt (unless refractory)
B = 1/(1 + exp(-0.062*v/mV)/3.57) : 1 (constant over dt)
dga/dt = -ga/tau_A : siemens
dx/dt = -x/tau_rise : siemens
ds/dt = -s/tau_N + alpha*x : siemens
dgg/dt = -gg/tau_G : siemens
"""
CURRENT_CONSTANTS = {
    "tau_m": (20e-3, "second"), "tau_s": (2e-3, "second"), "C_m": (250e-12, "farad"),
    "V_th": (20e-3, "volt"), "V_r": (10e-3, "volt"), "t_ref": (2e-3, "second"),
}  # fmt: skip
CONDUCTANCE_CONSTANTS = {
    "E_L": (-70e-3, "volt"), "E_ex": (0.0, "volt"), "E_in": (-70e-3, "volt"), "tau_A": (2e-3, "second"),
    "tau_rise": (2e-3, "second"), "tau_N": (100e-3, "second"), "alpha": (500.0, "hertz"), "tau_G": (5e-3, "second"),
    "V_th": (-50e-3, "volt"), "V_r": (-60e-3, "volt"),
}  # fmt: skip
# Leak in S, capacitance in F, refractory time in s, weight of the drive in S.
CONDUCTANCE_KINDS = {"E": (25e-9, 500e-12, 2e-3, 2.1e-9), "I": (20e-9, 200e-12, 1e-3, 1.62e-9)}
# A in (a), S in (b), at the reference size.
WEIGHTS = {
    ("a", "E"): {"w": 20e-12}, ("a", "I"): {"w": -120e-12},
    ("b", "E"): {"wa": 0.2e-9, "wn": 0.03e-9}, ("b", "I"): {"wg": 3e-9},
}  # fmt: skip

# row(post) -> sources, delays in s, values of each variable: the synapses onto one cell.
Row = tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]


@dataclass(frozen=True)
class Size:
    """How many cells, and how many synapses each gets on average; four cells in five excite."""

    cells: int
    synapses_per_cell: int

    def of(self, population: str) -> int:
        """Cells of a population."""
        exciting = self.cells * 4 // 5
        return exciting if population == "E" else self.cells - exciting

    @property
    def probability(self) -> float:
        """Of a synapse from one cell to another."""
        return self.synapses_per_cell / self.cells


REFERENCE = {"a": Size(10_000, 1000), "b": Size(5000, 400)}


def uniform(purpose: int, low: float, high: float, size: int) -> np.ndarray:
    """Numbers drawn alike on every rank."""
    return np.random.Generator(np.random.Philox(key=[purpose, size])).uniform(low, high, size)


def current_cells(name: str, size: Size) -> Cells:
    """A population of network (a)."""
    return Cells(name, size.of(name), CURRENT_EQUATIONS, threshold="v > V_th", reset="v = V_r", refractory="t_ref",
                 method="exact", constants=CURRENT_CONSTANTS, start={"v": uniform(1, 0.0, 20e-3, size.of(name))})


def conductance_cells(name: str, size: Size) -> Cells:
    """A population of network (b)."""
    leak, capacitance, refractory, _ = CONDUCTANCE_KINDS[name]
    own = {"g_L": (leak, "siemens"), "C_m": (capacitance, "farad"), "t_ref": (refractory, "second")}
    return Cells(name, size.of(name), CONDUCTANCE_EQUATIONS, threshold="v > V_th", reset="v = V_r", refractory="t_ref",
                 method="exponential_euler", constants={**CONDUCTANCE_CONSTANTS, **own},
                 start={"v": uniform(1, -70e-3, -52e-3, size.of(name))})


def projection_names(size: Size) -> tuple[tuple[str, str, str], ...]:
    """Name, origin and target of every projection; none where cells have no synapses."""
    pairs = tuple(itertools.product(POPULATIONS, repeat=2)) if size.synapses_per_cell else ()
    return tuple((f"{origin}_to_{to}", origin, to) for origin, to in pairs)


def current_network(size: Size) -> NetworkSpec:
    """Network (a)."""
    onto = {"E": "ge_post += w", "I": "gi_post += w"}
    return NetworkSpec(
        step=STEP,
        cells=tuple(current_cells(name, size) for name in POPULATIONS),
        projections=tuple(Projection(name, origin=origin, to=to, on_pre=onto[origin], variables={"w": "amp"})
                          for name, origin, to in projection_names(size)),
        drives=tuple(Drive(f"drive_{name}", to=name, rate=2100.0, statements="ge += events*w_ext",
                           constants={"w_ext": (80e-12, "amp")}) for name in POPULATIONS),
    )


def conductance_network(size: Size) -> NetworkSpec:
    """Network (b)."""
    onto = {"E": "ga_post += wa; x_post += wn", "I": "gg_post += wg"}
    units = {"E": {"wa": "siemens", "wn": "siemens"}, "I": {"wg": "siemens"}}
    return NetworkSpec(
        step=STEP,
        cells=tuple(conductance_cells(name, size) for name in POPULATIONS),
        projections=tuple(Projection(name, origin=origin, to=to, on_pre=onto[origin], variables=units[origin])
                          for name, origin, to in projection_names(size)),
        drives=tuple(Drive(f"drive_{name}", to=name, rate=2400.0, statements="ga += events*w_ext",
                           constants={"w_ext": (CONDUCTANCE_KINDS[name][3], "siemens")}) for name in POPULATIONS),
    )


def network(name: str, size: Size) -> NetworkSpec:
    """Network (a) or (b) at a size."""
    return {"a": current_network, "b": conductance_network}[name](size)


def weights(name: str, origin: str, size: Size) -> dict[str, float]:
    """Weights of the synapses from one population at a size; numbers of single precision, as the bounds keep them."""
    scale = REFERENCE[name].synapses_per_cell / size.synapses_per_cell
    return {variable: float(np.float32(scale * value)) for variable, value in WEIGHTS[name, origin].items()}


def picked(random: np.random.Generator, probability: float, count: int) -> np.ndarray:
    """The numbers below count that a coin picks, in order; geometric gaps, so that cost is per pick."""
    found = np.empty(0, np.int64)
    last = -1
    while last < count - 1:
        expected = probability * (count - last)
        gaps = random.geometric(probability, int(expected + 5 * np.sqrt(expected) + 10))
        found = np.concatenate([found, last + np.cumsum(gaps)])
        last = int(found[-1])
    return found[found < count]


def rows(name: str, size: Size, seed: int) -> dict[str, Callable[[int], Row]]:
    """For every projection the function that draws the synapses onto one cell; the same on any rank."""
    found = {}
    for number, (projection, origin, _) in enumerate(projection_names(size)):
        found[projection] = _row(name, size, origin, (seed << 8) + number)
    return found


def _row(name: str, size: Size, origin: str, purpose: int) -> Callable[[int], Row]:
    sources, values = size.of(origin), weights(name, origin, size)

    def row(post: int) -> Row:
        random = np.random.Generator(np.random.Philox(key=[purpose, post]))
        pre = picked(random, size.probability, sources)
        steps = np.full(len(pre), 15) if name == "a" else random.integers(10, 21, len(pre))
        return pre, steps * STEP, {variable: np.full(len(pre), value) for variable, value in values.items()}

    return row
