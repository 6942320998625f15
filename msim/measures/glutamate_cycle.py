"""Rate of the glutamate-glutamine cycle, as 13C-MRS sees it: vesicles released times the glutamate in each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.base.equations import subexpressions
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


def checked_amount(value: np.ndarray | float, name: str) -> np.ndarray:
    """Return the value as an array, and refuse values that are not finite or below 0.

    raises: InputError
    """
    array = np.asarray(value, dtype=float)
    if array.size == 0 or not (np.isfinite(array).all() and (array >= 0).all()):
        raise InputError(f"{name}: wants finite values from 0 on, got {value!r}")
    return array


def glutamate_cycle(
    values: Mapping[str, float], r_pyramidal: np.ndarray | float, r_background: np.ndarray | float,
    r_miniature: np.ndarray | float, n: np.ndarray | float = 1.0,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Evaluate the equations of GLUTAMATE_CYCLE.

    values: parameters of the form, SI units; further arguments: its inputs, arrays that broadcast together
    returns: the inputs and all that the equations name, SI units; UMOL_PER_G_MIN turns V_cycle into the unit of 13C-MRS
    """
    rates = {"r_pyramidal": r_pyramidal, "r_background": r_background, "r_miniature": r_miniature, "n": n}
    inputs = {name: checked_amount(value, name) for name, value in rates.items()}
    return inputs | subexpressions(GLUTAMATE_CYCLE.equations, {**values, **inputs})
