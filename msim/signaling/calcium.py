"""Resting calcium: calcium through the NMDA receptors of a cell and from its stores, relative to rest."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port

RESTING_CALCIUM = Mechanism(
    name="resting_calcium",
    meaning="calcium through the resting and the evoked NMDA receptor pool of a cell",
    scale="slow",
    # Two pools, because receptors that answer spontaneous release are not those that answer
    # spikes (Atasoy 2008): a drug can empty one and spare the other.
    # The few ions of a miniature reach the kinase because stores add theirs (Reese and Kavalali 2015).
    equations="""
    resting = NMDAR * (1 - b_resting) * duty_resting : 1
    evoked = NMDAR * (1 - b_evoked) * duty_evoked : 1
    amplified = resting * (1 - w_stores + w_stores * stores) : 1
    u = (1 - w_evoked) * amplified + w_evoked * evoked : 1
    """,
    inputs=(
        Port("b_resting", 1, "blocked fraction of the resting pool"),
        Port("b_evoked", 1, "blocked fraction of the evoked pool"),
        Port("duty_resting", 1, "activation of the resting pool relative to rest", at_rest=1),
        Port("duty_evoked", 1, "activation of the evoked pool relative to rest", at_rest=1),
    ),
    parameters=(
        Parameter("w_evoked", 1, "share of the evoked pool in resting calcium", low=0, high=1),
        Parameter("w_stores", 1, "share of stores in the calcium of a miniature", low=0, high=1),
        Parameter("stores", 1, "working share of the stores' ryanodine receptors", low=0, high=1),
        Parameter("NMDAR", 1, "share of NMDA receptors that no competitive antagonist holds", low=0, high=1),
    ),
    outputs=(
        Port("u", 1, "calcium that drives eEF2 kinase, relative to rest"),
        Port("evoked", 1, "calcium through the evoked pool, relative to rest"),
    ),
    reference="atasoy2008",
)
