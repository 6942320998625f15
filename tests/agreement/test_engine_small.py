"""Small random networks: cut anywhere they end alike, and without noise they spike as in Brian2 without a compiler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import brian2 as b2
import engine_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.backends.cpp.network import CompiledNetwork, Row
from msim.network.spec import Cells, NetworkSpec, Projection

STEPS = 500
# By number of populations: who projects to whom. Three texts are compiled; everything else is given at run time.
PAIRS = {1: ("aa",), 2: ("aa", "ab", "ba"), 3: ("aa", "ab", "ba", "bc", "ca")}


@dataclass(frozen=True)
class Small:
    """A random network: sizes of populations, contacts onto each cell at most, strength, and what all is drawn from."""

    sizes: tuple[int, ...]
    contacts: int
    strength: float
    seed: int

    def spec(self) -> NetworkSpec:
        """The network with constants of its own."""
        draw = np.random.default_rng(self.seed)
        cells = tuple(_cells("abc"[k], size, draw) for k, size in enumerate(self.sizes))
        return NetworkSpec(oracle.STEP, cells, tuple(_projection(pair, draw) for pair in PAIRS[len(cells)]))

    def rows(self, spec: NetworkSpec) -> oracle.Rows:
        """The contacts onto each cell, with delays of 1 to 30 steps."""
        sizes = [spec.population(one.origin).size for one in spec.projections]
        return {one.name: partial(self._row, sizes[k], k) for k, one in enumerate(spec.projections)}

    def _row(self, sources: int, projection: int, cell: int) -> Row:
        draw = np.random.default_rng([self.seed, projection, cell])
        pre = np.sort(draw.choice(sources, draw.integers(0, min(self.contacts, sources) + 1), replace=False))
        weight = self.strength * draw.normal(0.3, 1, pre.size)
        return pre, draw.integers(1, 31, pre.size) * oracle.STEP, {"w": weight}


def _cells(name: str, size: int, draw: np.random.Generator) -> Cells:
    return Cells(
        name, size, "dv/dt = (push + g - v)/tau : 1 (unless refractory)\ndg/dt = -g/tau_g : 1", "v > 1", "v = v_reset",
        "t_refractory", "euler",
        {"push": (draw.uniform(0.8, 2.0, size), "1"), "tau": (draw.uniform(5e-3, 20e-3), "second"),
         "tau_g": (draw.uniform(2e-3, 8e-3, size), "second"), "v_reset": (draw.uniform(-0.5, 0.5), "1"),
         "t_refractory": (draw.uniform(0, 4e-3, size), "second")},
        {"v": draw.uniform(0, 1, size)},
    )  # fmt: skip


def _projection(pair: str, draw: np.random.Generator) -> Projection:
    constants = {"tau_x": (draw.uniform(0.02, 0.2), "second"), "use": (draw.uniform(0.1, 0.9), "1")}
    fast = {"name": pair, "origin": pair[0], "to": pair[1], "variables": {"w": "1"}}
    if pair[0] == pair[1]:
        return Projection(**fast, on_pre="v_post += w*(1 - v_post)")
    return Projection(
        **fast, on_pre="g_post += w*x*use\nx -= x*use", equations="dx/dt = (1 - x)/tau_x : 1 (event-driven)",
        constants=constants, start={"x": 1.0},
    )  # fmt: skip


SMALL = st.builds(
    Small, st.lists(st.integers(1, 40), min_size=1, max_size=3).map(tuple), st.integers(0, 12), st.floats(0.02, 0.6),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
FEW = settings(max_examples=8, derandomize=True, deadline=None)


@pytest.fixture(scope="module", autouse=True)
def without_compiler() -> Iterator[None]:
    """Brian2's target for this module."""
    before = b2.prefs.codegen.target
    b2.prefs.codegen.target = "numpy"
    yield
    b2.prefs.codegen.target = before


@given(small=SMALL)
@FEW
def test_small_networks_spike_as_in_brian2(small: Small) -> None:
    """Spikes are equal; states to rounding, since NumPy adds up events onto a cell in an order of its own."""
    spec = small.spec()
    found = oracle.ours(spec, small.rows(spec), STEPS)
    wanted = oracle.theirs(spec, small.rows(spec), STEPS)
    for name, values in wanted.items():
        if name.endswith("spikes"):
            assert np.array_equal(found[name], values), name
        else:
            assert found[name] == pytest.approx(values, rel=1e-9, abs=1e-9), name


@given(small=SMALL, cuts=st.lists(st.integers(1, STEPS - 1), max_size=8))
@FEW
def test_runs_in_cuts_equal_one_run(small: Small, cuts: list[int]) -> None:
    spec = small.spec()

    def left(stops: list[int]) -> list[np.ndarray]:
        net = CompiledNetwork(spec, strict=True)
        rows: dict[str, Callable[[int], Row]] = dict(small.rows(spec))
        for one in spec.projections:
            net.connect(one.name, rows[one.name])
        for until in [*stops, STEPS]:
            net.run(until - net.step)
        cells = [net.view(one.name, state) for one in spec.cells for state in ("v", "g")]
        synapses = [net.synapse_state(one.name, "x") for one in spec.projections if one.equations]
        return [each.copy() for each in (*cells, *synapses, *(np.stack(net.spikes(one.name)) for one in spec.cells))]

    for found, wanted in zip(left(sorted(set(cuts))), left([]), strict=True):
        assert np.array_equal(found, wanted)
