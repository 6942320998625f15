"""Energy use of cortex in ATP, added up event by event, and the neuronal TCA cycle that supplies it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError
from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import hertz, kilogram, mole, second
from msim.measures.glutamate_cycle import (
    UMOL_PER_G_MIN,
    Activity,
    GlutamateCycle,
    boutons_kept,
    checked_amount,
    event_rate,
    spike_rate,
)

ENERGY_USE = Mechanism(
    name="energy_use",
    meaning="ATP that spikes, release, synaptic currents and upkeep use, and turns of the neuronal TCA cycle for it",
    scale="readout",
    # The AMPA current of an event falls on the spines that are there, so it goes by gain and spines; as in the column,
    # spines do not change the NMDA current, which needs only the bouton and what block leaves of it.
    equations="""
        spikes = boutons * spike_rate * ATP_spike : mole/kilogram/second
        vesicles = boutons * kept * event_rate * (ATP_presynaptic + ATP_recycling) : mole/kilogram/second
        AMPA = boutons * event_rate * gain * n * ATP_AMPA : mole/kilogram/second
        NMDA = boutons * kept * event_rate * (1 - b) * ATP_NMDA : mole/kilogram/second
        ATP = housekeeping + spikes + vesicles + AMPA + NMDA : mole/kilogram/second
        V_TCA = neuronal * ATP / ATP_per_turn : mole/kilogram/second
    """,
    inputs=(
        Port("boutons", 1 / kilogram, "glutamatergic boutons of a healthy cortex"),
        Port("kept", 1, "boutons relative to a healthy brain", at_rest=1),
        Port("spike_rate", hertz, "spikes that reach a bouton"),
        Port("event_rate", hertz, "vesicles that a bouton releases"),
        Port("gain", 1, "AMPA conductance of a contact relative to rest", at_rest=1),
        Port("n", 1, "spines relative to a healthy brain", at_rest=1),
        Port("b", 1, "fraction of NMDA receptors blocked"),
    ),
    parameters=(
        Parameter("ATP_spike", mole, "ATP for a spike, by bouton of the axon", low=0),
        Parameter("ATP_presynaptic", mole, "ATP for the calcium and the membrane of a vesicle", low=0),
        Parameter("ATP_recycling", mole, "ATP to take up and pack the glutamate of a vesicle", low=0),
        Parameter("ATP_AMPA", mole, "ATP to pump out what a vesicle lets in through AMPA receptors", low=0),
        Parameter("ATP_NMDA", mole, "ATP to pump out what a vesicle lets in through NMDA receptors", low=0),
        Parameter("housekeeping", mole / (kilogram * second), "ATP for all that is no signalling", low=0),
        Parameter("neuronal", 1, "share of oxidation that is done by neurons", low=0, high=1),
        Parameter("ATP_per_turn", 1, "ATP from the glucose of a turn of the TCA cycle", low=0, low_is_allowed=False),
    ),
    outputs=(
        Port("ATP", mole / (kilogram * second), "all ATP that is used"),
        Port("V_TCA", mole / (kilogram * second), "rate of the neuronal TCA cycle"),
    ),
    reference="attwell2001",
)


@dataclass(frozen=True)
class EnergyUse:
    """Values of the parameters of ENERGY_USE in SI units."""

    ATP_spike: float
    ATP_presynaptic: float
    ATP_recycling: float
    ATP_AMPA: float
    ATP_NMDA: float
    housekeeping: float
    neuronal: float
    ATP_per_turn: float


@dataclass(frozen=True)
class EnergyBudget:
    """ATP used by each cause, umol/g/min; all of one shape."""

    housekeeping: np.ndarray
    spikes: np.ndarray
    vesicles: np.ndarray
    AMPA: np.ndarray
    NMDA: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Return the ATP used by all causes together, umol/g/min."""
        return np.asarray(self.housekeeping + self.spikes + self.vesicles + self.AMPA + self.NMDA)


def energy_budget(
    activity: Activity, gain: np.ndarray | float, blocked: np.ndarray | float, cycle: GlutamateCycle, energy: EnergyUse
) -> EnergyBudget:
    """Compute the ATP that cortex uses, by cause.

    gain: AMPA conductance of a contact relative to rest, without the number of spines
    blocked: fraction of NMDA receptors blocked
    returns: umol/g/min, of the shape to which activity, gain and block broadcast
    """
    gains, block = checked_amount(gain, "gain"), checked_amount(blocked, "blocked")
    if (block > 1).any():
        raise InputError(f"blocked: wants fractions from 0 to 1, got {blocked!r}")
    events, kept = event_rate(activity, cycle), boutons_kept(activity, cycle)
    spines = np.asarray(activity.spines, dtype=float)
    uses = np.broadcast_arrays(
        energy.housekeeping / cycle.boutons,
        energy.ATP_spike * spike_rate(activity, cycle),
        (energy.ATP_presynaptic + energy.ATP_recycling) * kept * events,
        energy.ATP_AMPA * gains * spines * events,
        energy.ATP_NMDA * (1 - block) * kept * events,
    )
    return EnergyBudget(*(UMOL_PER_G_MIN * cycle.boutons * one for one in uses))


def tca_rate(budget: EnergyBudget, energy: EnergyUse) -> np.ndarray:
    """Compute V_TCA of 13C-MRS: the rate of the neuronal TCA cycle that makes the ATP, umol/g/min."""
    return np.asarray(energy.neuronal * budget.total / energy.ATP_per_turn)
