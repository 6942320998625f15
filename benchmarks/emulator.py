"""The emulator against spikes: what left-out bursts are missed by, whole trials on both, and what they take.

    python -m benchmarks.emulator [--model circuits/cortical_column] [--seeds 3] [--draws 8] [--json]

Trials are one dose over 7 days and four doses over 14 days of the experiment `ketamine_rapid_and_sustained`; beside the
difference of emulator and spikes stand the spread of spiking seeds and that of the emulator's draws. The 8 weeks are
six doses.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.conditions import announce, conditions
from msim.backends.context import Context
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment
from msim.emulator.axes import axes_of
from msim.emulator.library import Emulators, emulator_path, find_emulator
from msim.multiscale.simulate import Protocol, simulate
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder

DAY = 86400.0
EXPERIMENT, ARM = "ketamine_rapid_and_sustained", "ketamine"
SLOW = ("ampar_scaling.AMPAR_scale", "mecp2_loop.p_MeCP2")
# Days of the doses, end, and when slow quantities and rates are compared (days).
TRIALS = {
    "one dose, 7 days": ((0.0,), 7.0, (2 / 24, 1.0, 3.0, 7.0)),
    "four doses, 14 days": ((0.0, 3.0, 7.0, 10.0), 14.0, (2 / 24, 3 + 2 / 24, 10 + 2 / 24, 14.0)),
}
LONG = ((0.0, 3.0, 7.0, 10.0, 14.0, 17.0), 56.0, (56.0,))


def trial(experiment: ExperimentDefinition, what: tuple[Any, ...], seed: int, context: Context) -> dict[str, Any]:
    """One trial: quantities at the times that are compared, and how long it took."""
    doses, end, times = what
    arm = experiment.arm(ARM)
    given = tuple(replace(arm.doses[0], start_s=arm.doses[0].start_s + day * DAY) for day in doses)
    rates = tuple(f"{name}.firing_rate" for name in arm.model.populations)
    asked = tuple(one * DAY for one in times)
    recording = Recording(asked, asked, SLOW, rates)
    record = MemoryRecorder()
    began, worked = time.perf_counter(), time.process_time()
    protocol = Protocol(experiment.begin, end * DAY, experiment.body_weight, given)
    spiking = simulate(arm.model, protocol, recording, record, seed, context)
    took, cpu = time.perf_counter() - began, time.process_time() - worked
    found = {name: np.concatenate(record.means[name]) for name in SLOW}
    found.update({name: np.array([float(row.cells[name].mean()) for row in record.probes]) for name in rates})
    return {"values": found, "took": took, "cpu": cpu, "bursts": len(record.bursts), "spiking": spiking}


def compared(
    experiment: ExperimentDefinition, what: tuple[Any, ...], seeds: int, draws: int, emulators: Emulators
) -> Any:
    """A trial on spikes and on the emulator, with the spread of both."""
    spikes = [trial(experiment, what, seed, Context(schedule=experiment.schedule)) for seed in range(1, seeds + 1)]
    on_emulator = [
        trial(experiment, what, seed, Context("emulator", experiment.schedule, emulators=emulators))
        for seed in range(1, draws + 1)
    ]
    rows = []
    for name in spikes[0]["values"]:
        left, right = (np.stack([one["values"][name] for one in runs]) for runs in (on_emulator, spikes))
        for k, day in enumerate(what[2]):
            rows.append({
                "quantity": name, "day": round(day, 3), "emulator": left[:, k].mean(), "spikes": right[:, k].mean(),
                "difference": left[:, k].mean() - right[:, k].mean(),
                "sd_of_draws": left[:, k].std(ddof=1), "sd_of_seeds": right[:, k].std(ddof=1),
            })  # fmt: skip
    return {
        "rows": rows, "emulator_s": float(np.median([one["took"] for one in on_emulator])),
        "spikes_s": float(np.median([one["took"] for one in spikes])),
        "emulator_cpu_s": float(np.median([one["cpu"] for one in on_emulator])),
        "spikes_cpu_s": float(np.median([one["cpu"] for one in spikes])), "emulator_bursts": on_emulator[0]["bursts"],
        "spikes_bursts": spikes[0]["bursts"],
    }  # fmt: skip


def measured(model: str, seeds: int, draws: int) -> dict[str, Any]:
    """Everything, as values for JSON."""
    experiment = read_experiment(EXPERIMENT)
    if model != experiment.model.name:
        raise SystemExit(f"wants --model {experiment.model.name}, that of {EXPERIMENT}")
    began = time.perf_counter()
    emulator = find_emulator(experiment.model)
    fit = time.perf_counter() - began
    emulators = Emulators((emulator_path(experiment.model, axes_of(experiment.model)),), emulator.digest[:12])
    trials = {name: compared(experiment, what, seeds, draws, emulators) for name, what in TRIALS.items()}
    context = Context("emulator", experiment.schedule, emulators=emulators)
    weeks = [trial(experiment, LONG, seed, context) for seed in (1, 2, 3)]
    return {
        "conditions": conditions(), "fit_or_load_s": fit, "about": dict(emulator.about),
        "degree": emulator.basis.degree,
        "errors": [
            {"average": one.name, "error": one.error, "in_trials": one.trial_error, "noise": one.noise}
            for one in emulator.outputs
        ],
        "trials": trials, "eight_weeks_s": [one["took"] for one in weeks],
        "eight_weeks_cpu_s": [one["cpu"] for one in weeks], "redraw_s": redraw(emulator), "ask_s": asked(emulator),
    }  # fmt: skip


def redraw(emulator: Any) -> float:
    """Seconds of CPU for what a slider redraws: every average along every axis, 50 points each."""
    began = time.process_time()
    for axis in emulator.axes:
        emulator.at(emulator.points({axis.name: axis.between(np.linspace(0, 1, 50))})[0])
    return time.process_time() - began


def asked(emulator: Any) -> float:
    """Seconds of CPU for all averages at one point, domain checked."""
    began = time.process_time()
    for _ in range(200):
        emulator.averages()
    return (time.process_time() - began) / 200


def show(found: dict[str, Any]) -> None:
    """Print tables."""
    print(f"degree {found['degree']}; {found['about']}")
    print(f"{'average':46s} {'error':>7s} {'trials':>7s} {'noise':>7s}")
    for one in found["errors"]:
        print(f"{one['average']:46s} " + " ".join(f"{100 * one[key]:6.2f}%" for key in ("error", "in_trials", "noise")))
    for name, each in found["trials"].items():
        print(
            f"\n{name}: emulator {each['emulator_s']:.2f} s, {each['emulator_cpu_s']:.2f} of CPU, "
            f"{each['emulator_bursts']} bursts; "
            f"spikes {each['spikes_s']:.1f} s, {each['spikes_cpu_s']:.1f} s of CPU, {each['spikes_bursts']} bursts"
        )
        heads = ("emulator", "spikes", "diff", "sd draws", "sd seeds")
        print(f"{'quantity':28s} {'day':>7s} " + " ".join(f"{one:>9s}" for one in heads))
        for row in each["rows"]:
            numbers = (row[key] for key in ("emulator", "spikes", "difference", "sd_of_draws", "sd_of_seeds"))
            print(f"{row['quantity']:28s} {row['day']:7.2f} " + " ".join(f"{one:9.4f}" for one in numbers))
    print(f"\n8 weeks, six doses: {', '.join(f'{one:.2f}' for one in found['eight_weeks_s'])} s "
          f"({', '.join(f'{one:.2f}' for one in found['eight_weeks_cpu_s'])} s of CPU); "
          f"sections along all axes {1e3 * found['redraw_s']:.0f} ms; one point {1e3 * found['ask_s']:.2f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="circuits/cortical_column")
    parser.add_argument("--seeds", type=int, default=3, help="spiking trials of each kind")
    parser.add_argument("--draws", type=int, default=8, help="trials on the emulator of each kind")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    announce(conditions())
    found = measured(options.model, options.seeds, options.draws)
    print(json.dumps(found)) if options.json else show(found)


if __name__ == "__main__":
    main()
