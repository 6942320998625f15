"""AMPA, NMDA and GABA-A receptors as conductances that events add to."""

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
        I = gain*g*(E - v) : amp
        gated = gain*g : siemens
        excess = (gain - 1)*g : siemens
        """,
        inputs=(
            Port("v", volt, "membrane potential of the cell"),
            Port("gain", 1, "conductance relative to rest: one factor on all synapses of the cell", at_rest=1),
        ),
        parameters=(
            Parameter("tau_decay", second, "decay of the conductance", low=0, low_is_allowed=False),
            Parameter("E", volt, "reversal potential"),
        ),
        outputs=(
            Port("g", siemens, "conductance at resting gain"),
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

NMDA = Mechanism(
    name="nmda",
    meaning="NMDA receptors: slow excitation through a pore that magnesium and drugs plug",
    scale="receptor",
    # `scale_x` makes the conductance after one event peak at `peak`, whatever the two times.
    equations="""
    dx/dt = -x/tau_rise : siemens
    dg/dt = -g/tau_decay + scale_x*x : siemens
    B_Mg = 1/(1 + Mg_o/K_Mg*exp(-v/v_Mg)) : 1
    I = (1 - block)*g*B_Mg*(E - v) : amp
    """,
    inputs=(
        Port("v", volt, "membrane potential of the cell"),
        Port("block", 1, "fraction of the receptors whose pore holds a drug"),
    ),
    parameters=(
        Parameter("tau_rise", second, "rise of the conductance", low=0, low_is_allowed=False),
        Parameter("tau_decay", second, "decay of the conductance", low=0, low_is_allowed=False),
        Parameter("E", volt, "reversal potential"),
        Parameter("Mg_o", mmolar, "external magnesium", low=0),
        Parameter("K_Mg", mmolar, "magnesium that halves the conductance at 0 mV", low=0, low_is_allowed=False),
        Parameter("v_Mg", volt, "depolarisation that relieves magnesium e-fold", low=0, low_is_allowed=False),
        Parameter("quantal_share", 1, "share of a synapse's receptors that one quantum activates", low=0, high=1),
    ),
    derived=(
        Derived(
            "scale_x",
            hertz,
            "(1/tau_rise - 1/tau_decay)/((tau_rise/tau_decay)**(tau_rise/(tau_decay - tau_rise))"
            " - (tau_rise/tau_decay)**(tau_decay/(tau_decay - tau_rise)))",
        ),
    ),
    outputs=(
        Port("g", siemens, "conductance without block by magnesium or drug"),
        Port("I", amp, "current into the cell"),
        Port("B_Mg", 1, "fraction of the conductance that magnesium leaves"),
    ),
    rest={"x": "0", "g": "0"},
    on_event="x += peak",
    sign=+1,
    reference="jahr1990",
)
