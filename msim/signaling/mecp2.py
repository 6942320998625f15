"""MeCP2 phosphorylation and slow transcription: the loop that keeps synapses potentiated."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second

MECP2_LOOP = Mechanism(
    name="mecp2_loop",
    meaning="excitation that potentiation adds phosphorylates MeCP2 at S421, whose transcription keeps the gain",
    scale="slow",
    # X remembers only the excitation that potentiation itself adds, not what a drug adds by
    # disinhibition: else every chronic blocker would close the loop.
    # F raises the threshold where the shift lasts for weeks; how the loop really ends is unknown.
    equations="""
    dX/dt = (excess - X) / tau_X : 1
    shift = clip(X, 0, inf)**n_X : 1
    X_half = X_50 + phi * F : 1
    dp_MeCP2/dt = (S421 * shift / (X_half**n_X + shift) - p_MeCP2) / tau_M : 1
    dL/dt = (transcription * L_max * (1 + chi * C) * p_MeCP2 - L) / tau_L : 1
    dC/dt = p_MeCP2 * k_C * p_TrkB / (p_TrkB + T_C) * (1 - C) - C / tau_C : 1
    dF/dt = (clip(X, 0, inf) - F) / tau_F : 1
    """,
    inputs=(
        Port("excess", 1, "AMPA conductance that potentiation adds, in units of the resting one"),
        Port("p_TrkB", 1, "fraction of TrkB activated above rest"),
    ),
    parameters=(
        Parameter("S421", 1, "share of MeCP2 that can be phosphorylated at S421", low=0, high=1),
        Parameter("transcription", 1, "capacity of transcription, relative to normal", low=0),
        Parameter("tau_X", second, "memory of the excitation shift", low=0, low_is_allowed=False),
        Parameter("X_50", 1, "shift of half-maximal phosphorylation", low=0, low_is_allowed=False),
        Parameter("n_X", 1, "steepness of phosphorylation", low=1),
        Parameter("tau_M", second, "time constant of pS421-MeCP2", low=0, low_is_allowed=False),
        Parameter("L_max", 1, "late gain where all MeCP2 is phosphorylated", low=0),
        Parameter("tau_L", second, "time constant of late gain", low=0, low_is_allowed=False),
        Parameter("chi", 1, "how much consolidation adds to late gain", low=0),
        Parameter("k_C", 1 / second, "rate of consolidation", low=0),
        Parameter("T_C", 1, "TrkB activation of half-maximal consolidation", low=0, low_is_allowed=False),
        Parameter("tau_C", second, "time in which consolidation is lost", low=0, low_is_allowed=False),
        Parameter("tau_F", second, "time constant of the loop breaker", low=0, low_is_allowed=False),
        Parameter("phi", 1, "how much the loop breaker raises the threshold", low=0),
    ),
    outputs=(
        Port("X", 1, "memory of the excitation shift"),
        Port("p_MeCP2", 1, "fraction of MeCP2 phosphorylated at S421 above rest"),
        Port("L", 1, "late AMPA gain"),
        Port("C", 1, "consolidation"),
        Port("F", 1, "loop breaker"),
    ),
    rest={"X": "0", "p_MeCP2": "0", "L": "0", "C": "0", "F": "0"},
    reference="kim2021",
)
