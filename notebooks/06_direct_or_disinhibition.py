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
# # 6. Direct or by disinhibition
#
# **Two accounts of one effect: the drug acts at resting synapses of pyramidal cells, or it silences inhibitory cells,
# and the surge of glutamate does the rest. Which experiment would tell them apart?**
#
# Ketamine alone cannot: both accounts were made to explain it. You have to break something, and see who is surprised.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatLogSlider, SelectMultiple
from teaching import MODEL, check, hours, infusion, predict, redraw_time, slide, trial

SCALE = "ampar_scaling.AMPAR_scale"
COLORS = {"H1": "#0072B2", "H2": "#D55E00", "H3": "#009E73", "H4": "#CC79A7"}
for name, one in MODEL.hypotheses.items():
    print(f"{name}  {one.meaning}")

# %% [markdown]
# A hypothesis is a switch or two in one and the same model: which way leads to BDNF, and whether its release has to
# wait for activity. Everything else is shared: the body, the receptors, the circuit, TrkB, AMPA receptors.
#
# ## Without breaking anything

# %%
predict(
    "Under which account does 0.5 mg/kg potentiate synapses?",
    ["all four", "H1 and H4 only", "H2 only"],
    ["Yes, and that is the trouble.", "Under H2 the surge makes BDNF too.", "Under H1 block at rest does it too."],
)


# %%
def alone(dose: float, hypothesis: str) -> None:
    plt.figure(figsize=(8, 3.2), layout="constrained")
    for name, color in COLORS.items():
        found = trial([infusion(0.5)], "8 hour", "6 minute", [SCALE], hypothesis=name)
        plt.plot(hours(found), found[SCALE] - 1, color=color, label=f"{name}, 0.5 mg/kg")
    found = trial([infusion(dose)], "8 hour", "6 minute", [SCALE], hypothesis=hypothesis)
    style = {"color": COLORS[hypothesis], "linewidth": 4, "alpha": 0.5, "label": f"{hypothesis}, {dose:.2g} mg/kg"}
    plt.plot(hours(found), found[SCALE] - 1, **style)
    plt.axhline(0, color="#777777", linewidth=0.8)
    plt.xlabel("hours since the start of the infusion")
    plt.ylabel("potentiation of AMPA synapses")
    plt.legend(frameon=False, fontsize=8)


slide(
    alone,
    dose=FloatLogSlider(value=0.3, base=10, min=-1, max=0.3, readout_format=".2f", description="dose, mg/kg"),
    hypothesis=Dropdown(options=list(COLORS), value="H4"),
)

# %% [markdown]
# ## Break something
#
# Every manipulation is given with ketamine and without it, since some act by themselves. The effect is the difference.
# Those around the dose last from half an hour before it to three hours after its start.

# %%
AROUND = {"from": "-30 minute", "until": "3 hour"}
BROKEN = {
    "nothing": {},
    "no eEF2 kinase": {"knockout": ["eEF2K"]},
    "AMPA receptors blocked": {"treatment": [{"name": "AMPAR_antagonist", **AROUND}]},
    "no cell fires": {"treatment": [{"name": "TTX", **AROUND}]},
    "inhibition enhanced": {"treatment": [{"name": "GABA_A_modulator", **AROUND}]},
    "mTORC1 inhibited": {"treatment": [{"name": "mTOR_inhibitor", "place": "local", **AROUND}]},
}


def effect(broken: str, hypothesis: str, dose: float = 0.5) -> float:
    """AMPAR_scale at 2 h, ketamine less vehicle."""
    at = {
        "until": "125 minute", "every": "5 minute", "record": [SCALE], "begin": "-40 minute", "hypothesis": hypothesis,
        **BROKEN[broken],
    }  # fmt: skip
    both = [trial(doses, **at)[SCALE].sel(time=7200, method="nearest") for doses in ([infusion(dose)], [])]
    return float(both[0] - both[1])


# Six experiments under four hypotheses, with and without the drug: 48 trials, some twenty seconds.
EFFECTS = {one: {name: effect(one, name) for name in COLORS} for one in BROKEN}


def table(broken: tuple[str, ...]) -> None:
    chosen = list(broken) or ["nothing"]
    found = np.array([[EFFECTS[one][name] for name in COLORS] for one in chosen])
    figure, place = plt.subplots(figsize=(6.5, 0.9 + 0.42 * len(chosen)), layout="constrained")
    shown = place.imshow(found, cmap="cividis", vmin=0, vmax=0.5, aspect="auto")
    place.set_xticks(range(len(COLORS)), COLORS)
    place.set_yticks(range(len(chosen)), chosen)
    for (row, column), value in np.ndenumerate(found):
        place.text(column, row, f"{value:+.2f}", ha="center", va="center", color="black" if value > 0.25 else "white")
    figure.colorbar(shown, label="effect at 2 h")


slide(table, broken=SelectMultiple(options=list(BROKEN), value=list(BROKEN)[:2], rows=6, description="broken"))

# %% [markdown]
# Choose all of them (ctrl + A). Columns that differ in a row are told apart by that experiment; columns that are alike
# in every row are, for this set of experiments, one hypothesis.
#
# ## The best single experiment
#
# For a pair of hypotheses the best is the one with the largest difference between their effects.


# %%
def best(first: str, second: str) -> None:
    apart = {one: abs(values[first] - values[second]) for one, values in EFFECTS.items()}
    plt.figure(figsize=(7, 2.8), layout="constrained")
    plt.barh(list(apart), list(apart.values()), color="#0072B2")
    plt.gca().invert_yaxis()
    plt.xlabel(f"difference between {first} and {second}: effect at 2 h")


slide(
    best,
    first=Dropdown(options=list(COLORS), value="H1", description="this"),
    second=Dropdown(options=list(COLORS), value="H2", description="from that"),
)

# %% [markdown]
# ## Exercises
#
# 1. Which one of `BROKEN` tells H1 from H4 best?

# %%
experiment = None  # your answer, as it stands in BROKEN

wanted = max(BROKEN, key=lambda one: abs(EFFECTS[one]["H1"] - EFFECTS[one]["H4"]))
check(experiment, wanted=wanted, hint="H4 wants a permission for release that H1 does not. Who gives it?")

# %% [markdown]
# 2. Without eEF2 kinase, which hypothesis keeps most of its effect?

# %%
kept = None  # your answer, such as "H4"

most = max(COLORS, key=lambda name: EFFECTS["no eEF2 kinase"][name] / EFFECTS["nothing"][name])
check(kept, wanted=most, hint="Which one does not need the brake on protein synthesis?")

# %% [markdown]
# 3. How large is the effect under H4 where AMPA receptors are blocked around the dose?

# %%
size = None  # your answer

blocked = EFFECTS["AMPA receptors blocked"]["H4"]
print("Right." if size is not None and abs(size - blocked) < 0.02 else "Choose the row above and read the last column.")

# %% [markdown]
# In mice without eEF2 kinase ketamine does nothing, and an AMPA receptor antagonist takes its effect away; H4, block
# at rest that activity has to permit, is the one of the four that has both. It was chosen for that: two of its values
# were fitted to these outcomes. What counts is what it says of experiments that it has not seen, such as enhanced
# inhibition.
#
# **What to doubt here:** all this is the emulator, not spikes, one body, and one time. Look at a day in place of two
# hours, and the blocked AMPA receptors of H4 come late: the drug outlasts a blocker that ends after three hours (+0.10
# at 24 h in a human, where mice show nothing). Each hypothesis has constants of its own, and others might move a
# number across a threshold.
#
# Next: [7. A week later](07_a_week_later.ipynb).
#
# ## Solutions
#
# The cell below is folded up; it also says how long a slider takes to redraw.

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
assert check("AMPA receptors blocked", wanted=wanted)
assert check("H2", wanted=most)
assert abs(blocked) < 0.02
took = redraw_time(alone, {"dose": 0.5, "hypothesis": "H2"}, dose=0.4, hypothesis="H2")
print(f"a new figure took {took:.0f} ms")
