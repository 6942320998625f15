"""Membrane equations of pyramidal, PV and SST cells."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import amp, farad, second, siemens, volt

ADEX = Mechanism(
    name="adex",
    meaning="adaptive exponential integrate-and-fire cell",
    scale="membrane",
    # The exponential is clipped: within one step after V_T it would overflow before the
    # threshold is tested.
    equations="""
    spike_start = g_L*Delta_T*clip(exp((v - V_T)/Delta_T), 0, exp(20)) : amp
    dv/dt = (g_L*(E_L - v) + spike_start - w + I_syn)/C_m : volt (unless refractory)
    dw/dt = -w/tau_w : amp
    """,
    inputs=(Port("I_syn", amp, "sum of the currents of all receptors"),),
    parameters=(
        Parameter("C_m", farad, "membrane capacitance", low=0, low_is_allowed=False),
        Parameter("g_L", siemens, "leak conductance", low=0, low_is_allowed=False),
        Parameter("E_L", volt, "leak reversal potential"),
        Parameter("V_T", volt, "potential at which the spike starts"),
        Parameter("Delta_T", volt, "sharpness of the spike's start", low=0, low_is_allowed=False),
        Parameter("V_spike", volt, "potential at which a spike is counted"),
        Parameter("V_r", volt, "potential after a spike"),
        Parameter("t_ref", second, "refractory time", low=0),
        Parameter("b_w", amp, "adaptation current added by a spike"),
        Parameter("tau_w", second, "time constant of adaptation", low=0, low_is_allowed=False),
    ),
    outputs=(Port("v", volt, "membrane potential"), Port("w", amp, "adaptation current")),
    rest={"v": "E_L", "w": "0"},
    threshold="v > V_spike",
    reset="v = V_r; w += b_w",
    refractory="t_ref",
    ascending=(("V_r", "V_spike"),),
    reference="brette2005",
)
