"""AMPA, NMDA, GABA-A and GABA-B receptors as conductances that events add to."""

from __future__ import annotations

from msim.base.mechanism import Derived, Mechanism, Parameter, Port
from msim.base.units import amp, hertz, mmolar, second, siemens, volt


def _exponential_receptor(name: str, meaning: str, sign: int) -> Mechanism:
    return Mechanism(
        name=name,
        meaning=meaning,
        scale="receptor",
        equations="""
        dg/dt = -g/tau_decay : siemens
        I = available*gain*g*(E - v) : amp
        gated = available*gain*g : siemens
        excess = available*(gain - 1)*g : siemens
        """,
        inputs=(
            Port("v", volt, "membrane potential of the cell"),
            Port("gain", 1, "conductance relative to rest: one factor on all synapses of the cell", at_rest=1),
        ),
        parameters=(
            Parameter("tau_decay", second, "decay of the conductance", low=0, low_is_allowed=False),
            Parameter("E", volt, "reversal potential"),
            Parameter("available", 1, "conductance relative to normal: what blockers leave or modulators add", low=0),
        ),
        outputs=(
            Port("g", siemens, "conductance at resting gain, all receptors available"),
            Port("I", amp, "current into the cell"),
            Port("gated", siemens, "conductance"),
            Port("excess", siemens, "conductance that a gain above rest adds"),
        ),
        rest={"g": "0"},
        on_event="g += peak",
        sign=sign,
    )


AMPA = _exponential_receptor("ampa", "AMPA receptors: fast excitation", sign=+1)
GABA_A = _exponential_receptor("gaba_a", "GABA-A receptors: fast inhibition", sign=-1)

# Makes the response to one event peak at `peak`, whatever the two times.
_PEAK_OF_ONE = Derived(
    "scale_x",
    hertz,
    "(1/tau_rise - 1/tau_decay)/((tau_rise/tau_decay)**(tau_rise/(tau_decay - tau_rise))"
    " - (tau_rise/tau_decay)**(tau_decay/(tau_decay - tau_rise)))",
)

NMDA = Mechanism(
    name="nmda",
    meaning="NMDA receptors: slow excitation through a pore that magnesium and drugs plug",
    scale="receptor",
    # Magnesium holds GluN2A and GluN2B alike and GluN2D less, so what it leaves depends on the pool's subunits.
    equations="""
    dx/dt = -x/tau_rise : siemens
    dg/dt = -g/tau_decay + free*scale_x*x : siemens
    B_strong = 1/(1 + Mg_o/K_Mg*exp(-v/v_Mg)) : 1
    B_weak = 1/(1 + Mg_o/K_Mg_2D*exp(-v/v_Mg)) : 1
    B_Mg = strong*B_strong + weak*B_weak : 1
    I = (1 - block)*g*B_Mg*(E - v) : amp
    """,
    inputs=(
        Port("v", volt, "membrane potential of the cell"),
        Port("block", 1, "fraction of the current that drugs in the pore take away"),
    ),
    parameters=(
        Parameter("tau_rise", second, "rise of the conductance", low=0, low_is_allowed=False),
        Parameter("tau_decay", second, "decay of the conductance", low=0, low_is_allowed=False),
        Parameter("E", volt, "reversal potential"),
        Parameter("Mg_o", mmolar, "external magnesium", low=0),
        Parameter("K_Mg", mmolar, "magnesium that halves the conductance at 0 mV, GluN2A and 2B", 0, None, False),
        Parameter("K_Mg_2D", mmolar, "the same of GluN2D", low=0, low_is_allowed=False),
        Parameter("v_Mg", volt, "depolarisation that relieves magnesium e-fold", low=0, low_is_allowed=False),
        Parameter("quantal_share", 1, "share of a synapse's receptors that one quantum activates", low=0, high=1),
        Parameter("free", 1, "share of the receptors whose agonist site no antagonist holds", low=0, high=1),
        Parameter("share_2B", 1, "GluN2B's share of the normal conductance without magnesium", low=0, high=1),
        Parameter("share_2D", 1, "GluN2D's share of it; GluN2A has the rest", low=0, high=1),
        Parameter("GluN2A", 1, "working GluN2A, relative to normal", low=0),
        Parameter("GluN2B", 1, "working GluN2B, relative to normal", low=0),
        Parameter("GluN2D", 1, "working GluN2D, relative to normal", low=0),
    ),
    derived=(
        _PEAK_OF_ONE,
        Derived("strong", 1, "GluN2A*(1 - share_2B - share_2D) + GluN2B*share_2B"),
        Derived("weak", 1, "GluN2D*share_2D"),
    ),
    outputs=(
        Port("g", siemens, "conductance without block by magnesium or drug"),
        Port("I", amp, "current into the cell"),
        Port("B_Mg", 1, "fraction of the normal conductance that magnesium and missing subunits leave"),
    ),
    rest={"x": "0", "g": "0"},
    on_event="x += peak",
    sign=+1,
    shares=(("share_2B", "share_2D"),),
    reference="jahr1990",
)

GABA_B = Mechanism(
    name="gaba_b",
    meaning="GABA-B receptors: slow inhibition by potassium channels that four G proteins open together",
    scale="receptor",
    # A single event opens little and many at once much: the channel needs four of the G proteins.
    equations="""
    dx/dt = -x/tau_rise : siemens
    ds/dt = -s/tau_decay + scale_x*x : siemens
    bound = (s/s_half)*(s/s_half)*(s/s_half)*(s/s_half) : 1
    g = g_max*bound/(1 + bound) : siemens
    I = g*(E - v) : amp
    """,
    inputs=(Port("v", volt, "membrane potential of the cell"),),
    parameters=(
        Parameter("tau_rise", second, "rise of the G protein signal", low=0, low_is_allowed=False),
        Parameter("tau_decay", second, "decay of the G protein signal", low=0, low_is_allowed=False),
        Parameter("s_half", siemens, "signal that opens half of the channels", low=0, low_is_allowed=False),
        Parameter("g_max", siemens, "conductance with all channels open", low=0),
        Parameter("E", volt, "reversal potential of potassium"),
    ),
    derived=(_PEAK_OF_ONE,),
    outputs=(
        Port("s", siemens, "G protein signal, counted in the peak conductances of the events behind it"),
        Port("g", siemens, "conductance"),
        Port("I", amp, "current into the cell"),
    ),
    rest={"x": "0", "s": "0"},
    on_event="x += peak",
    sign=-1,
    reference="destexhe1995",
)
