"""Networks that tests of the compiled engine share, and hashes of all that a run of them leaves behind.

A network costs seconds to compile and its sizes and numbers are given at run time: tests vary those, not the texts.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from msim.backends.cpp.library import MEANS, SUMS, TRACES
from msim.backends.cpp.network import CompiledNetwork, Row
from msim.backends.partition import partitioned
from msim.network.spec import Cells, Drive, NetworkSpec, Projection, TimedInput

STEP = 0.1e-3
SIZES = (1001, 31, 1)
NAMES = ("exc", "inh", "lone")
SHORTEST, LONGEST = 3, 25  # steps of delay
STEPS, CHANGED_AT = 600, 250
FIELD_CELLS = 64  # columns of the input that differs between cells

LEAKY = {
    "g_L": (10e-9, "siemens"), "E_L": (-70e-3, "volt"), "C_m": (200e-12, "farad"), "V_T": (-52e-3, "volt"),
    "V_r": (-65e-3, "volt"), "tau_e": (5e-3, "second"), "tau_i": (8e-3, "second"), "E_i": (-80e-3, "volt"),
}  # fmt: skip


def everything(sizes: Sequence[int] = SIZES) -> NetworkSpec:
    """A network with all that the engine knows, driven well above threshold so that spikes are many."""
    exc, inh, lone = (_exc(sizes[0]), _inh(sizes[1]), _lone(sizes[2]))
    drives = (
        Drive("outside", "exc", 2000.0, "g_e += events*w_outside", {"w_outside": (0.8e-9, "siemens")}),
        Drive("shaking", "inh", np.linspace(100, 900, sizes[1]), "v += events*w_shaking",
              {"w_shaking": (np.linspace(0.5e-3, 1.5e-3, sizes[1]), "volt")}, inputs=20),
    )  # fmt: skip
    return NetworkSpec(STEP, (exc, inh, lone), _projections(), drives, _inputs())


def _exc(size: int) -> Cells:
    return Cells(
        "exc", size,
        """dv/dt = (g_L*(E_L - v) + g_L*Delta_T*exp((v - V_T)/Delta_T) - g_e*v + g_i*(E_i - v)
                    + stimulus(t) + kick)/C_m + sigma*xi*tau_e**-0.5 : volt (unless refractory)
           dg_e/dt = -g_e/tau_e : siemens
           dg_i/dt = -g_i/tau_i + slow*rise : siemens
           kick = jolt*(rand() - 0.5) + jolt*randn() + jolt*poisson(0.3) : amp (constant over dt)
           slow : 1""",
        "v > V_T + 4*mV", "v = V_r", "2*ms", "heun",
        {**LEAKY, "Delta_T": (2e-3, "volt"), "sigma": (1e-3, "volt"), "jolt": (30e-12, "amp"),
         "rise": (0.1e-9, "siemens/second")},
        {"v": -70e-3 + 15e-3 * np.random.default_rng(1).random(size)},
        ("v", "g_e*v", "slow"), region=0,
    )  # fmt: skip


def _inh(size: int) -> Cells:
    spread = np.random.default_rng(2).random(size)
    return Cells(
        "inh", size,
        """dv/dt = (g_L*(E_L - v) + field(t, i)*blink)/C_m : volt (unless refractory)
           blink = 0.8 + 0.1*blinks() : 1 (constant over dt)""",
        "v > V_T", "v = V_r + 2*mV*rand()", "t_refractory", "exponential_euler",
        {**{name: LEAKY[name] for name in ("g_L", "E_L", "C_m", "V_T", "V_r")},
         "t_refractory": (1e-3 + 2e-3 * spread, "second")},
        {"v": -70e-3 + 20e-3 * spread}, ("v",), region=1, functions={"blinks": (5, 0.4)},
    )  # fmt: skip


def _lone(size: int) -> Cells:
    return Cells(
        "lone", size, "dv/dt = (push - v)/tau : volt\ndy/dt = -y/tau*(1 + y**2) : 1",
        "v > 10*mV + y*mV", "v = 0*mV\ny += 0.1", method="rk4",
        constants={"push": (np.full(size, 11e-3), "volt"), "tau": (4e-3, "second")}, watched=("y",), region=2,
    )  # fmt: skip


def _projections() -> tuple[Projection, ...]:
    release = """dx/dt = (1 - x)/tau_x : 1 (event-driven)
                 du/dt = -u/tau_u : 1 (event-driven)"""
    summed = """ds/dt = -s/tau_s*(1 + exp((v_post - V_h)/V_s)) : 1 (clock-driven)
                slow_post = w*s : 1 (summed)"""
    return (
        Projection(
            "exc_exc", "exc", "exc", "u += U*(1 - u)\nsent = int(rand() < p)*u*x\nx -= sent\ng_e_post += w*sent",
            release, {"w": "siemens", "p": "1"},
            {"tau_x": (0.1, "second"), "tau_u": (0.3, "second"), "U": (0.4, "1")}, {"x": 1.0},
        ),
        Projection("exc_inh", "exc", "inh", "v_post += w", variables={"w": "volt"}),
        Projection(
            "inh_exc", "inh", "exc", "s += 1", summed, {"w": "1"},
            {"tau_s": (10e-3, "second"), "V_h": (-55e-3, "volt"), "V_s": (5e-3, "volt")},
        ),
        Projection("lone_exc", "lone", "exc", "g_i_post += w*(1 + rand())", variables={"w": "siemens"}),
        Projection("exc_lone", "exc", "lone", "v_post += w", variables={"w": "volt"}),
    )  # fmt: skip


def _inputs() -> dict[str, TimedInput]:
    times = np.arange(12)
    return {
        "stimulus": TimedInput(150e-12 * (1 + np.sin(times)), 5e-3, "amp"),
        "field": TimedInput(180e-12 + 40e-12 * np.cos(times[:, None] + np.arange(FIELD_CELLS)), 7e-3, "amp"),
    }


# Projection: contacts onto each cell, least weight, whether weights are all the same number that 4 bytes hold.
CONTACTS = {
    "exc_exc": (12, 0.4e-9, False), "exc_inh": (20, 2.0**-11, True), "inh_exc": (6, 0.3, False),
    "lone_exc": (2, 0.5e-9, False), "exc_lone": (5, 1e-4, False),
}  # fmt: skip


def row_of(spec: NetworkSpec, projection: str) -> Callable[[int], Row]:
    """What `connect` wants: contacts that depend on projection and cell alone, some pairs with several of them."""
    one = next(each for each in spec.projections if each.name == projection)
    sources = spec.population(one.origin).size
    many, least, same = CONTACTS[projection]

    def row(cell: int) -> Row:
        draw = np.random.default_rng([zlib.crc32(projection.encode()), cell])
        count = int(draw.integers(0, 2 * many))
        pre = np.sort(draw.integers(0, sources, count))
        delay = draw.integers(SHORTEST, LONGEST + 1, count) * spec.step
        weight = np.full(count, least) if same else least * (1 + draw.random(count))
        return pre, delay, {"w": weight, "p": draw.uniform(0.3, 1, count)}

    return row


def connected(
    spec: NetworkSpec, comm: object = None, precision: str = "double", partition: str = "cell",
    interval: int | None = None, seed: int = 7,
) -> CompiledNetwork:  # fmt: skip
    """The compiled network on this rank, with its contacts."""
    ranks = comm.Get_size() if comm is not None else 1  # type: ignore[attr-defined]
    loads = {one.name: np.ones(one.size) for one in spec.cells}
    shared_out = partitioned(partition, loads, {one.name: one.region for one in spec.cells}, ranks)
    net = CompiledNetwork(spec, seed, precision, comm, partition=shared_out, interval=interval)
    for one in spec.projections:
        net.connect(one.name, row_of(spec, one.name))
    return net


def run_in_cuts(net: CompiledNetwork, cuts: Sequence[int] = (), steps: int = STEPS) -> None:
    """Run `everything` for its steps, cut at some of them, with a change of rates on the way and all recorded."""
    keep = {one.name: [SUMS + MEANS + TRACES] * len(one.watched) for one in net.spec.cells}
    net.watch(20, steps // 2, 7, keep)
    for one in net.spec.cells:
        net.trace(one.name, range(0, one.size, 5))
    for until in sorted({*cuts, CHANGED_AT, steps}):
        net.run(until - net.step)
        if until == CHANGED_AT:
            size = net.spec.population("exc").size
            net.set_rate("outside", np.linspace(500, 3000, size))


def fingerprint(net: CompiledNetwork) -> dict[str, str]:
    """A hash of each thing that a run leaves: alike wherever the cells were. On rank 0; empty on the others."""
    pieces = net.ranks.gathered(_pieces(net))
    if not pieces:
        return {}
    return {name: _hash([one[name] for one in pieces]) for name in pieces[0]} | {
        "exact sums": hashlib.sha256(repr([
            [[sum(each) for each in zip(*(part[w] for part in parts), strict=True)] for w in range(len(parts[0]))]
            for parts in zip(*(one["_exact"] for one in pieces), strict=True)
        ]).encode()).hexdigest()
    }  # fmt: skip


def _pieces(net: CompiledNetwork) -> Mapping[str, object]:
    """Name to rows of this rank, a first column or more that says to whom they belong, and then values."""
    found: dict[str, object] = {}
    for one in net.spec.cells:
        cells = net.local[one.name]
        found[f"{one.name} spikes"] = np.stack(net.spikes(one.name), axis=1).astype(float)
        for name in net.layout["cells"][one.name]["arrays"]:
            found[f"{one.name}.{name}"] = np.stack([cells, net.view(one.name, name)], axis=1)
        found[f"{one.name} refractory"] = np.stack([cells, net.refractory(one.name)], axis=1)
        sums = net.sums(one.name).reshape(2 * len(one.watched), cells.size)
        found[f"{one.name} sums"] = np.concatenate([cells[:, None], sums.T], axis=1)
        traced = cells[np.isin(cells, range(0, one.size, 5))]
        for w in range(len(one.watched)):
            found[f"{one.name} trace {w}"] = np.concatenate([traced[:, None], net.traces(one.name, w).T], axis=1)
    for one in net.spec.projections:
        contacts = net.read_contacts(one.name)
        states = [net.synapse_state(one.name, name) for name in net.layout["projections"][one.name]["states"]]
        keys = [contacts.pop(name) for name in ("target", "source", "delay")]
        found[f"{one.name} contacts"] = np.stack([*keys, *contacts.values(), *states], axis=1).astype(float)
    found["_exact"] = [[net.exact_sums(one.name, w) for w in range(len(one.watched))] for one in net.spec.cells]
    return found


def _hash(parts: Sequence[object]) -> str:
    if isinstance(parts[0], list):
        return ""
    rows = np.concatenate(parts)
    # Stable: several contacts of a pair with one delay lie on one rank, in an order that is held too.
    order = np.lexsort([rows[:, k] for k in reversed(range(min(rows.shape[1], 3)))])
    return hashlib.sha256(np.ascontiguousarray(rows[order]).tobytes()).hexdigest()
