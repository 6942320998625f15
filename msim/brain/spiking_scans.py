"""Resting scans of a brain of spiking columns, one after another; `msim.brain.scans` has those of mean fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.backends.mpi import SERIAL, RankGroup
from msim.base.errors import SimulationError
from msim.brain.connectome import Connectome
from msim.brain.scans import bold_parameters
from msim.brain.spiking import activities
from msim.brain.spiking_plan import brain_plan
from msim.brain.spiking_rest import MEASURING, Rest, brain_at_rest
from msim.definitions.brains.brain import BrainDefinition
from msim.imaging.scan import Label, Scan
from msim.measures.bold_stream import BoldStream
from msim.measures.scan_times import STEP, discarded_volumes, simulated_seconds


@dataclass(frozen=True)
class SpikingOptions:
    """Settings of spiking scans.

    cells: of every region; coupling: in place of the file's
    measuring: s over which rest is measured, before the scan
    regional: state of every region, as `brain_plan` takes it
    progress: called with the label of a scan, its seconds that are done, and its length
    """

    cells: int
    coupling: float | None = None
    measuring: float = MEASURING
    regional: Sequence[Mapping[str, float]] = ()
    progress: Callable[[Label, float, float], None] = lambda *_: None


@dataclass(frozen=True)
class SpikingScan:
    """A scan, the rest that it is relative to, and the mean rates of its regions.

    rates: Hz, shape (regions, populations), without the discarded volumes
    """

    scan: Scan
    rest: Rest
    rates: np.ndarray


def spiking_scans(
    brain: BrainDefinition, connectome: Connectome, seconds: float, tr: float, labels: Sequence[Label],
    seeds: Sequence[int], options: SpikingOptions, ranks: RankGroup = SERIAL,
) -> list[Scan]:  # fmt: skip
    """Simulate scans at rest; all ranks have to call this alike and get the same.

    seconds, tr: length of a scan and time between volumes, s
    seeds: of wiring, background and slow fluctuations; the last are those of a mean field with that seed
    raises: InputError where TR does not fit, SimulationError where a region runs away or is silent
    """
    return [
        spiking_scan(brain, connectome, seconds, tr, label, seed, options, ranks).scan
        for label, seed in zip(labels, seeds, strict=True)
    ]


def spiking_scan(
    brain: BrainDefinition, connectome: Connectome, seconds: float, tr: float, label: Label, seed: int,
    options: SpikingOptions, ranks: RankGroup = SERIAL,
) -> SpikingScan:  # fmt: skip
    """Simulate one scan at rest, as `spiking_scans` does."""
    whole, first = simulated_seconds(seconds, tr), discarded_volumes(tr)
    plan = brain_plan(brain, connectome, options.cells, seed, options.coupling, options.regional)
    stream = BoldStream(bold_parameters(brain), (len(plan.regions),), STEP, tr)
    regions, rest = brain_at_rest(plan, ranks, options.measuring)
    if not (rest.current > 0).all():
        raise SimulationError(f"region '{plan.regions[int(np.argmin(rest.current))]}': no synaptic current at rest")
    volumes, steps, scanned = [], 0, 0
    rates = np.zeros_like(rest.joined)
    for part in activities(regions, whole, seed):
        volumes.append(stream.taken(part.current / rest.current - 1))
        skipped = min(len(part.rates), max(0, round(first * tr / STEP) - steps))
        # Step by step, so that the sum does not hang on how activity is cut into chunks.
        for now in part.rates[skipped:]:
            rates += now
        steps, scanned = steps + len(part.rates), scanned + len(part.rates) - skipped
        options.progress(label, steps * STEP, whole)
    return SpikingScan(Scan(label, plan.regions, np.concatenate(volumes)[first:], tr), rest, rates / scanned)
