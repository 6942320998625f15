"""Who runs the reference networks: msim, the hand-written bound, stock Brian2, NEST. Each run is a process of its own.

A run is a mapping with "wall", seconds per biological second, "rate_E" and "rate_I", Hz, "synapses" and "peak_mb".
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import launch
from benchmarks.networks import REFERENCE

REFERENCES = Path(__file__).with_name("reference")
FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-fopenmp")
# A float64 program computes another rounding, not another network; a bare one only leaves its stopwatch out.
BOUNDS = {
    "bound single": (), "bound double": ("-DREAL=double",),
    "bare bound single": ("-DBARE",), "bare bound double": ("-DREAL=double", "-DBARE"),
}  # fmt: skip


@dataclass(frozen=True)
class Contender:
    """Who runs, and how: run() is one measured run."""

    name: str
    run: Callable[[], dict[str, Any]]


def per_second(found: dict[str, Any]) -> dict[str, Any]:
    """A run with its wall time for each biological second."""
    return {**found, "wall": found["run_s"] / found["biological_s"]}


def compiler() -> str:
    """The C++ compiler that the bounds and, by its own rules, everybody else uses."""
    return os.environ.get("CXX", "g++")


def compile_bound(network: str, extra: tuple[str, ...], program: Path) -> Path:
    """Compile one of the lower bounds."""
    source = str(REFERENCES / f"bound_{network}.cpp")
    launch.launch([compiler(), *FLAGS, *extra, source, "-o", str(program)])
    return program


def run_bound(program: Path, network: str, seconds: float, wiring: Path, threads: int = 1) -> dict[str, Any]:
    """One run of a lower bound."""
    size = REFERENCE[network]
    command = [str(program), str(size.cells), str(size.probability), str(1000 * seconds), str(wiring)]
    done = launch.launch(command, extra={"OMP_NUM_THREADS": str(threads)})
    return per_second(launch.last_json(done["text"]))


def write_brian2(network: str, seconds: float, wiring: Path, directory: Path) -> Path:
    """Write and compile the stock program of a network."""
    script = str(REFERENCES / "stock_brian2.py")
    launch.launch([sys.executable, script, network, str(directory), "--milliseconds", str(1000 * seconds),
                   "--wiring", str(wiring)])
    return directory


def run_brian2(directory: Path, network: str, seconds: float) -> dict[str, Any]:
    """One run of a stock program; the time is the one that Brian2 takes of its own loop over steps."""
    done = launch.launch(["./main"], where=directory)
    results = directory / "results"
    size = REFERENCE[network]
    cells = np.fromfile(next(results.glob("_dynamic_array_spikes_i_*")), np.int32)
    exciting = size.of("E")
    synapses = sum(one.stat().st_size // 4 for one in results.glob("_dynamic_array_synapses*__synaptic_pre_*"))
    # What it reads its synapses from stays in memory, and would not where it drew them.
    given = sum(one.stat().st_size for one in (directory / "static_arrays").iterdir())
    return {
        "wall": float((results / "last_run_info.txt").read_text().split()[0]) / seconds,
        "rate_E": float(np.count_nonzero(cells < exciting)) / exciting / seconds,
        "rate_I": float(np.count_nonzero(cells >= exciting)) / size.of("I") / seconds,
        "synapses": synapses, "peak_mb": done["peak_mb"],
        "bytes_per_synapse": (done["peak_mb"] * 2**20 - given) / synapses,
    }


def run_nest(network: str, seconds: float) -> dict[str, Any]:
    """One run of NEST; its memory holds Python's."""
    script = str(REFERENCES / "stock_nest.py")
    done = launch.launch([sys.executable, script, network, "--milliseconds", str(1000 * seconds)])
    return per_second({**launch.last_json(done["text"]), "peak_mb": done["peak_mb"]})


def run_msim(network: str, seconds: float, precision: str, ranks: int = 1) -> dict[str, Any]:
    """One run of msim."""
    return per_second(launch.msim(network, "--seconds", seconds, "--precision", precision, ranks=ranks))


def prepared(network: str, seconds: float, folder: Path, ranks: int) -> list[Contender]:
    """Everybody who can run here, compiled.

    All but NEST get the same synapses: rates of (a) differ by a tenth between one drawing and another.

    ranks: msim runs on so many too, if more than one
    """
    built = [(name, compile_bound(network, extra, folder / f"{name.replace(' ', '_')}_{network}"))
             for name, extra in BOUNDS.items()]
    wiring = folder / f"wiring_{network}"
    # In a process of its own: a program counts the memory of the one that started it as its own peak.
    launch.launch([sys.executable, "-m", "benchmarks.wiring", network, str(wiring)])
    stock = write_brian2(network, seconds, wiring, folder / f"brian2_{network}")
    found = []
    for precision in ("double", "single"):
        # The first run of all compiles msim's library, and takes memory for it.
        run_msim(network, 0.001, precision)
        found.append(Contender(f"msim {precision}", partial(run_msim, network, seconds, precision)))
    if ranks > 1:
        found.append(Contender(f"msim double, {ranks} ranks", partial(run_msim, network, seconds, "double", ranks)))
    found += [Contender(name, partial(run_bound, program, network, seconds, wiring)) for name, program in built]
    found.append(Contender("Brian2", partial(run_brian2, stock, network, seconds)))
    if importlib.util.find_spec("nest"):
        # A tenth of the time: NEST's loop is an order slower, and its rate is no matter of length.
        found.append(Contender("NEST", partial(run_nest, network, seconds / 10)))
    return found


def compiler_version() -> str:
    """First line of what the compiler says of itself.

    raises: launch.BenchmarkError where there is none
    """
    return launch.launch([compiler(), "--version"])["text"].splitlines()[0]
