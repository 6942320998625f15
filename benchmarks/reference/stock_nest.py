"""The reference networks in NEST, one line of JSON.

    python stock_nest.py {a,b} [--threads 1] [--milliseconds 1000]

Network (b) is NEST's own kind: its NMDA gate saturates and is solved by Runge-Kutta, and a synapse is two connections.
Its times are therefore of another model, its rates need not agree.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import time

with contextlib.redirect_stdout(io.StringIO()):
    import nest
import numpy as np

STEP, SETTLE = 0.1, 2.0
WIRED = "static_synapse"


def current_network() -> tuple[object, int]:
    """Network (a), and how many of its cells excite."""
    cells = nest.Create("iaf_psc_exp", 10_000, {
        "C_m": 250.0, "tau_m": 20.0, "tau_syn_ex": 2.0, "tau_syn_in": 2.0, "E_L": 0.0, "V_th": 20.0, "V_reset": 10.0,
        "t_ref": 2.0, "V_m": nest.random.uniform(0.0, 20.0)})
    for sources, weight in ((cells[:8000], 20.0), (cells[8000:], -120.0)):
        nest.Connect(sources, cells, {"rule": "pairwise_bernoulli", "p": 0.1},
                     {"synapse_model": WIRED, "weight": weight, "delay": 1.5})
    drive = nest.Create("poisson_generator", params={"rate": 2100.0})
    nest.Connect(drive, cells, "all_to_all", {"synapse_model": WIRED, "weight": 80.0, "delay": STEP})
    return cells, 8000


def conductance_network() -> tuple[object, int]:
    """Network (b) with NEST's own NMDA receptor, and how many of its cells excite."""
    shared = {"E_L": -70.0, "V_th": -50.0, "V_reset": -60.0, "E_ex": 0.0, "E_in": -70.0, "tau_AMPA": 2.0,
              "tau_GABA": 5.0, "tau_rise_NMDA": 2.0, "tau_decay_NMDA": 100.0, "alpha": 0.5, "conc_Mg2": 1.0,
              "V_m": nest.random.uniform(-70.0, -52.0)}
    excite = nest.Create("iaf_bw_2001", 4000, {**shared, "g_L": 25.0, "C_m": 500.0, "t_ref": 2.0})
    inhibit = nest.Create("iaf_bw_2001", 1000, {**shared, "g_L": 20.0, "C_m": 200.0, "t_ref": 1.0})
    cells, receptor = excite + inhibit, nest.GetDefaults("iaf_bw_2001")["receptor_types"]
    rule, delay = {"rule": "pairwise_bernoulli", "p": 0.08}, nest.random.uniform(0.95, 2.05)

    def synapse(kind: str, weight: float) -> dict:
        return {"synapse_model": WIRED, "weight": weight, "delay": delay, "receptor_type": receptor[kind]}

    # 0.065 brings the saturating gate to the conductance that 0.03 nS gives without saturation.
    nest.Connect(excite, cells, rule, nest.CollocatedSynapses(synapse("AMPA", 0.2), synapse("NMDA", 0.065)))
    nest.Connect(inhibit, cells, rule, synapse("GABA", 3.0))
    drive = nest.Create("poisson_generator", params={"rate": 2400.0})
    for part, weight in ((excite, 2.1), (inhibit, 1.62)):
        nest.Connect(drive, part, "all_to_all", {**synapse("AMPA", weight), "delay": STEP})
    return cells, 4000


def rates(senders: np.ndarray, times: np.ndarray, excitatory: int, cells: int, seconds: float) -> tuple[float, float]:
    """Mean rates in Hz of the exciting and the inhibiting cells after the settling time."""
    counts = np.bincount(senders[times > SETTLE], minlength=cells) / seconds
    return float(counts[:excitatory].mean()), float(counts[excitatory:].mean())


def main() -> None:
    """Build, settle, run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=("a", "b"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--milliseconds", type=float, default=1000.0)
    options = parser.parse_args()
    with contextlib.redirect_stdout(io.StringIO()):
        nest.verbosity = nest.VerbosityLevel.ERROR
    begun = time.perf_counter()
    nest.set(resolution=STEP, local_num_threads=options.threads, rng_seed=42)
    cells, excitatory = current_network() if options.network == "a" else conductance_network()
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    # The first steps of a run also build NEST's tables of connections.
    nest.Prepare()
    nest.Run(SETTLE)
    built = time.perf_counter()
    nest.Run(options.milliseconds)
    ran = time.perf_counter() - built
    nest.Cleanup()
    events = recorder.get("events")
    rate_E, rate_I = rates(np.asarray(events["senders"]) - cells[0].global_id, np.asarray(events["times"]), excitatory,
                           len(cells), options.milliseconds / 1000)
    print(json.dumps({
        "tool": "nest", "version": nest.__version__, "network": options.network, "threads": options.threads,
        "synapses": nest.num_connections, "build_s": built - begun, "run_s": ran,
        "biological_s": options.milliseconds / 1000, "rate_E": rate_E, "rate_I": rate_I}))


if __name__ == "__main__":
    main()
