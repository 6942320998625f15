"""Baseline, the first burst of a trial: the averages at rest, and their noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msim.backends.fast_network import Burst, FastNetwork
from msim.definitions.experiments.schedule import Schedule

LEAST_PIECES = 2


def piece_count(schedule: Schedule) -> int:
    """Return the number of bursts in the baseline: even, each about as long as the shortest of later bursts."""
    return max(LEAST_PIECES, 2 * round(schedule.baseline / schedule.burst / 2))


def baseline_pieces(network: FastNetwork, schedule: Schedule) -> list[Burst]:
    """Run the baseline as bursts without a gap."""
    n_pieces = piece_count(schedule)
    seconds = schedule.baseline / n_pieces
    return [network.burst(schedule.settle if piece == 0 else 0.0, seconds, False) for piece in range(n_pieces)]


def joined(pieces: Sequence[Burst]) -> Burst:
    """Join equally long bursts that followed each other into one, without its spikes."""
    middle = len(pieces) // 2
    halves = {
        name: np.stack([_mean(pieces[:middle], name), _mean(pieces[middle:], name)]) for name in pieces[0].halves
    }
    return Burst(sum(one.seconds for one in pieces), halves, {}, {}, pieces[0].field_rate)


def _mean(pieces: Sequence[Burst], name: str) -> np.ndarray:
    return np.asarray(np.mean([one.halves[name].mean(axis=0) for one in pieces], axis=0))
