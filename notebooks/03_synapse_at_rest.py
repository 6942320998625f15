# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. The synapse at rest
#
# **A synapse that nobody uses still releases a packet of glutamate every minute or so. What is that good for, and what
# happens when a drug hides it from the cell?**
#
# This is the step at which block turns into growth: a brake on protein synthesis that spontaneous release holds on.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatLogSlider, FloatSlider, IntSlider
from teaching import MODEL, check, hours, infusion, predict, redraw_time, slide, trial

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"

# %% [markdown]
# ## A packet now and then
#
# Spontaneous release opens NMDA receptors of its own, not those that spikes reach (Atasoy 2008). A spine sees 0.0127
# packets a second (Reese 2015), and a little ambient glutamate. How many of its receptors does that keep activated?

# %%
rate, dwell = MODEL["resting_release.rate_mini"], MODEL["resting_release.dwell"]
share, ambient = MODEL["resting_release.quantal_share"], MODEL["resting_release.glutamate"]
half = MODEL["resting_release.EC50"]


def duty(packets: float, glutamate: float) -> tuple[float, float]:
    """Activated share of receptors: by packets, and by ambient glutamate, which has to sit on two sites."""
    site = half * (2**0.5 - 1)  # of one site, so that both are full on half of the receptors at EC50
    return packets * share * dwell, (glutamate / (glutamate + site)) ** 2


def rest(packets: float, glutamate: float) -> None:
    found = duty(packets, 1e-6 * glutamate)
    plt.figure(figsize=(7, 2.2), layout="constrained")
    plt.barh(["packets", "ambient glutamate"], 1e4 * np.array(found), color=[BLUE, GREY])
    plt.xlabel("receptors activated at any moment, of 10,000")


slide(
    rest,
    packets=FloatSlider(value=rate, min=0, max=0.03, step=0.0005, readout_format=".4f", description="packets, Hz"),
    glutamate=FloatSlider(value=1e6 * ambient, min=0, max=150, step=10, description="ambient glutamate, nM"),
)

# %% [markdown]
# Thirty in ten thousand, six of them from packets. It is little, but it never ends, and the cell has something that
# listens.
#
# ## The brake
#
# Calcium through these receptors keeps **eEF2 kinase** active; it phosphorylates eEF2, and phosphorylated eEF2 halts
# protein synthesis. The kinase follows calcium steeply, as calmodulin binds four ions: with cooperativity $n$, kinase
# $K = u^n$ for calcium $u$ relative to rest, and $p/(1-p) = K\,p_0/(1-p_0)$ with $p_0$ the phosphorylated share at
# rest.

# %%
predict(
    "A drug blocks 10 % of the receptors of spontaneous release. Kinase activity falls ...",
    ["by about a third", "by 10 %", "hardly"],
    [
        "Right: 0.9 to the power 4 is 0.66. Cooperativity makes a small block count.",
        "That would be so if it took one calcium ion to activate it. It takes four.",
        "The cell is not deaf: four ions have to come together, so that a small loss counts fourfold.",
    ],
)


# %%
def brake(block: float, cooperativity: int) -> None:
    blocked = np.linspace(0, 1, 200)
    odds = MODEL["eef2k.p_rest"] / (1 - MODEL["eef2k.p_rest"])
    figure, places = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for n, color in ((1, GREY), (cooperativity, BLUE)):
        kinase = (1 - blocked) ** n
        eef2 = kinase * odds / (1 + kinase * odds)
        for place, values in zip(places, (kinase, eef2), strict=True):
            place.plot(100 * blocked, values, color=color, label=f"n = {n}", linewidth=2)
            place.plot(100 * block, np.interp(block, blocked, values), "o", color=color)
    places[0].set(xlabel="resting calcium lost, %", ylabel="kinase, relative to rest")
    places[1].set(xlabel="resting calcium lost, %", ylabel="eEF2 phosphorylated", ylim=(0, 0.32))
    places[0].legend(frameon=False)


slide(
    brake,
    block=FloatSlider(value=0.1, min=0, max=1, step=0.02, description="calcium lost"),
    cooperativity=IntSlider(value=4, min=1, max=8, description="cooperativity n"),
)

# %% [markdown]
# ## In time
#
# Now the whole chain, in the cells of the column: block → kinase → p-eEF2 → protein synthesis → BDNF → TrkB. BDNF that
# is made has to be **released**, and that needs a permission: AMPA currents. Switch parts off and see where the chain
# ends.

# %%
CHAIN = {
    "block_resting.b": "block of resting NMDA receptors",
    "eef2k.K": "eEF2 kinase, 1 at rest",
    "eef2k.p_eEF2": "eEF2 phosphorylated",
    "translation.rate": "protein synthesis, 1 at rest",
    "bdnf_trkb.BDNF": "BDNF, 1 at rest",
    "bdnf_trkb.p_TrkB": "TrkB activated",
}
PARTS = {
    "normal": {},
    "no eEF2 kinase (knock-out)": {"knockout": ["eEF2K"]},
    "no BDNF (knock-out)": {"knockout": ["BDNF"]},
    "no protein synthesis (anisomycin)": {"treatment": ["translation_blocker"]},
    "AMPA receptors blocked (NBQX)": {"treatment": ["AMPAR_antagonist"]},
    "spikes blocked (TTX)": {"treatment": ["TTX"]},
}


def chain(dose: float, cell: str) -> None:
    figure, places = plt.subplots(2, 3, figsize=(10, 4.6), sharex=True, layout="constrained")
    for amount, arm, color, dash in ((0.5, "normal", GREY, "--"), (dose, cell, BLUE, "-")):
        found = trial([infusion(amount)], "4 hour", record=list(CHAIN), **PARTS[arm])
        for place, (name, label) in zip(places.flat, CHAIN.items(), strict=True):
            style = {"color": color, "linestyle": dash, "linewidth": 2, "label": f"{arm}, {amount:.2g} mg/kg"}
            place.plot(hours(found), found[name], **style)
            place.set_title(label, fontsize=9)
    for place in places[1]:
        place.set_xlabel("hours")
    places[0, 0].legend(frameon=False, fontsize=7)


slide(
    chain,
    dose=FloatLogSlider(value=0.5, base=10, min=-1.3, max=0.3, readout_format=".2f", description="dose, mg/kg"),
    cell=Dropdown(options=list(PARTS), value="no BDNF (knock-out)", description="the cell"),
)

# %% [markdown]
# ## Exercises
#
# 1. By how many per cent does kinase activity fall when resting calcium falls by 20 % (n = 4)?

# %%
fall = None  # your answer, %

check(fall, wanted=100 * (1 - 0.8**4), within=0.03, hint="0.8 to the power n is what is left.")

# %% [markdown]
# 2. Without the kinase from birth, how far does BDNF rise after 0.5 mg/kg, in per cent of rest?

# %%
rise = None  # your answer, %

without = trial([infusion(0.5)], "4 hour", record=["bdnf_trkb.BDNF"], knockout=["eEF2K"])["bdnf_trkb.BDNF"]
print("Right." if rise in (0, "0") else "Choose 'no eEF2 kinase' above and look at BDNF: by how much does it move?")

# %% [markdown]
# 3. Block resting receptors with the same dose, but silence spikes (TTX). Does TrkB become activated: `yes` or `no`?

# %%
activated = None  # your answer

silent = trial([infusion(0.5)], "4 hour", record=["bdnf_trkb.p_TrkB"], treatment=["TTX"])["bdnf_trkb.p_TrkB"]
normal = trial([infusion(0.5)], "4 hour", record=["bdnf_trkb.p_TrkB"])["bdnf_trkb.p_TrkB"]
check(activated, wanted="yes" if float(silent.max()) > 0.1 * float(normal.max()) else "no",
      hint="Compare the two curves of TrkB.")  # fmt: skip

# %% [markdown]
# **What to doubt here:** that ambient glutamate is 50 nM in the living brain (it decides on most of the activation),
# that the kinase's cooperativity is 4 (with 1 it does little), and that one calcium signal stands for the
# spine.
#
# Next: [4. Scaling](04_scaling.ipynb).
#
# ## Solutions
#
# The cell below is folded up; it also says how long a slider takes to redraw.

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
assert check(59, wanted=100 * (1 - 0.8**4), within=0.03)
assert abs(float(without.max()) - float(without[0])) < 0.01
assert float(silent.max()) > 0.1 * float(normal.max())
print(f"TrkB: {float(normal.max()):.3f} with spikes, {float(silent.max()):.3f} without")
took = redraw_time(chain, {"dose": 0.5, "cell": "normal"}, dose=0.4, cell="no BDNF (knock-out)")
print(f"a new figure took {took:.0f} ms")
