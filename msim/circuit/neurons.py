"""Membrane equations of pyramidal, PV and SST cells."""

from __future__ import annotations

from msim.base.mechanism import SOMA, Compartment, Mechanism, Parameter, Port
from msim.base.units import amp, farad, second, siemens, volt

_SPIKING = (
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
)

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
    parameters=_SPIKING,
    outputs=(Port("v", volt, "membrane potential"), Port("w", amp, "adaptation current")),
    rest={"v": "E_L", "w": "0"},
    threshold="v > V_spike",
    reset="v = V_r; w += b_w",
    refractory="t_ref",
    ascending=(("V_r", "V_spike"),),
    reference="brette2005",
)

ADEX_WITH_DENDRITE = Mechanism(
    name="adex_with_dendrite",
    meaning="adaptive exponential integrate-and-fire soma with a passive apical dendrite",
    scale="membrane",
    # The spike stays in the soma: a reset model has none that could run back into the dendrite.
    equations="""
    spike_start = g_L*Delta_T*clip(exp((v - V_T)/Delta_T), 0, exp(20)) : amp
    dipole_current = g_c*(v_dendrite - v) : amp
    dv/dt = (g_L*(E_L - v) + spike_start - w + dipole_current + I_syn)/C_m : volt (unless refractory)
    dv_dendrite/dt = (g_L_dendrite*(E_L - v_dendrite) - dipole_current + I_dendrite)/C_dendrite : volt
    dw/dt = -w/tau_w : amp
    """,
    inputs=(
        Port("I_syn", amp, "sum of the currents of the receptors at the soma"),
        Port("I_dendrite", amp, "sum of the currents of the receptors on the dendrite"),
    ),
    parameters=(
        *_SPIKING,
        Parameter("C_dendrite", farad, "membrane capacitance of the dendrite", low=0, low_is_allowed=False),
        Parameter("g_L_dendrite", siemens, "leak conductance of the dendrite", low=0, low_is_allowed=False),
        Parameter("g_c", siemens, "axial conductance between dendrite and soma", low=0, low_is_allowed=False),
    ),
    outputs=(
        Port("v", volt, "membrane potential of the soma"),
        Port("w", amp, "adaptation current"),
        Port("v_dendrite", volt, "membrane potential of the dendrite"),
        Port("dipole_current", amp, "current from dendrite to soma, whose return path outside makes the field"),
    ),
    rest={"v": "E_L", "v_dendrite": "E_L", "w": "0"},
    threshold="v > V_spike",
    reset="v = V_r; w += b_w",
    refractory="t_ref",
    ascending=(("V_r", "V_spike"),),
    compartments=(SOMA, Compartment("dendrite", "v_dendrite", "I_dendrite")),
    reference="brette2005",
)
