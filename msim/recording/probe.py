"""The times at which a trial records quantities."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recording:
    """Times in seconds at which quantities are recorded.

    samples: times at which slow and drug quantities are kept as mean and spread over cells
    probes: times at which a longer burst is run and every cell, spike and field is kept
    """

    samples: tuple[float, ...]
    probes: tuple[float, ...]
    sampled: tuple[str, ...]
    probed: tuple[str, ...]
