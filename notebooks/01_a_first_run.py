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
# # 1. A first run in five cells
#
# **Ketamine blocks a receptor that excites neurons. Why would synapses become stronger, hours after it has gone?**
#
# In this notebook you run the experiment that asks this: a column of spiking cells, one with and one without a dose.
# You need no Python beyond pressing *shift + enter*. It takes half a minute.

# %%
import tempfile

import matplotlib.pyplot as plt
import msim
from teaching import ARMS, check, predict

# %% [markdown]
# ## 1 · The question is a file
#
# An experiment has **arms**: conditions that differ in one thing. Everything else is the same, even the random
# numbers.

# %%
experiment = msim.read_experiment("ketamine_rapid_and_sustained")
print(experiment.title, "\n")
for arm in experiment.arms:
    print(f"{arm.name:20} {arm.meaning}")

# %% [markdown]
# ## 2 · Before you look
#
# 0.5 mg/kg of ketamine is infused over 40 minutes. Its half-life in blood is a few hours. `AMPAR_scale` is how strong
# the AMPA synapses of pyramidal cells are, 1 at rest.

# %%
predict(
    "Two hours after the start of the infusion, AMPAR_scale is ...",
    ["below 1: less excitation weakens synapses", "1: the drug acts on NMDA receptors only", "above 1"],
    [
        "Many expect that. Run on, and see which way the cell corrects.",
        "It does bind to NMDA receptors only. Run on, and see what hangs on them.",
        "Then something must turn block into growth. Notebook 3 shows what the model says it is.",
    ],
)

# %% [markdown]
# ## 3 · Run it
#
# Two arms, one seed, the first two hours, and 300 cells in place of 1,000 so that it is quick. Cells spike in bursts
# of seconds; between bursts, slow equations (receptor block, kinase, BDNF, AMPA receptors) leap over minutes.

# %%
run = msim.simulate(
    experiment="ketamine_rapid_and_sustained",
    out=tempfile.mkdtemp() + "/first",
    arms=["vehicle", "ketamine"],
    seeds=[1],
    until="2 hour",
    changes={"column.n_cells": 300},
)
run.samples

# %% [markdown]
# ## 4 · Look
#
# Drug at the receptor, the fraction of NMDA receptors that it blocks at resting synapses, phosphorylated eEF2 (the
# brake on protein synthesis), and the strength of AMPA synapses.

# %%
shown = {
    "ketamine.C_e": ("ketamine at the receptor, µM", 1e3),  # stored in SI units, mol/m³
    "block_resting.b": ("NMDA receptors blocked", 1),
    "eef2k.p_eEF2": ("eEF2 phosphorylated", 1),
    "ampar_scaling.AMPAR_scale": ("AMPA synapses, 1 at rest", 1),
}
figure, places = plt.subplots(2, 2, figsize=(9, 5.5), sharex=True, layout="constrained")
for place, (name, (label, factor)) in zip(places.flat, shown.items(), strict=True):
    for arm in run.arms:
        values = run.samples[name].sel(arm=arm).mean("seed")
        place.plot(values.time / 60, factor * values, color=ARMS[arm], label=arm, linewidth=2)
    place.axvspan(0, 40, color="#F6EFCF", zorder=0)
    place.set_title(label, fontsize=10)
for place in places[1]:
    place.set_xlabel("minutes since the start of the infusion (yellow)")
places[0, 0].legend(frameon=False)
plt.show()

# %% [markdown]
# The order matters: drug, then block, then the brake on protein synthesis falls, then AMPA synapses grow.
#
# ## 5 · What would have counted as a yes
#
# The experiment said so before it ran. An **effect** stands beside the smallest one that counts.

# %%
for one in msim.judge(run):
    print(f"{one.id}: {one.claim}: {one.verdict}; effect {one.effect:+.3f}, wanted more than {one.margin:g}")

# %% [markdown]
# With one seed there is no interval, so that the verdict is *undecided*: run three (`seeds=[1, 2, 3]`) to see how much
# of an effect is noise of the simulation. What differs between *people* is another question (notebook 8).
#
# ## Exercises
#
# 1. How large is `AMPAR_scale` in the arm `ketamine` at the end of the run?

# %%
strength = None  # your answer

check(strength, wanted=float(run.samples["ampar_scaling.AMPAR_scale"].sel(arm="ketamine").isel(time=-1).mean()),
      hint="run.samples[...].sel(arm='ketamine').isel(time=-1)")  # fmt: skip

# %% [markdown]
# 2. Which of the four quantities leaves its resting value **last**? Write its name as in `shown`.

# %%
last = None  # your answer, in quotation marks

check(last, wanted="ampar_scaling.AMPAR_scale", hint="Find where each blue curve leaves the grey one.")

# %% [markdown]
# **What this model gets wrong, where you can see it here:** a column of 300 cells gets the mean input of one of 1,000
# but fires at other rates; nothing happens in the first twenty minutes of the infusion, as the cascade waits for
# block; and the strength of the effect has no sharp threshold in dose (patients' answers seem to have one).
#
# Next: [2. From dose to receptor](02_dose_to_receptor.ipynb).

# %% [markdown]
# ## Solutions
#
# The cell below is folded up.

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
answer_1, answer_2 = 1.41, "ampar_scaling.AMPAR_scale"
final = run.samples["ampar_scaling.AMPAR_scale"].sel(arm="ketamine").isel(time=-1)
assert check(answer_1, wanted=float(final.mean()))
moved = {}
for name in shown:
    ketamine, vehicle = (run.samples[name].sel(arm=arm).mean("seed") for arm in ("ketamine", "vehicle"))
    change = abs(ketamine - vehicle)
    moved[name] = float(change.time[change > 0.1 * change.max()][0])
assert check(answer_2, wanted=max(moved, key=moved.get))
