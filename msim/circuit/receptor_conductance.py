"""Conductance that the receptors of a cell have together: their gain, and the share of them that nothing blocks."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port

RECEPTOR_CONDUCTANCE = Mechanism(
    name="receptor_conductance",
    meaning="conductance of the receptors of a cell that can open, as an electrode measures it",
    scale="slow",
    # Without a state: an antagonist hides receptors that are there, and the gain counts them all the same.
    equations="conductance = available * gain : 1",
    inputs=(Port("gain", 1, "conductance relative to rest, all receptors available", at_rest=1),),
    parameters=(Parameter("available", 1, "conductance relative to normal: what blockers leave", low=0),),
    outputs=(Port("conductance", 1, "conductance of the receptors that can open, relative to a healthy cell at rest"),),
)
