"""State of a trial between two leaps, as arrays by name: exact, and independent of the number of ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from msim.backends.fast_network import NetworkState
from msim.multiscale.averages import BurstSummary
from msim.multiscale.co_simulation import CoSimulation


@dataclass(frozen=True)
class TrialState:
    """Full state of a trial, from which it can continue.

    arrays: by name, SI units, long ones of the record as spools; about: plain values, among them `time` in s
    """

    arrays: Mapping[str, Any]
    about: Mapping[str, Any]

    def under(self, start: str) -> dict[str, Any]:
        """Return the arrays whose name begins with `start`, by the rest of their name."""
        return {name[len(start):]: values for name, values in self.arrays.items() if name.startswith(start)}

    def last_burst(self, kind: str) -> BurstSummary | None:
        """Return the summary of a burst; None where it does not count, as the one before an event.

        kind: 'told' for the last burst, 'earlier' for the one before it
        """
        time, seconds = self.about[f"{kind}_time"], self.about[f"{kind}_seconds"]
        return None if time is None else BurstSummary(time, self.under(f"{kind}/"), seconds)

    @property
    def network(self) -> NetworkState:
        """Return the state of the spiking cells."""
        return NetworkState(self.under("network/"), self.about["network"])


def trial_state(cosimulation: CoSimulation) -> TrialState | None:
    """Return the state of a trial between two leaps; None where the target cannot give the state of its cells."""
    network = cosimulation.network.state()
    if network is None:
        return None
    arrays = {f"network/{name}": values for name, values in network.arrays.items()}
    arrays.update({f"slow/{name}": values for name, values in cosimulation.states.items()})
    arrays["noise"] = cosimulation.noise.deviations
    arrays.update({f"references/{name}": values for name, values in cosimulation.scale.references.items()})
    arrays.update({f"resting_rates/{name}": values for name, values in cosimulation.resting_rates.items()})
    about = {
        "network": dict(network.about), "time": cosimulation.time, "next_leap": cosimulation.next_leap,
        "spiking_seconds": cosimulation.spiking_seconds, "noise_names": list(cosimulation.noise.names),
        "slowness": cosimulation.noise.slowness,
    }  # fmt: skip
    for kind, last_burst in (("told", cosimulation.last_burst), ("earlier", cosimulation.burst_before)):
        arrays.update(
            {f"{kind}/{name}": values for name, values in (last_burst.averages.items() if last_burst else ())}
        )
        about[f"{kind}_time"], about[f"{kind}_seconds"] = (
            (last_burst.time, last_burst.seconds) if last_burst else (None, None)
        )
    return TrialState({name: np.array(values) for name, values in arrays.items()}, about)
