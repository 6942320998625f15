"""Mg2+ block and trapping open-channel block of NMDA receptors, subunit by subunit and by several drugs at once."""

from __future__ import annotations

from collections.abc import Sequence

from msim.base.expressions import renamed
from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import mmolar, second, volt

# GluN2 subunits that a pool tells apart.
SUBUNITS = ("2A", "2B", "2D")

# The fraction of the conductance that external Mg2+ leaves (Jahr and Stevens 1990): fast, so always at equilibrium.
# K_Mg is the Mg2+ that halves the conductance at 0 mV; it grows e-fold with every v_Mg of depolarisation.
MG_BLOCK = "1 / (1 + Mg_o / (K_Mg * exp(v / v_Mg)))"
MG_BLOCK_2D = renamed(MG_BLOCK, {"K_Mg": "K_Mg_2D"})

CHANNEL_BLOCKER = Mechanism(
    name="channel_blocker",
    meaning="what a drug does in the pore of an NMDA receptor: affinity by subunit, how fast it leaves, how it escapes",
    scale="binding",
    parameters=(
        *(
            Parameter(f"IC50_{one}", mmolar, f"half-blocking concentration at GluN{one} without Mg2+", 0, None, False)
            for one in SUBUNITS
        ),
        Parameter("k_off", 1 / second, "unbinding from an agonist-activated receptor", low=0, low_is_allowed=False),
        Parameter("k_esc", 1 / second, "escape without agonist; 0 where a closed gate traps all", low=0),
    ),
    reference="gilling2009",
)

_POOL = (
    Parameter("share_2B", 1, "GluN2B's share of the pool's normal conductance without Mg2+", low=0, high=1),
    Parameter("share_2D", 1, "GluN2D's share of it; GluN2A has the rest", low=0, high=1),
    *(Parameter(f"GluN{one}", 1, f"working GluN{one}, relative to normal", low=0) for one in SUBUNITS),
    Parameter("Mg_o", mmolar, "external magnesium", low=0),
    Parameter("K_Mg", mmolar, "Mg2+ that halves the conductance at 0 mV, GluN2A and GluN2B", 0, None, False),
    Parameter("K_Mg_2D", mmolar, "the same of GluN2D", low=0, low_is_allowed=False),
    Parameter("v_Mg", volt, "depolarisation that weakens Mg2+ block e-fold", low=0, low_is_allowed=False),
)


def trapping_block(drugs: Sequence[str] = ()) -> Mechanism:
    """Build the mechanism of the block of a receptor pool by some drugs; without any drug nothing is blocked.

    Each drug brings the parameters of CHANNEL_BLOCKER and the input C, with its name behind them.
    """
    return Mechanism(
        name="trapping_block",
        meaning="block of one pool of NMDA receptors by drugs that the closed gate traps in the pore",
        scale="slow",
        # Rates are per agonist-activated receptor, not per open gate. The published macroscopic rates were
        # measured with saturating agonist, where rho is 1 by definition; the open probability of an activated
        # receptor is inside them already and stays there. So they scale with rho directly, and a receptor
        # without agonist neither takes nor loses drug.
        #
        # Mg2+ competes for the same pore: affinities measured with and without it differ by nearly 1 / B_Mg.
        # It slows binding alone, through IC50, so rho must not contain B_Mg a second time. Drugs compete too:
        # a pore that holds one takes no other. A receptor has one GluN2 subunit here, so that each subunit
        # fills by itself and nothing is averaged before the last step: the cell sees the lost share of the
        # current, and at a hyperpolarised cell that is mostly the current of GluN2D.
        #
        # k_esc is a way out that needs no agonist. With k_esc = 0 the steady block does not depend on rho.
        equations="\n".join([_POOL_EQUATIONS, *(_held(one, drugs) for one in SUBUNITS), _TOTAL, *map(_binding, drugs)]),
        inputs=(
            *(Port(f"C_{drug}", mmolar, f"free {drug} at the receptor") for drug in drugs),
            Port("rho", 1, "fraction of the pool's receptors that agonist activates, averaged over a burst"),
            Port("v", volt, "mean membrane potential at the receptors"),
        ),
        parameters=(*_POOL, *(_of_drug(one, drug) for drug in drugs for one in CHANNEL_BLOCKER.parameters)),
        outputs=(
            Port("b", 1, "fraction of the pool's current that drugs take away"),
            Port("lost", 1, "fraction of its normal current that drugs and missing subunits take away"),
            *(Port(f"block_{one}", 1, f"fraction of GluN{one} blocked") for one in SUBUNITS),
        ),
        rest={f"b_{one}_{drug}": "0" for drug in drugs for one in SUBUNITS},
        shares=(("share_2B", "share_2D"),),
        reference="gilling2009",
    )


_POOL_EQUATIONS = f"""    B_Mg = {MG_BLOCK} : 1
    B_Mg_2D = {MG_BLOCK_2D} : 1
    current_2A = GluN2A * (1 - share_2B - share_2D) * B_Mg : 1
    current_2B = GluN2B * share_2B * B_Mg : 1
    current_2D = GluN2D * share_2D * B_Mg_2D : 1
    current = current_2A + current_2B + current_2D : 1"""
# Without any receptor there is nothing to block; the smallest number keeps 0 / 0 out.
_TOTAL = """    taken = current_2A * block_2A + current_2B * block_2B + current_2D * block_2D : 1
    b = taken / clip(current, 1e-30, inf) : 1
    lost = 1 - (current - taken) / ((1 - share_2D) * B_Mg + share_2D * B_Mg_2D) : 1"""


def _held(subunit: str, drugs: Sequence[str]) -> str:
    held = " + ".join(f"b_{subunit}_{drug}" for drug in drugs) or "0 * rho"
    return f"    block_{subunit} = {held} : 1"


def _binding(drug: str) -> str:
    lines = []
    for one in SUBUNITS:
        left = "B_Mg_2D" if one == "2D" else "B_Mg"
        entering = f"C_{drug} * {left} / IC50_{one}_{drug} * (1 - block_{one})"
        state = f"b_{one}_{drug}"
        rate = f"rho * k_off_{drug} * ({entering} - {state}) - k_esc_{drug} * {state}"
        lines.append(f"    d{state}/dt = {rate} : 1")
    return "\n".join(lines)


def _of_drug(one: Parameter, drug: str) -> Parameter:
    return Parameter(f"{one.name}_{drug}", one.unit, f"{one.meaning}, {drug}", one.low, one.high, one.low_is_allowed)


TRAPPING_BLOCK = trapping_block()
