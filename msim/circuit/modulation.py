"""Neuromodulators that hold a conductance of a cell open or shut without events."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import amp, siemens, volt

MUSCARINIC = Mechanism(
    name="muscarinic",
    meaning="potassium conductance that acetylcholine keeps shut through muscarinic receptors",
    scale="receptor",
    # Where acetylcholine keeps all of it shut there is no current: the cell's leak was measured so. An antagonist
    # opens it, and with it goes a depolarisation that lasted as long as there was acetylcholine.
    equations="I = g_K*(1 - shut)*(E_K - v) : amp",
    inputs=(Port("v", volt, "membrane potential of the cell"),),
    parameters=(
        Parameter("g_K", siemens, "potassium conductance that acetylcholine can shut", low=0),
        Parameter("E_K", volt, "reversal potential of potassium"),
        Parameter("shut", 1, "share of it that acetylcholine keeps shut", low=0, high=1),
    ),
    outputs=(Port("I", amp, "current into the cell"),),
    sign=-1,
    reference="wohleb2016",
)
