"""The reference networks in stock Brian2's standalone mode: writes and compiles a program to be run.

    python stock_brian2.py {a,b} DIRECTORY [--milliseconds 1000] [--wiring FILE]
    cd DIRECTORY && ./main

The program leaves its results in DIRECTORY/results.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import brian2 as b
import numpy as np
from brian2 import Hz, mV, ms, nS, pA, pF, second

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
g_L : siemens (constant)
C_m : farad (constant)
t_ref : second (constant)
"""


def connect(excitation: b.Synapses, inhibition: b.Synapses, probability: float, file: Path | None) -> bool:
    """Make the synapses of a file, with their delays, or draw them and leave delays alone; whether delays are set.

    file: cells and synapses (2 x 8 bytes), places of rows by source (8 (cells + 1)), targets (4 each), delays in steps
    """
    if file is None:
        excitation.connect(p=probability)
        inhibition.connect(p=probability)
        return False
    data = file.read_bytes()
    cells, synapses = (int(number) for number in np.frombuffer(data, np.uint64, 2))
    row = np.frombuffer(data, np.uint64, cells + 1, 16).astype(np.int64)
    target = np.frombuffer(data, np.uint32, synapses, 16 + 8 * (cells + 1)).astype(np.int32)
    delay = np.frombuffer(data, np.uint8, synapses, 16 + 8 * (cells + 1) + 4 * synapses)
    source, exciting = np.repeat(np.arange(cells, dtype=np.int32), np.diff(row)), cells * 4 // 5
    parts = (excitation, 0, slice(row[exciting])), (inhibition, exciting, slice(row[exciting], None))
    for projection, first, part in parts:
        projection.connect(i=source[part] - first, j=target[part])
        if len(set(delay[part])) > 1:
            projection.delay = delay[part] * 1e-4 * second
    return True


def current_network(file: Path | None) -> b.Network:
    """Network (a): 10,000 cells, 10 million synapses, exact propagators."""
    names = {"tau_m": 20 * ms, "tau_s": 2 * ms, "C_m": 250 * pF}
    cells = b.NeuronGroup(10_000, CURRENT_EQUATIONS, threshold="v > 20*mV", reset="v = 10*mV", refractory=2 * ms,
                          method="exact", namespace=names)
    cells.v = "20*mV*rand()"
    excitation = b.Synapses(cells[:8000], cells, "w : amp", on_pre="ge_post += w", delay=1.5 * ms)
    inhibition = b.Synapses(cells[8000:], cells, "w : amp", on_pre="gi_post += w", delay=1.5 * ms)
    connect(excitation, inhibition, 0.1, file)
    excitation.w, inhibition.w = 20 * pA, -120 * pA
    drive = b.PoissonInput(cells, "ge", 1000, 2.1 * Hz, weight=80 * pA)
    return b.Network(cells, excitation, inhibition, drive, b.SpikeMonitor(cells, name="spikes"))


def conductance_network(file: Path | None) -> b.Network:
    """Network (b): 5,000 cells, 2 million synapses, AMPA, NMDA and GABA, exponential Euler."""
    names = {"E_L": -70 * mV, "E_ex": 0 * mV, "E_in": -70 * mV, "tau_A": 2 * ms, "tau_rise": 2 * ms,
             "tau_N": 100 * ms, "alpha": 0.5 / ms, "tau_G": 5 * ms}
    cells = b.NeuronGroup(5000, CONDUCTANCE_EQUATIONS, threshold="v > -50*mV", reset="v = -60*mV", refractory="t_ref",
                          method="exponential_euler", namespace=names)
    cells.v = "-70*mV + 18*mV*rand()"
    for part, leak, capacitance, refractory in ((cells[:4000], 25, 500, 2), (cells[4000:], 20, 200, 1)):
        part.g_L, part.C_m, part.t_ref = leak * nS, capacitance * pF, refractory * ms
    excitation = b.Synapses(cells[:4000], cells, "wa : siemens\nwn : siemens", on_pre="ga_post += wa; x_post += wn")
    inhibition = b.Synapses(cells[4000:], cells, "wg : siemens", on_pre="gg_post += wg")
    if not connect(excitation, inhibition, 0.08, file):
        excitation.delay = inhibition.delay = "1*ms + 0.1*ms*int(rand()*11)"
    excitation.wa, excitation.wn, inhibition.wg = 0.2 * nS, 0.03 * nS, 3 * nS
    drives = [b.PoissonInput(cells[:4000], "ga", 1000, 2.4 * Hz, weight=2.1 * nS),
              b.PoissonInput(cells[4000:], "ga", 1000, 2.4 * Hz, weight=1.62 * nS)]
    return b.Network(cells, excitation, inhibition, drives, b.SpikeMonitor(cells, name="spikes"))


def main() -> None:
    """Write and compile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=("a", "b"))
    parser.add_argument("directory")
    parser.add_argument("--milliseconds", type=float, default=1000.0)
    parser.add_argument("--wiring", type=Path, help="a file of synapses instead of drawing them")
    options = parser.parse_args()
    b.prefs.logging.console_log_level = "ERROR"
    b.prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{os.cpu_count()}"]
    b.set_device("cpp_standalone", build_on_run=False, directory=options.directory)
    b.defaultclock.dt = 0.1 * ms
    b.seed(42)
    network = (current_network if options.network == "a" else conductance_network)(options.wiring)
    network.run(options.milliseconds * ms)
    b.get_device().build(directory=options.directory, compile=True, run=False)


if __name__ == "__main__":
    main()
