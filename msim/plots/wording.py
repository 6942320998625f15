"""Names of recorded quantities, times and arms on figures."""

from __future__ import annotations

import textwrap

import xarray as xr

from msim.base.errors import InputError, nearest
from msim.definitions.experiments.definition import Arm
from msim.storage.run_store import Run

# Units that a reader of the field expects, with the factor from the stored ones.
_SHOWN_UNITS = {
    "mM": ("µM", 1e3), "A": ("pA", 1e12), "V": ("mV", 1e3), "S": ("nS", 1e9), "Hz": ("Hz", 1.0),
    "A^2": ("pA²", 1e24), "A^2/Hz": ("pA²/Hz", 1e24),
}  # fmt: skip
_SHOWN_NAMES = {
    "b": "receptors blocked", "C_plasma": "concentration", "C_e": "concentration",
    "percent_signal_change": "BOLD signal change", "E_I_balance": "E/I charge",
}  # fmt: skip
TITLE_WIDTH = 37  # characters that fit over a panel of a page
_IN_PERCENT = ("b",)
_SPANS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


def recorded(dataset: xr.Dataset, quantity: str, run: Run) -> xr.DataArray:
    """Return a recorded quantity.

    raises: InputError where the run has not recorded it
    """
    if quantity not in dataset:
        names = [str(name) for name in dataset.data_vars]
        raise InputError(f"{run.path}: has no recorded '{quantity}'{nearest(quantity, names)}")
    return dataset[quantity]


def name_of(quantity: str) -> str:
    """Return the last part of an address: 'p_eEF2' of 'eef2k.p_eEF2'."""
    return quantity.rsplit(".", 1)[-1]


def shown_factor(variable: xr.DataArray) -> float:
    """Return the factor on stored values for display."""
    if name_of(str(variable.name)) in _IN_PERCENT:
        return 100.0
    return _SHOWN_UNITS.get(variable.attrs["units"], ("", 1.0))[1]


def shown_unit(variable: xr.DataArray) -> str:
    """Return the unit in which values are shown; for a number without unit, the kind of number."""
    units, meaning = str(variable.attrs["units"]), str(variable.attrs["long_name"])
    if name_of(str(variable.name)) in _IN_PERCENT:
        return "%"
    if not units.startswith("1 "):
        return _SHOWN_UNITS.get(units, (units, 1.0))[0]
    kinds = (("fraction", "fraction"), ("share", "fraction"), ("percent", "% of rest"),
             ("relative to rest", "rest = 1"), ("cell at rest", "rest = 1"), (" over ", "ratio"))  # fmt: skip
    return next((kind for words, kind in kinds if words in meaning), "1")


def axis_label(variable: xr.DataArray) -> str:
    """Return name and unit of a quantity for its axis."""
    return f"{short_name(str(variable.name), str(variable.attrs['long_name']))} ({shown_unit(variable)})"


def short_name(quantity: str, meaning: str) -> str:
    """Return a quantity's name for an axis or a legend; what a whole cell has is called as its meaning begins."""
    name, (thing, of_cell, _) = name_of(quantity), meaning.partition(" of the cell,")
    return _SHOWN_NAMES.get(name) or (thing if of_cell else in_words(name))


def title_of(variable: xr.DataArray) -> str:
    """Return the meaning of a quantity as the title of a panel."""
    return wrapped(sentence(str(variable.attrs["long_name"])), TITLE_WIDTH)


def in_words(name: str) -> str:
    """Return a name of whole words without its underscores; a symbol such as 'p_eEF2' as it is."""
    return name.replace("_", " ") if name.islower() and not name.startswith("p_") else name


def sentence(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def wrapped(text: str, width: int) -> str:
    """Return the text in lines of at most `width` characters."""
    return "\n".join(textwrap.wrap(text, width))


def population_name(population: str) -> str:
    """Return a population's name as the field writes it: 'PV', but 'granule'."""
    return population.upper() if len(population) <= 3 else population


def arm_label(arm: Arm) -> str:
    """Return name and meaning of an arm."""
    return f"{arm.name}: {arm.meaning}" if arm.meaning else arm.name


def duration_text(seconds: float) -> str:
    """Return a duration in the largest unit in which it has at most one digit of fraction: '40 min', '1.5 d'."""
    if seconds == 0:
        return "0 min"
    for name, size in _SPANS:
        count = seconds / size
        if abs(count) >= 1 and abs(count * 10 - round(count * 10)) < 1e-6:
            return f"{count:g} {name}".replace("-", "−")
    return f"{seconds:g} s".replace("-", "−")
