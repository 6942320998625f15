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
# # 2. From dose to receptor
#
# **An anaesthetist gives 0.5 mg/kg. How many NMDA receptors does that block, where, and for how long?**
#
# Between the syringe and the receptor lie a body, a membrane potential, and a pore that has to be open before a drug
# can enter it.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatLogSlider, FloatSlider
from teaching import MODEL, POPULATIONS, check, hours, infusion, predict, redraw_time, slide, trial

# %% [markdown]
# ## The body
#
# Ketamine leaves blood for tissue within minutes and is cleared over hours (three compartments). The receptor follows
# blood with a half-time of six minutes. How much arrives there is badly known: the model assumes as much as there is in
# plasma (half of it to 1.4 times as much are possible). Norketamine, which the liver makes of it, blocks too: it counts
# with a sixth of its concentration.

# %%
predict(
    "You double the weight of the patient and keep the dose at 0.5 mg/kg. The peak in plasma ...",
    ["stays about the same", "doubles", "halves"],
    [
        "Yes, nearly: dose and volumes both grow with weight; clearance grows more slowly.",
        "The dose doubles, but so do the volumes that it spreads in.",
        "It would, if the dose stayed the same in mg.",
    ],
)


# %%
def body(dose: float, minutes: float, weight: float) -> None:
    found = trial(
        [infusion(dose, minutes)], "4 hour", record=["ketamine.C_plasma", "ketamine.C_e"], weight=f"{weight} kg"
    )
    plt.figure(figsize=(8, 3.2), layout="constrained")
    plt.axvspan(0, minutes / 60, color="#F6EFCF", label="infusion")
    at_receptor = ("C_e", "at the receptor, with norketamine", "#0072B2")
    for name, label, color in (("C_plasma", "plasma, all of it", "#777777"), at_receptor):
        plt.plot(hours(found), 1e3 * found[f"ketamine.{name}"], label=label, color=color, linewidth=2)
    plt.xlabel("hours since the start of the infusion")
    plt.ylabel("concentration, µM")
    plt.legend(frameon=False)


slide(
    body,
    dose=FloatLogSlider(value=0.5, base=10, min=-1.3, max=0.3, readout_format=".2f", description="dose, mg/kg"),
    minutes=FloatSlider(value=40, min=0, max=120, step=5, description="infused over, min (0: bolus)"),
    weight=FloatSlider(value=70, min=40, max=140, step=5, description="body weight, kg"),
)

# %% [markdown]
# ## The pore
#
# At rest a magnesium ion sits in the pore of most NMDA receptors and holds it shut. It is the cell's own potential
# that pulls it in. What magnesium leaves of the current is $B = 1 / (1 + \frac{[\mathrm{Mg}]}{K} e^{-V/v})$ (Jahr and
# Stevens 1990). Ketamine wants the same place, so that magnesium **competes** with it: at -70 mV with 1 mM of it,
# twenty times as much ketamine is needed for half block.

# %%
mg, half, step = (MODEL[f"nmda.{name}"] for name in ("Mg_o", "K_Mg", "v_Mg"))
half_2d = MODEL["nmda.K_Mg_2D"]


def pore(magnesium: float, potential: float) -> None:
    v = np.linspace(-0.09, 0.02, 200)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for k, label, color in ((half, "GluN2A, GluN2B", "#0072B2"), (half_2d, "GluN2D (on PV and SST cells)", "#D55E00")):
        left.plot(1e3 * v, 1 / (1 + magnesium / (k * np.exp(v / step))), color=color, label=label, linewidth=2)
        ic50 = 1e3 * MODEL[f"ketamine_binding.IC50_2{'D' if k == half_2d else 'A'}"]
        needed = ic50 * (1 + magnesium / (k * np.exp(1e-3 * potential / step)))
        drug = np.logspace(-2, 2, 200)
        right.semilogx(drug, drug / (drug + needed), color=color, linewidth=2)
        right.plot(needed, 0.5, "o", color=color)
        place = {"xytext": (-8, 4), "ha": "right"} if k == half_2d else {"xytext": (8, -12), "ha": "left"}
        right.annotate(f"{needed:.2g} µM", (needed, 0.5), textcoords="offset points", color=color, **place)
    left.axvline(potential, color="#777777", linestyle=":")
    left.set(xlabel="potential, mV", ylabel="current that Mg²⁺ leaves", ylim=(0, 1.02))
    left.legend(frameon=False, loc="lower right", fontsize=8)
    right.set(xlabel="ketamine, µM", ylabel=f"blocked in the end at {potential:.0f} mV", ylim=(0, 1.02))


slide(
    pore,
    magnesium=FloatSlider(value=1, min=0, max=2, step=0.1, description="magnesium outside, mM"),
    potential=FloatSlider(value=-55, min=-85, max=0, step=5, description="potential, mV"),
)

# %% [markdown]
# GluN2D receptors hold magnesium loosely, so that the drug gets in where they are: on inhibitory cells. How many of
# their receptors are GluN2D is **not measured**; the model assumes half, and everything about disinhibition hangs on
# it.
#
# ## The trap
#
# The drug enters and leaves only while agonist holds the gate ready. Close it, and the drug is trapped inside. At a
# synapse that spikes reach, receptors fill and empty within minutes; at one that only spontaneous release reaches, it
# takes longer. Memantine escapes a little without agonist.

# %%
predict(
    "An hour after the peak, which pool is still blocked most, relative to its own peak?",
    ["receptors of spontaneous release", "receptors that spikes reach", "both alike"],
    [
        "Yes: a gate that seldom opens keeps what is behind it.",
        "They open often, so that the drug leaves as fast as it leaves the brain.",
        "They would be, if a gate did not matter.",
    ],
)

# %%
POOLS = {
    "block_evoked.b": ("pyramidal, spikes", POPULATIONS["pyramidal"], "-"),
    "block_resting.b": ("pyramidal, spontaneous release", "#009E73", "-"),
    "block_pv.b": ("PV cells", POPULATIONS["pv"], "--"),
    "block_sst.b": ("SST cells", POPULATIONS["sst"], "--"),
}


def trap(drug: str, dose: float) -> None:
    found = trial([infusion(dose, 40, drug)], "6 hour", "6 minute", record=[f"{drug}.C_e", *POOLS])
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
    left.plot(hours(found), 1e3 * found[f"{drug}.C_e"], color="#777777", linewidth=2)
    left.set(xlabel="hours", ylabel=f"{drug} at the receptor, µM")
    for name, (label, color, dash) in POOLS.items():
        right.plot(hours(found), 100 * found[name], color=color, linestyle=dash, label=label, linewidth=2)
    right.set(xlabel="hours", ylabel="NMDA current blocked, %")
    right.legend(frameon=False, fontsize=8)


slide(
    trap,
    drug=Dropdown(options=["ketamine", "S_ketamine", "R_ketamine", "memantine"], value="ketamine"),
    dose=FloatLogSlider(value=0.5, base=10, min=-1.3, max=0.3, readout_format=".2f", description="dose, mg/kg"),
)

# %% [markdown]
# ## Exercises
#
# 1. At which percentage does block of the receptors of spontaneous release peak after 0.5 mg/kg over 40 minutes?

# %%
peak = None  # your answer, %

course = trial([infusion(0.5)], "6 hour", record=list(POOLS))
check(peak, wanted=100 * float(course["block_resting.b"].max()), within=0.05, hint="Read the green curve.")

# %% [markdown]
# 2. Without magnesium (0 mM), how much ketamine blocks half of GluN2A receptors, in µM?

# %%
needed = None  # your answer, µM

check(needed, wanted=1e3 * MODEL["ketamine_binding.IC50_2A"], within=0.05, hint="Move the slider of magnesium to 0.")

# %% [markdown]
# 3. Which pool is blocked most at the peak: `evoked`, `resting`, `pv` or `sst`?

# %%
most = None  # your answer, in quotation marks

check(most, wanted=max(POOLS, key=lambda name: float(course[name].max())).split(".")[0].removeprefix("block_"))

# %% [markdown]
# **What to doubt here:** how much of the drug reaches the receptor (assumed, 0.5 to 1.4 times plasma), the share of
# GluN2D (assumed), and that all cells of a kind see the same mean potential.
#
# Next: [3. The synapse at rest](03_synapse_at_rest.ipynb).
#
# ## Solutions
#
# The cell below is folded up; it also says how long a slider takes to redraw.

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
assert check(9.6, wanted=100 * float(course["block_resting.b"].max()))
assert check(0.71, wanted=1e3 * MODEL["ketamine_binding.IC50_2A"])
assert check("sst", wanted=max(POOLS, key=lambda name: float(course[name].max())).split(".")[0].removeprefix("block_"))
took = redraw_time(trap, {"drug": "ketamine", "dose": 0.5}, drug="ketamine", dose=0.4)
print(f"a new figure took {took:.0f} ms")
