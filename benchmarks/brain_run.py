"""Runs one brain and prints what it cost, one line of JSON.

    python -m benchmarks.brain_run mean-field [--seconds 720]
    python -m benchmarks.brain_run spiking [--seconds 10] [--cells 250] [--regions 19] [--coupling 0.2]
    mpiexec -n 2 python -m benchmarks.brain_run spiking --mpi
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.one_run import memory_mb
from msim.backends.mpi import SERIAL, RankGroup, world
from msim.brain.connectome import Connectome, connectome_of
from msim.definitions.brains.brain import read_brain
from msim.imaging.scan import Label

BRAIN = "brains/brain19"
TR = 2.2  # s
STARTING = 1.0  # s that are not timed
AS_ALONE = 2.5  # Hz, about what pyramidal cells fire at: regions are not measured first


def part_of(connectome: Connectome, regions: int) -> Connectome:
    """The first regions of a connectome and what joins them."""
    k = slice(regions)
    return replace(connectome, regions=connectome.regions[k], weights=connectome.weights[k, k],
                   lengths_mm=connectome.lengths_mm[k, k], gradient=connectome.gradient[k])


def mean_field(options: argparse.Namespace) -> dict[str, Any]:
    """A whole scan of mean fields, from an emulator that is there already."""
    from msim.brain.emulator_axes import brain_emulator
    from msim.brain.field import field_of
    from msim.brain.scans import resting_scans

    brain = read_brain(BRAIN)
    connectome = connectome_of(brain)
    emulator = brain_emulator(brain)
    started = time.perf_counter()
    field = field_of(brain, connectome, emulator, options.coupling)
    resting_scans(brain, field, options.seconds, TR, [Label("01", "rest")], [1])
    return {"regions": len(field.regions), "run_s": time.perf_counter() - started}


def spiking(options: argparse.Namespace, ranks: RankGroup) -> dict[str, Any]:
    """A stretch of spiking, with BOLD beside it."""
    from msim.brain.field import STEP
    from msim.brain.scans import bold_parameters
    from msim.brain.spiking import SpikingBrain, activities
    from msim.brain.spiking_plan import brain_plan
    from msim.measures.bold_stream import BoldStream

    brain = read_brain(BRAIN)
    connectome = part_of(connectome_of(brain), options.regions)
    begun = time.perf_counter()
    plan = brain_plan(brain, connectome, options.cells, 1, options.coupling)
    regions = SpikingBrain(plan, ranks, np.full(options.regions, AS_ALONE))
    bold = BoldStream(bold_parameters(brain), (options.regions,), STEP, TR)
    for _ in activities(regions, STARTING, 2):
        ranks.all(0)
    started, worked, spikes = time.perf_counter(), time.process_time(), 0.0
    for part in activities(regions, options.seconds, 1):
        bold.taken(part.current / 4.2e-10 - 1)
        spikes += float(part.rates.sum(axis=(0, 1)) @ list(plan.sizes.values())) * STEP
    ran = time.perf_counter() - started
    contacts = sum(regions.network.contacts(one.name) for one in plan.spec.projections)
    return {
        "regions": options.regions, "cells": options.cells * options.regions, "build_s": started - begun,
        "run_s": ran, "cpu_s": time.process_time() - worked, "contacts": sum(ranks.all(contacts)), "spikes": spikes,
    }


def main() -> None:
    """Measure one run and print it on rank 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fidelity", choices=("mean-field", "spiking"))
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--cells", type=int, default=250)
    parser.add_argument("--regions", type=int, default=19)
    parser.add_argument("--coupling", type=float, default=0.2)
    parser.add_argument("--mpi", action="store_true", help="share the regions between the ranks that mpiexec started")
    options = parser.parse_args()
    ranks = world() if options.mpi else SERIAL
    found = mean_field(options) if options.fidelity == "mean-field" else spiking(options, ranks)
    peaks = ranks.all(memory_mb("VmHWM"))
    if ranks.rank == 0:
        print(json.dumps({"fidelity": options.fidelity, "ranks": ranks.size, "seconds": options.seconds, **found,
                          "per_second": found["run_s"] / options.seconds, "peak_mb": max(peaks)}))


if __name__ == "__main__":
    main()
