"""Mg2+ block and trapping open-channel block of NMDA receptors."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import mmolar, second, volt

# The fraction of the conductance that external Mg2+ leaves (Jahr and Stevens 1990): fast, so always at equilibrium.
# K_Mg is the Mg2+ that halves the conductance at 0 mV; it grows e-fold with every v_Mg of depolarisation.
MG_BLOCK = "1 / (1 + Mg_o / (K_Mg * exp(v / v_Mg)))"

TRAPPING_BLOCK = Mechanism(
    name="trapping_block",
    meaning="block of one pool of NMDA receptors by a drug that the closed gate traps in the pore",
    scale="slow",
    # Rates are per agonist-activated receptor, not per open gate. The published macroscopic rates were
    # measured with saturating agonist, where rho is 1 by definition; the open probability of an activated
    # receptor is inside them already and stays there. So they scale with rho directly, and a receptor
    # without agonist neither takes nor loses drug.
    #
    # Mg2+ competes for the same pore: affinities measured with and without it differ by nearly 1 / B_Mg.
    # It slows binding alone, through IC50, so rho must not contain B_Mg a second time.
    #
    # k_esc is a way out that needs no agonist. With k_esc = 0 the steady block does not depend on rho.
    equations=f"""
        B_Mg = {MG_BLOCK} : 1
        IC50 = IC50_0 / B_Mg : mmolar
        db/dt = rho * k_off * (C_drug / IC50 * (1 - b) - b) - k_esc * b : 1
    """,
    inputs=(
        Port("C_drug", mmolar, "free drug at the receptor"),
        Port("rho", 1, "fraction of the pool's receptors that agonist activates, averaged over a burst"),
        Port("v", volt, "mean membrane potential at the receptors"),
    ),
    parameters=(
        Parameter("IC50_0", mmolar, "half-blocking concentration without Mg2+", low=0, low_is_allowed=False),
        Parameter("k_off", 1 / second, "unbinding from an agonist-activated receptor", low=0, low_is_allowed=False),
        Parameter("k_esc", 1 / second, "escape without agonist", low=0),
        Parameter("Mg_o", mmolar, "external magnesium", low=0),
        Parameter("K_Mg", mmolar, "Mg2+ that halves the conductance at 0 mV", low=0, low_is_allowed=False),
        Parameter("v_Mg", volt, "depolarisation that weakens Mg2+ block e-fold", low=0, low_is_allowed=False),
    ),
    outputs=(Port("b", 1, "fraction of receptors blocked"),),
    rest={"b": "0"},
    reference="gilling2009",
)
