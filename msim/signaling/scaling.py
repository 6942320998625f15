"""AMPA receptor number of a cell, set by TrkB: one factor on all its AMPA synapses."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second

SCALING = Mechanism(
    name="ampar_scaling",
    meaning="AMPA receptors inserted by TrkB within the hour, lost within a day, kept by late gain",
    scale="slow",
    # One factor per cell multiplies every AMPA synapse of it, so relative weights do not move
    # (Suzuki 2021). CaMKII has to see evoked calcium for receptors to be kept at the synapse.
    equations="""
    calcium = clip(evoked, 0, inf)**n_K : 1
    gate = calcium * (1 + c_K**n_K) / (c_K**n_K + calcium) : 1
    signal = clip(p_TrkB * gate, 0, inf)**n_T : 1
    insertion = GluA2 * signal / (T_50**n_T + signal) : 1
    dA/dt = insertion * (1 + eta * p_MeCP2) * (1 + A_max - A) / tau_in - (A - 1) / tau_off : 1
    AMPAR_scale = A + GluA2 * late : 1
    """,
    inputs=(
        Port("p_TrkB", 1, "fraction of TrkB activated above rest"),
        Port("evoked", 1, "calcium through the evoked pool, relative to rest", at_rest=1),
        Port("p_MeCP2", 1, "fraction of MeCP2 phosphorylated at S421 above rest"),
        Port("late", 1, "late gain kept up by transcription"),
    ),
    parameters=(
        Parameter("GluA2", 1, "working share of GluA2", low=0),
        Parameter("T_50", 1, "TrkB activation of half-maximal insertion", low=0, low_is_allowed=False),
        Parameter("n_T", 1, "steepness of insertion", low=1),
        Parameter("c_K", 1, "evoked calcium of half-maximal CaMKII gate, relative to rest", low=0),
        Parameter("n_K", 1, "steepness of the CaMKII gate", low=1),
        Parameter("eta", 1, "how much pS421-MeCP2 helps insertion", low=0),
        Parameter("A_max", 1, "largest early gain of AMPA receptors", low=0),
        Parameter("tau_in", second, "time of insertion", low=0, low_is_allowed=False),
        Parameter("tau_off", second, "time in which early gain is lost", low=0, low_is_allowed=False),
    ),
    outputs=(
        Port("A", 1, "early AMPA gain, relative to rest"),
        Port("AMPAR_scale", 1, "AMPA conductance of the cell, relative to rest"),
        Port("insertion", 1, "drive of receptor insertion"),
    ),
    rest={"A": "1"},
    reference="suzuki2021",
)
