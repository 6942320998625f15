"""Rate of the glutamate-glutamine cycle, as 13C-MRS sees it: vesicles released times the glutamate in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError
from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import hertz, kilogram, meter, mole, second

UMOL_PER_G_MIN = 6e4  # in 1 mol / kg / s

GLUTAMATE_CYCLE = Mechanism(
    name="glutamate_cycle",
    meaning="glutamate that boutons release, all of which glia take up and give back as glutamine",
    scale="readout",
    # A bouton goes on releasing when its spine is lost, unless boutons_lost says that it goes too: then
    # what is left of the boutons is 1 - boutons_lost * (1 - n).
    equations="""
        boutons = density * excitatory / tissue : 1/kilogram
        spike_rate = local * r_pyramidal + (1 - local) * r_background : hertz
        event_rate = p_release * spike_rate + r_miniature : hertz
        kept = 1 - boutons_lost * (1 - n) : 1
        release = boutons * kept * event_rate : 1/kilogram/second
        V_cycle = release * quantum : mole/kilogram/second
    """,
    inputs=(
        Port("r_pyramidal", hertz, "firing rate of pyramidal cells"),
        Port("r_background", hertz, "firing rate of long-range afferents"),
        Port("r_miniature", hertz, "spontaneous release at a contact"),
        Port("n", 1, "spines relative to a healthy brain", at_rest=1),
    ),
    parameters=(
        Parameter("density", 1 / meter**3, "synapses in a volume of cortex", low=0, low_is_allowed=False),
        Parameter("excitatory", 1, "share of them that releases glutamate", low=0, high=1),
        Parameter("tissue", kilogram / meter**3, "mass density of cortex", low=0, low_is_allowed=False),
        Parameter("local", 1, "share of glutamatergic contacts that local pyramidal cells make", low=0, high=1),
        Parameter("p_release", 1, "vesicles that a spike releases at a bouton, on average", low=0),
        Parameter("quantum", mole, "glutamate in a vesicle", low=0, low_is_allowed=False),
        Parameter("boutons_lost", 1, "share of lost spines whose bouton is lost too", low=0, high=1),
    ),
    outputs=(Port("V_cycle", mole / (kilogram * second), "rate of the glutamate-glutamine cycle"),),
    reference="shen1999",
)


@dataclass(frozen=True)
class GlutamateCycle:
    """Values of the parameters of GLUTAMATE_CYCLE in SI units."""

    density: float
    excitatory: float
    tissue: float
    local: float
    p_release: float
    quantum: float
    boutons_lost: float

    @property
    def boutons(self) -> float:
        """Return the number of glutamatergic boutons in a healthy cortex, 1/kg."""
        return self.density * self.excitatory / self.tissue


@dataclass(frozen=True)
class Activity:
    """Mean activity of a column; arrays of any shapes that broadcast together.

    pyramidal, background: firing rates of pyramidal cells and of long-range afferents, Hz
    miniature: spontaneous release at a contact, Hz
    spines: relative to a healthy brain
    """

    pyramidal: np.ndarray | float
    background: np.ndarray | float
    miniature: np.ndarray | float
    spines: np.ndarray | float = 1.0

    def __post_init__(self) -> None:
        for name in ("pyramidal", "background", "miniature", "spines"):
            checked_amount(getattr(self, name), name)


def checked_amount(value: np.ndarray | float, name: str) -> np.ndarray:
    """Return the value as an array, and refuse values that are not finite or below 0.

    raises: InputError
    """
    array = np.asarray(value, dtype=float)
    if array.size == 0 or not (np.isfinite(array).all() and (array >= 0).all()):
        raise InputError(f"{name}: wants finite values from 0 on, got {value!r}")
    return array


def spike_rate(activity: Activity, values: GlutamateCycle) -> np.ndarray:
    """Compute the spikes that reach a glutamatergic bouton, Hz, mean over boutons."""
    local, distant = np.asarray(activity.pyramidal, dtype=float), np.asarray(activity.background, dtype=float)
    return np.asarray(values.local * local + (1 - values.local) * distant)


def event_rate(activity: Activity, values: GlutamateCycle) -> np.ndarray:
    """Compute the vesicles that a bouton releases, evoked and spontaneous, Hz."""
    return np.asarray(values.p_release * spike_rate(activity, values) + np.asarray(activity.miniature, dtype=float))


def boutons_kept(activity: Activity, values: GlutamateCycle) -> np.ndarray:
    """Compute the number of boutons relative to a healthy brain."""
    return np.asarray(1 - values.boutons_lost * (1 - np.asarray(activity.spines, dtype=float)))


def release_events(activity: Activity, values: GlutamateCycle) -> np.ndarray:
    """Compute the vesicles released in a kilogram of cortex, 1/(kg s)."""
    return np.asarray(values.boutons * boutons_kept(activity, values) * event_rate(activity, values))


def glutamate_cycling(activity: Activity, values: GlutamateCycle) -> np.ndarray:
    """Compute V_cycle of 13C-MRS: the rate of the glutamate-glutamine cycle.

    returns: umol/g/min, of the shape to which the activity broadcasts
    """
    return np.asarray(UMOL_PER_G_MIN * values.quantum * release_events(activity, values))
