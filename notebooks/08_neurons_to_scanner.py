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
# # 8. From neurons to a scanner
#
# **A scanner sees blood, every two seconds, in blocks of a million cells. What of all that happened in the last seven
# notebooks can it see, and how many people have to lie in it before we know?**

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatSlider, IntSlider
from scipy import stats
from teaching import check, predict, redraw_time, slide

import msim

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#777777"

# %% [markdown]
# ## A brain at rest
#
# Nineteen regions, each the column of the notebooks before (as its emulator), joined by the fibres of measured people.
# A fibre takes the place of a share of the background that the column gets: the **coupling**. Three scans of five
# minutes:

# %%
SCANS = {coupling: msim.resting_bold(minutes=5, coupling=coupling, seed=1) for coupling in (0.0, 0.2, 0.36)}
REGIONS = [str(one) for one in SCANS[0.0].region.values]
FC = {coupling: msim.connectivity_of(bold) for coupling, bold in SCANS.items()}


def signal(coupling: float, first: str, second: str) -> None:
    bold = SCANS[coupling]
    plt.figure(figsize=(9, 2.8), layout="constrained")
    for name, color in ((first, BLUE), (second, ORANGE)):
        plt.plot(bold.time, bold.sel(region=name), color=color, label=name)
    r = float(np.corrcoef(bold.sel(region=first), bold.sel(region=second))[0, 1])
    plt.title(f"r = {r:+.2f} over five minutes", loc="left")
    plt.xlabel("time, s")
    plt.ylabel("BOLD, %")
    plt.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)


slide(
    signal,
    coupling=Dropdown(options=list(SCANS), value=0.36),
    first=Dropdown(options=REGIONS, value=REGIONS[0]),
    second=Dropdown(options=REGIONS, value=REGIONS[1]),
)

# %% [markdown]
# Neurons fire in milliseconds; blood answers over seconds and smears them (the Balloon-Windkessel model). What is left
# are slow waves, and how they go together: **functional connectivity** (FC).

# %%
predict(
    "Two regions without any fibre between them. Can their FC be far from 0?",
    ["yes", "no"],
    ["Yes: a third region may drive both, and five minutes are short, so that chance is large.", "Look at coupling 0."],
)


# %%
def matrix(coupling: float) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), width_ratios=(1.3, 1), layout="constrained")
    shown = left.imshow(FC[coupling], cmap="RdBu_r", vmin=-1, vmax=1)
    left.set_xticks(range(len(REGIONS)), REGIONS, rotation=90, fontsize=7)
    left.set_yticks(range(len(REGIONS)), REGIONS, fontsize=7)
    figure.colorbar(shown, label="Fisher z")
    pairs = np.triu_indices(len(REGIONS), k=1)
    for which, color in ((0.0, GREY), (coupling, BLUE)):
        right.hist(FC[which].values[pairs], bins=np.linspace(-1, 1.5, 40), color=color, alpha=0.6, label=f"{which:g}")
    right.set(xlabel="Fisher z", ylabel="pairs of regions")
    right.legend(frameon=False, title="coupling")


slide(matrix, coupling=Dropdown(options=list(SCANS), value=0.36))

# %% [markdown]
# ## A study
#
# Virtual people differ in weight, clearance, receptors, cascade and synapses. Depression is a change of mechanism: a
# fifth of the spines is missing in some systems, and SST cells are driven less. `krystal2024_mrs_pet` sends them into
# three machines around one infusion; here with four people a group in place of twenty.

# %%
study = msim.read_study("krystal2024_mrs_pet")
small = replace(study, groups=tuple(one.model_copy(update={"n": 4}) for one in study.groups))
outcome = msim.run_study(small)
print(f"{'statistic':52} {'estimate':>9} {'95 % interval':>20} {'p':>7}")
for row in outcome.rows:
    print(f"{row.name:52} {row.estimate:+9.3f} {f'[{row.low:+.3f}, {row.high:+.3f}]':>20} {row.p:7.2g}")

# %% [markdown]
# V_cycle: how fast glutamate is released and taken back (13C-MRS). mGluR5 and SV2A: binding of a tracer (PET); the
# first falls where glutamate surges, the second counts synapses.
#
# ## How many people?
#
# A difference of a size that one could believe needs more people than one would like. Power of a t test between two
# groups:


# %%
def power(size: float, people: int) -> None:
    numbers = np.arange(3, 101)
    freedom, shift = 2 * numbers - 2, size * np.sqrt(numbers / 2)
    found = stats.nct.sf(stats.t.isf(0.025, freedom), freedom, shift)
    plt.figure(figsize=(7, 2.8), layout="constrained")
    plt.plot(numbers, found, color=BLUE, linewidth=2)
    plt.plot(people, found[people - 3], "o", color=ORANGE)
    plt.axhline(0.8, color=GREY, linestyle=":")
    plt.xlabel("people in each group")
    plt.ylabel("share of studies that find it")


slide(
    power,
    size=FloatSlider(value=0.8, min=0.1, max=2, step=0.1, description="difference, standard deviations"),
    people=IntSlider(value=20, min=3, max=100, description="people in each group"),
)

# %% [markdown]
# The whole of `msim study siegel2021_resting_fc` (50 people, 137 scans) takes two minutes and draws this:
#
# ![Resting connectivity of virtual patients before and after 96 h of ketamine](../docs/study_siegel.png)
#
# ## Exercises
#
# 1. What is the mean Fisher z over all pairs at coupling 0.36?

# %%
mean = None  # your answer

pairs = np.triu_indices(len(REGIONS), k=1)
wanted = float(FC[0.36].values[pairs].mean())
check(mean, wanted=wanted, within=0.05, hint="FC[0.36].values[np.triu_indices(19, k=1)].mean()")

# %% [markdown]
# 2. How far does Fisher z scatter (standard deviation over pairs) **without** coupling, by chance alone?

# %%
scatter = None  # your answer

chance = float(FC[0.0].values[pairs].std())
check(scatter, wanted=chance, within=0.05, hint="The same at coupling 0, with .std().")

# %% [markdown]
# 3. In the study above, does binding of SV2A in patients lie above or below that of controls at rest? `above` or
# `below`.

# %%
where = None  # your answer

sv2a = next(row for row in outcome.rows if row.name.startswith("SV2A") and "controls" in row.name)
check(where, wanted="above" if sv2a.estimate > 0 else "below", hint=sv2a.name)

# %% [markdown]
# **What to doubt here:** simulated FC hardly resembles the measured one (r from 0 to 0.16 over pairs, by seed; fibres
# alone have 0.13): all regions are one column, and thalamus is none. Virtual people differ in what the file lets vary
# and in nothing else, so that effects look larger than they would be in a real study.
#
# That was the last one. A page on any run: `msim report`; an experiment of your own: `experiments/README.md`.
#
# ## Solutions
#
# The cell below is folded up; it also says how long a slider takes to redraw.

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
assert check(0.372, wanted=wanted)
assert check(0.165, wanted=chance)
assert check("below", wanted="above" if sv2a.estimate > 0 else "below")
took = redraw_time(matrix, {"coupling": 0.36}, coupling=0.2)
print(f"a new figure took {took:.0f} ms")
