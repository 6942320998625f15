"""Stock Brian2's version of a network without noise, to hold the compiled engine against; run as a program in a folder.

Contacts are made in the order of targets and, onto each, of sources: the order in which the engine adds them up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msim.backends.cpp.network import CompiledNetwork, Row
from msim.network.spec import Cells, NetworkSpec, Projection, TimedInput

STEP = 0.1e-3
STEPS = 3000
Rows = Mapping[str, Callable[[int], Row]]


def chain() -> NetworkSpec:
    """One population for each method of integration, each fed by those before it: no noise, no loops, no chaos."""
    cells = (_linear(), _adapting(), _gated(), _quadratic(), _functions())
    times = np.arange(20)
    inputs = {
        "wave": TimedInput(1 + 0.3 * np.sin(times), 13e-3),
        "waves": TimedInput(2e-3 * np.cos(times[:, None] * 0.7 + np.arange(23)), 17e-3, "volt"),
    }
    return NetworkSpec(STEP, cells, _links(), (), inputs)


def _linear() -> Cells:
    n = 30
    return Cells(
        "linear", n, "dv/dt = (E + drive - v + h)/tau : volt (unless refractory)\ndh/dt = -h/tau_h : volt",
        "v > -50*mV", "v = -60*mV\nh += 0.1*mV", "t_ref", "exact",
        {"E": (-65e-3, "volt"), "drive": (np.linspace(14e-3, 30e-3, n), "volt"), "tau": (20e-3, "second"),
         "tau_h": (7e-3, "second"), "t_ref": (np.linspace(0, 4e-3, n), "second")},
        {"v": np.linspace(-65e-3, -51e-3, n)},
    )  # fmt: skip


def _adapting() -> Cells:
    n = 21
    return Cells(
        "adapting", n,
        """dv/dt = (-g_L*(v - E_L) + g_L*Delta*exp((v - V_T)/Delta) - W - g*v + current)/C : volt (unless refractory)
           dW/dt = (a*(v - E_L) - W)/tau_w : amp
           dg/dt = -g/tau_g : siemens""",
        "v > V_T + 5*Delta", "v = -60*mV\nW += 30*pA", "2*ms", "heun",
        {"g_L": (10e-9, "siemens"), "E_L": (-70e-3, "volt"), "Delta": (2e-3, "volt"), "V_T": (-50e-3, "volt"),
         "a": (2e-9, "siemens"), "tau_w": (0.1, "second"), "tau_g": (5e-3, "second"), "C": (200e-12, "farad"),
         "current": (np.linspace(0.2e-9, 0.5e-9, n), "amp")},
        {"v": -70e-3},
    )  # fmt: skip


def _gated() -> Cells:
    n = 17
    return Cells(
        "gated", n,
        """dv/dt = (-g_L*(v - E_L) - g_K*n**4*(v - E_K) + total*pulse)/C : volt
           dn/dt = 0.1/ms/exprel(-(v + 55*mV)/(10*mV))*(1 - n) - 0.125/ms*exp(-(v + 65*mV)/(80*mV))*n : 1
           total : 1
           pulse = strength*wave(t) : amp (constant over dt)""",
        "v > -45*mV", "v = -60*mV", "v_wait/(2*mV)*ms", "exponential_euler",
        {"g_L": (3e-9, "siemens"), "E_L": (-55e-3, "volt"), "g_K": (36e-9, "siemens"), "E_K": (-77e-3, "volt"),
         "C": (100e-12, "farad"), "strength": (1e-9, "amp"), "v_wait": (np.linspace(2e-3, 6e-3, n), "volt")},
        {"v": -60e-3, "n": 0.3},
    )  # fmt: skip


def _quadratic() -> Cells:
    n = 19
    return Cells(
        "quadratic", n, "dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1\ndu/dt = a*(b*v - u)/ms : 1", "v > 30",
        "v = c\nu += 8", "", "rk4",
        {"a": (0.02, "1"), "b": (0.2, "1"), "c": (np.linspace(-65, -50, n), "1"), "I": (10.0, "1")},
        {"v": -65.0, "u": -13.0},
    )  # fmt: skip


def _functions() -> Cells:
    n = 23
    return Cells(
        "functions", n,
        """dv/dt = (bend*mV + waves(t, i) + sideways - v)/tau : volt (unless refractory)
           dz/dt = (tanh(v/mV) - z + abs(sin(z)) + 0.1*cos(3*z) + 0.01*sign(z - 0.2))/tau : 1
           bend = 12 + clip(z, 0.1, 0.6)**1.5 + log(2 + z**2) + sqrt(1 + z**2) + turn % 3 : 1
           turn = (t_in_timesteps // 50) % 4 + floor(z) + int(v > 11*mV) : 1 (constant over dt)
           sideways = ceil(z)*mV + arctan(z)*mV + expm1(0.1*z)*mV : volt""",
        "v > 15*mV and z > -1", "v -= 15*mV\nz -= 0.3", "1*ms", "euler",
        {"tau": (np.linspace(5e-3, 15e-3, n), "second")}, {"v": 0.0, "z": np.linspace(-0.5, 0.5, n)},
    )  # fmt: skip


def _links() -> tuple[Projection, ...]:
    plastic = "dx/dt = (1 - x)/tau_x : 1 (event-driven)\ndu/dt = (U - u)/tau_u : 1 (event-driven)"
    summed = """ds/dt = -s/tau_s*(1 + exp((v_post + 55*mV)/(8*mV))) : 1 (clock-driven)
                total_post = s : 1 (summed)"""
    return (
        Projection("to_adapting", "linear", "adapting", "u += U*(1 - u)\nsent = u*x\nx -= sent\ng_post += w*sent",
                   plastic, {"w": "siemens"}, {"tau_x": (0.2, "second"), "tau_u": (0.5, "second"), "U": (0.3, "1")},
                   {"x": 1.0, "u": 0.1}),
        Projection("to_gated", "adapting", "gated", "s += w*(1 - s)", summed, {"w": "1"}, {"tau_s": (9e-3, "second")}),
        Projection("kick", "gated", "functions", "v_post += w*clip(1 - v_post/(20*mV), 0, 1)", variables={"w": "volt"}),
        Projection("from_linear", "linear", "functions", "v_post += w\nz_post *= 0.99", variables={"w": "volt"}),
        Projection("to_quadratic", "adapting", "quadratic", "v_post += w*10", variables={"w": "1"}),
    )  # fmt: skip


WEIGHTS = {"to_adapting": 4e-9, "to_gated": 0.3, "kick": 1e-3, "from_linear": 0.2e-3, "to_quadratic": 0.2}


def chain_rows(spec: NetworkSpec) -> Rows:
    """Contacts of the chain, with delays of 1 to 40 steps."""
    return {one.name: _row(spec, one, k) for k, one in enumerate(spec.projections)}


def _row(spec: NetworkSpec, one: Projection, k: int) -> Callable[[int], Row]:
    def row(cell: int) -> Row:
        draw = np.random.default_rng([k, cell])
        pre = np.sort(draw.choice(spec.population(one.origin).size, draw.integers(1, 8), replace=False))
        return pre, draw.integers(1, 41, pre.size) * spec.step, {"w": WEIGHTS[one.name] * (0.5 + draw.random(pre.size))}

    return row


def ours(spec: NetworkSpec, rows: Rows, steps: int = STEPS, strict: bool = True) -> dict[str, np.ndarray]:
    """What the engine makes of a network: spikes, and states of cells and contacts at the end."""
    net = CompiledNetwork(spec, strict=strict)
    for one in spec.projections:
        net.connect(one.name, rows[one.name])
    assert net.run(steps).status == 0
    found: dict[str, np.ndarray] = {}
    for cells in spec.cells:
        found[f"{cells.name} spikes"] = in_order(*net.spikes(cells.name))
        for name in net.layout["cells"][cells.name]["states"]:
            found[f"{cells.name}.{name}"] = net.view(cells.name, name).copy()
    for one in spec.projections:
        contacts = net.read_contacts(one.name)
        order = np.lexsort([contacts["source"], contacts["target"]])
        for name in net.layout["projections"][one.name]["states"]:
            found[f"{one.name}.{name}"] = net.synapse_state(one.name, name)[order].astype(float)
    return found


def theirs(spec: NetworkSpec, rows: Rows, steps: int = STEPS) -> dict[str, np.ndarray]:
    """What Brian2 makes of it, on the device and target that are set."""
    import brian2 as b2

    from msim.backends.cpp.describe import described

    objects = described(spec, whole=True)
    monitors = {name: b2.SpikeMonitor(group, name=f"spikes_{name}") for name, group in objects.groups.items()}
    connected = []
    for one in spec.projections:
        drawn = [rows[one.name](cell) for cell in range(spec.population(one.to).size)]
        if any(len(each[0]) for each in drawn):  # Brian2 does not run synapses of which there are none
            _connect(b2, one, objects.synapses[one.name], drawn)
            connected.append(objects.synapses[one.name])
    network = b2.Network(*objects.groups.values(), *connected, *monitors.values())
    network.run(steps * spec.step * b2.second, namespace={})
    found: dict[str, np.ndarray] = {}
    for cells in spec.cells:
        group, monitor = objects.groups[cells.name], monitors[cells.name]
        found[f"{cells.name} spikes"] = in_order(np.rint(np.asarray(monitor.t) / spec.step), np.asarray(monitor.i))
        for name in group.equations.diff_eq_names:
            found[f"{cells.name}.{name}"] = np.array(group.variables[name].get_value())
    for one in spec.projections:
        synapses = objects.synapses[one.name]
        if synapses not in connected:
            continue
        event_driven = synapses.event_driven.diff_eq_names if synapses.event_driven else ()
        for name in (*synapses.equations.diff_eq_names, *event_driven):
            found[f"{one.name}.{name}"] = np.array(synapses.variables[name].get_value())
    return found


def _connect(b2: Any, one: Projection, synapses: Any, drawn: Sequence[Row]) -> None:
    synapses.connect(
        i=np.concatenate([each[0] for each in drawn]).astype(int),
        j=np.repeat(np.arange(len(drawn)), [len(each[0]) for each in drawn]),
    )
    synapses.delay = np.concatenate([each[1] for each in drawn]) * b2.second
    given = {name: np.concatenate([each[2][name] for each in drawn]) for name in one.variables}
    given |= {name: value for name, (value, _) in one.constants.items()} | dict(one.start)
    for name, value in given.items():
        setattr(synapses, name, b2.Quantity(value, dim=synapses.variables[name].dim))


def in_order(steps: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Spikes by step and then by cell, shape (spikes, 2)."""
    return np.stack([steps, cells], axis=1).astype(np.int64)[np.lexsort([cells, steps])]


def main() -> None:
    """Run the chain as a program of Brian2's own, built in the folder given, and keep what it left in 'found.npz'."""
    import brian2 as b2

    folder = Path(sys.argv[1])
    b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-O2", "-ffp-contract=off", "-w"]
    b2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j", "2"]
    b2.set_device("cpp_standalone", directory=str(folder / "program"))
    spec = chain()
    np.savez(folder / "found.npz", **theirs(spec, chain_rows(spec)))


if __name__ == "__main__":
    main()
