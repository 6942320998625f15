"""MeCP2 phosphorylation and slow transcription: the loop that keeps synapses potentiated."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second

MECP2_LOOP = Mechanism(
    name="mecp2_loop",
    meaning="excitation that potentiation adds phosphorylates MeCP2 at S421; its transcripts keep receptors and spines",
    scale="slow",
    # X remembers only the excitation that potentiation itself adds (gain above the cell's own rest, times
    # how much the synapses are used), not what a drug adds by disinhibition: else every chronic blocker
    # would close the loop.
    # The loop slows the loss of what was gained and makes nothing new. So it is positive feedback (ME3),
    # and yet it ends, whatever its strength: while nothing is inserted all that there is goes on leaking.
    equations="""
    excess = clip(gain - 1, 0, inf) * excitation : 1
    dX/dt = (excess - X) / tau_X : 1
    shift = clip(X, 0, inf)**n_X : 1
    phosphorylated = shift / (X_50**n_X + shift) : 1
    dp_MeCP2/dt = (S421 * clip(CaMKII, 0, 1) * phosphorylated - p_MeCP2) / tau_M : 1
    dL/dt = (transcription * p_MeCP2 - L) / tau_L : 1
    dC/dt = p_MeCP2 * k_C * p_TrkB / (p_TrkB + T_C) * (1 - C) - C / tau_C : 1
    retention = eta * L * (1 + chi * C) : 1
    """,
    inputs=(
        Port("gain", 1, "AMPA conductance of the cell, relative to its own rest", at_rest=1),
        Port("excitation", 1, "AMPA conductance without that gain, relative to rest", at_rest=1),
        Port("CaMKII", 1, "activity of CaMKII, relative to rest", at_rest=1),
        Port("p_TrkB", 1, "fraction of TrkB activated above rest"),
    ),
    parameters=(
        Parameter("S421", 1, "share of MeCP2 that can be phosphorylated at S421", low=0, high=1),
        Parameter("transcription", 1, "capacity of transcription, relative to normal", low=0),
        Parameter("tau_X", second, "memory of the excitation shift", low=0, low_is_allowed=False),
        Parameter("X_50", 1, "shift of half-maximal phosphorylation", low=0, low_is_allowed=False),
        Parameter("n_X", 1, "steepness of phosphorylation", low=1),
        Parameter("tau_M", second, "time constant of pS421-MeCP2", low=0, low_is_allowed=False),
        Parameter("tau_L", second, "turnover time of what its transcription makes", low=0, low_is_allowed=False),
        Parameter("eta", 1, "by how much all of that slows the loss of receptors and spines", low=0),
        Parameter("chi", 1, "how much consolidation adds to it", low=0),
        Parameter("k_C", 1 / second, "rate of consolidation", low=0),
        Parameter("T_C", 1, "TrkB activation of half-maximal consolidation", low=0, low_is_allowed=False),
        Parameter("tau_C", second, "time in which consolidation is lost", low=0, low_is_allowed=False),
    ),
    outputs=(
        Port("X", 1, "memory of the excitation shift"),
        Port("p_MeCP2", 1, "fraction of MeCP2 phosphorylated at S421 above rest"),
        Port("L", 1, "what transcription by pS421-MeCP2 has made, relative to the most that it makes"),
        Port("C", 1, "consolidation"),
        Port("retention", 1, "by how much the loss of receptors and spines is slowed"),
    ),
    rest={"X": "0", "p_MeCP2": "0", "L": "0", "C": "0"},
    reference="kim2021",
)
