"""Energy use of cortex in ATP, added up event by event, and the neuronal TCA cycle that supplies it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.base.equations import subexpressions
from msim.base.errors import InputError
from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import hertz, kilogram, mole, second
from msim.measures.glutamate_cycle import checked_amount

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


def energy_use(
    values: Mapping[str, float], cycle: Mapping[str, np.ndarray], gain: np.ndarray | float, b: np.ndarray | float
) -> dict[str, np.ndarray]:
    """Evaluate the equations of ENERGY_USE.

    values: parameters of the form, SI units; cycle: what `glutamate_cycle` gives of the same activity
    gain: AMPA conductance of a contact relative to rest, without the number of spines; b: fraction of NMDA receptors
        blocked; both broadcast with the activity
    returns: all that the equations name, SI units; UMOL_PER_G_MIN turns V_TCA into the unit of 13C-MRS
    """
    inputs = {"gain": checked_amount(gain, "gain"), "b": checked_amount(b, "blocked")}
    if (inputs["b"] > 1).any():
        raise InputError(f"blocked: wants fractions from 0 to 1, got {b!r}")
    given = {one.name: cycle[one.name] for one in ENERGY_USE.inputs if one.name not in inputs}
    return subexpressions(ENERGY_USE.equations, {**values, **given, **inputs})
