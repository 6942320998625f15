"""What msim costs on this machine: start, spiking, slow equations, and a trial's share of each.

    python benchmarks/speed.py [--json] [--seconds 3]

Times are of runs done back to back in one process; ratios are to biological time or to each other.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable


def timed(work: Callable[[], object], repeats: int = 3) -> float:
    """Median wall time of some work in s."""
    spent = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent)


def help_time() -> float:
    """Time in s until `msim --help` has answered."""
    command = [sys.executable, "-m", "msim", "--help"]
    return timed(lambda: subprocess.run(command, capture_output=True, check=True), 5)


def measured(seconds: float) -> dict[str, float]:
    """All figures, by name."""
    from msim.backends.context import Context, build_network
    from msim.definitions.experiments.experiment import read_experiment
    from msim.definitions.experiments.schedule import Schedule
    from msim.trials.trial import simulate_trial

    read = timed(lambda: read_experiment("ketamine_rapid_and_sustained"))
    experiment = read_experiment("ketamine_rapid_and_sustained")
    built = time.perf_counter()
    network = build_network(experiment.model, 1, Context())
    built = time.perf_counter() - built
    network.burst(0.5, 0.1, keep_field=False)
    spiking = timed(lambda: network.burst(0.0, seconds, keep_field=False)) / seconds
    begun = time.perf_counter()
    found = simulate_trial(experiment, experiment.arm("ketamine"), 1, Context(schedule=Schedule()))
    trial = time.perf_counter() - begun
    spiked = float(found["bursts"].attrs["spiking_seconds"])
    return {
        "help_s": help_time(),
        "read_and_check_experiment_s": read,
        "build_network_s": built,
        "wall_per_biological_second_of_spiking": spiking,
        "trial_7_days_s": trial,
        "trial_spiking_seconds": spiked,
        "horizon_per_spiking_second": (experiment.end - experiment.begin) / spiked,
        "share_of_trial_spent_spiking": spiked * spiking / trial,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    found = measured(options.seconds)
    if options.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name, value in found.items():
        print(f"{name:42s} {value:10.3g}")


if __name__ == "__main__":
    main()
