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
# # 5. The circuit
#
# **Ketamine blocks receptors that excite. How can it make a circuit more active?**
#
# One account: the drug hits inhibitory cells first, and what they held back is let go. This is *disinhibition*, and
# the notebook asks how much of it there is in the column, and where it ends.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Checkbox, FloatLogSlider, FloatSlider
from teaching import MODEL, POPULATIONS, check, predict, redraw_time, slide

import msim

emulator = msim.find_emulator(MODEL)
REST = {name: float(emulator.averages()[f"{name}.firing_rate"]) for name in POPULATIONS}
print({name: f"{rate:.1f} Hz" for name, rate in REST.items()})

# %% [markdown]
# The column: 800 pyramidal cells, 120 PV cells (they hold the soma) and 80 SST cells (they hold the dendrite, where
# the NMDA receptors are). Its *emulator* is asked below: surfaces fitted to bursts of the spiking cells.
#
# ## Which cells would have to be hit?
#
# Block the NMDA receptors of one kind of cell only. No drug does that, a model can.

# %%
predict(
    "A third of the NMDA current of SST cells is blocked, nothing else. Pyramidal cells fire ...",
    ["more", "less", "as before"],
    ["Yes: SST cells fall, and the dendrite is let go.", "Who excites SST cells? Follow the arrows.", "Look below."],
)


# %%
def one_kind(evoked: float, pv: float, sst: float) -> None:
    found = emulator.averages({"block_evoked.b": evoked, "block_pv.b": pv, "block_sst.b": sst})
    change = [100 * (float(found[f"{name}.firing_rate"]) / REST[name] - 1) for name in POPULATIONS]
    plt.figure(figsize=(6, 2.6), layout="constrained")
    plt.bar([f"{name}\n{REST[name]:.1f} Hz at rest" for name in POPULATIONS], change, color=POPULATIONS.values())
    plt.axhline(0, color="#777777", linewidth=0.8)
    plt.ylabel("change of rate, %")


slide(
    one_kind,
    evoked=FloatSlider(value=0, min=0, max=0.5, step=0.02, description="blocked on pyramidal cells"),
    pv=FloatSlider(value=0, min=0, max=0.5, step=0.02, description="blocked on PV cells"),
    sst=FloatSlider(value=0.3, min=0, max=0.5, step=0.02, description="blocked on SST cells"),
)

# %% [markdown]
# ## What a real drug hits
#
# At a concentration $C$ a receptor with subunit $s$ is blocked to $x/(1+x)$ in the end, $x = C B_s / IC_{50,s}$, where
# $B_s$ is what magnesium leaves at the potential of the cell (notebook 2). A pool loses the current that its blocked
# receptors would have carried. GluN2D lets the drug in more easily, and stands on inhibitory cells.

# %%
POOLS = {"block_evoked": "pyramidal", "block_resting": "pyramidal", "block_pv": "pv", "block_sst": "sst"}


def blocked(micromolar: np.ndarray, pool: str) -> np.ndarray:
    """Share of the pool's current that is lost in the end, at the potential that its cell has at rest."""
    value = {name: MODEL[f"{pool}.{name}"] for name in ("Mg_o", "K_Mg", "K_Mg_2D", "v_Mg", "share_2B", "share_2D")}
    potential = emulator.averages()["pyramidal.v_dendrite" if POOLS[pool] == "pyramidal" else f"{POOLS[pool]}.v"]
    left = {
        one: 1 / (1 + value["Mg_o"] / (value["K_Mg_2D" if one == "2D" else "K_Mg"] * np.exp(potential / value["v_Mg"])))
        for one in ("2A", "2B", "2D")
    }
    shares = {"2B": value["share_2B"], "2D": value["share_2D"], "2A": 1 - value["share_2B"] - value["share_2D"]}
    current = {one: shares[one] * left[one] for one in shares}
    x = {one: 1e-3 * micromolar * left[one] / MODEL[f"ketamine_binding.IC50_{one}"] for one in shares}
    return sum(current[one] * x[one] / (1 + x[one]) for one in shares) / sum(current.values())


def point(micromolar: np.ndarray, preferring: bool) -> dict[str, np.ndarray]:
    """Where on the emulator a concentration leads to; not preferring: all pools as pyramidal cells'."""
    found = {f"{pool}.b": blocked(micromolar, pool) for pool in POOLS}
    return found if preferring else {name: found["block_evoked.b"] for name in found}


def dose(micromolar: float, preferring: bool) -> None:
    concentrations = np.linspace(0, 4, 80)
    axes = point(concentrations, preferring)
    found = emulator.averages(axes)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
    for pool, color in zip(("block_evoked", "block_pv", "block_sst"), POPULATIONS.values(), strict=True):
        left.plot(concentrations, 100 * axes[f"{pool}.b"], color=color, linewidth=2, label=POOLS[pool])
    for name, color in POPULATIONS.items():
        rate = found[f"{name}.firing_rate"] / REST[name]
        right.plot(concentrations, rate, color=color, linewidth=2, label=name)
        right.plot(micromolar, np.interp(micromolar, concentrations, rate), "o", color=color)
    right.axhline(1, color="#777777", linewidth=0.8)
    left.set(xlabel="ketamine at the receptor, µM", ylabel="NMDA current blocked, %")
    right.set(xlabel="ketamine at the receptor, µM", ylabel="rate, relative to rest")
    left.legend(frameon=False)


slide(
    dose,
    micromolar=FloatSlider(value=1, min=0, max=4, step=0.1, description="ketamine, µM"),
    preferring=Checkbox(value=True, description="GluN2D on inhibitory cells, as in the model"),
)

# %% [markdown]
# Up, and down again: an **inverted U**. At first inhibitory cells lose most; then pyramidal cells lose their own NMDA
# current. Clear the box, and the first half is gone: the rise hangs on the share of GluN2D, which nobody has measured.
#
# ## Gamma
#
# PV cells and pyramidal cells drive each other around a loop at 30 to 80 Hz, which a field electrode sees.

# %%
FREQUENCY = np.geomspace(2, 90, 120)


def spectrum(axes: dict[str, float]) -> np.ndarray:
    """Power density of the field of pyramidal cells, A²/Hz."""
    points, _ = emulator.points(axes)
    return emulator.field.density(emulator.scaled(points)[0], "pyramidal", FREQUENCY)


def gamma(micromolar: float) -> None:
    rest = spectrum({})
    now = spectrum({name: float(value) for name, value in point(np.array(micromolar), True).items()})
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.2), layout="constrained")
    left.loglog(FREQUENCY, 1e24 * rest, color="#777777", label="rest", linewidth=2)
    left.loglog(FREQUENCY, 1e24 * now, color="#0072B2", label=f"{micromolar:g} µM", linewidth=2)
    left.set(xlabel="frequency, Hz", ylabel="power of the field, pA²/Hz")
    left.legend(frameon=False)
    right.semilogx(FREQUENCY, 10 * np.log10(now / rest), color="#0072B2", linewidth=2)
    right.axvspan(30, 80, color="#F6EFCF", zorder=0)
    right.axhline(0, color="#777777", linewidth=0.8)
    right.set(xlabel="frequency, Hz (yellow: gamma)", ylabel="change, dB")


slide(gamma, micromolar=FloatLogSlider(value=1, base=10, min=-1, max=0.5, readout_format=".2f", description="µM"))

# %% [markdown]
# ## Exercises
#
# 1. By how many per cent do pyramidal cells fire more at 1 µM than at rest?

# %%
more = None  # your answer, %

at_one = emulator.averages({name: float(value) for name, value in point(np.array(1.0), True).items()})
wanted = 100 * (float(at_one["pyramidal.firing_rate"]) / REST["pyramidal"] - 1)
check(more, wanted=wanted, within=0.1, hint="Set the slider to 1 µM and read the point of pyramidal cells.")

# %% [markdown]
# 2. At which concentration do pyramidal cells fire most on this emulator, in µM?

# %%
top = None  # your answer, µM

scan = np.linspace(0, 4, 80)
peak = float(scan[np.argmax(emulator.averages(point(scan, True))["pyramidal.firing_rate"])])
check(top, wanted=peak, within=0.15, hint="Follow the curve of pyramidal cells to where it turns.")

# %% [markdown]
# 3. You want pyramidal cells to fire more with as little block as you can. On which cells: `pyramidal`, `pv` or `sst`?

# %%
cells = None  # your answer, in quotation marks

gained = {
    name: float(emulator.averages({f"block_{pool}.b": 0.1})["pyramidal.firing_rate"])
    for name, pool in (("pyramidal", "evoked"), ("pv", "pv"), ("sst", "sst"))
}
check(cells, wanted=max(gained, key=gained.get), hint="Put 0.1 on one kind at a time, in the first figure.")

# %% [markdown]
# **What to doubt here:** the share of GluN2D on inhibitory cells (assumed: one half); and the emulator, which misses
# rates by 13 to 29 % at bursts that it was not fitted to. Spiking cells fire 27 % more at 1 µM, where it says 17 %,
# 33 % more at 3 µM and half as much at 10 µM: the U is there, and turns later than the emulator has it. Gamma rises by
# 11 % at 1 µM on spikes and is lower than at rest at 3 µM; recordings show more of it.
#
# Whether all this is what makes synapses grow is the question of the next notebook.
#
# Next: [6. Direct or by disinhibition](06_direct_or_disinhibition.ipynb).
#
# ## Solutions
#
# The cell below is folded up; it also says how long a slider takes to redraw.

# %% jupyter={"source_hidden": true} tags=["hide-cell"]
assert check(17, wanted=wanted)
assert check(1.1, wanted=peak)
assert check("sst", wanted=max(gained, key=gained.get))
took = redraw_time(dose, {"micromolar": 1, "preferring": True}, micromolar=1.3, preferring=True)
print(f"a new figure took {took:.0f} ms")
