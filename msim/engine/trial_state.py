"""A trial between two leaps as arrays by name, and back: exact, for any number of ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from msim.engine.multiscale import Journey
from msim.engine.network import NetworkState


@dataclass(frozen=True)
class TrialState:
    """Where a trial stands.

    arrays: by name, SI units; about: plain values, among them `time` in s
    """

    arrays: Mapping[str, np.ndarray]
    about: Mapping[str, Any]

    def under(self, start: str) -> dict[str, np.ndarray]:
        """Arrays whose name begins so, by the rest of their name."""
        return {name[len(start):]: values for name, values in self.arrays.items() if name.startswith(start)}

    @property
    def network(self) -> NetworkState:
        """The state of the spiking cells."""
        return NetworkState(self.under("network/"), self.about["network"])


def trial_state(journey: Journey) -> TrialState | None:
    """The state of a journey between two leaps; None where the target cannot tell that of its cells."""
    network = journey.network.state()
    if network is None:
        return None
    arrays = {f"network/{name}": values for name, values in network.arrays.items()}
    arrays.update({f"slow/{name}": values for name, values in journey.states.items()})
    arrays.update({f"averages/{name}": values for name, values in journey.averages.items()})
    arrays.update({f"references/{name}": values for name, values in journey.scale.references.items()})
    about = {
        "network": dict(network.about), "time": journey.time, "next_leap": journey.next_leap,
        "spiking_seconds": journey.spiking_seconds,
    }  # fmt: skip
    return TrialState({name: np.array(values) for name, values in arrays.items()}, about)
