"""Averages over a population: field potential, balance of excitation and inhibition, drive of blood flow."""

from __future__ import annotations

import numpy as np

from msim.base.errors import InputError


def lfp_proxy(ampa_current: np.ndarray, gaba_current: np.ndarray) -> np.ndarray:
    """Sum the absolute AMPA and GABA currents on excitatory cells.

    The proxy of Mazzoni et al. 2008 (PLoS Comput Biol 4:e1000239). Mazzoni et al. 2015 (11:e1004584)
    tested it against morphological cells: it follows the time course of the field, but a weighted
    difference, AMPA delayed, does so better. Neither gives a size in volts.
    ampa_current, gaba_current: of excitatory cells only, in one unit, shape (cells, time)
    returns: in that unit, shape (time,)
    """
    return np.abs(ampa_current).sum(axis=0) + np.abs(gaba_current).sum(axis=0)


def e_i_balance(excitatory_charge: np.ndarray, inhibitory_charge: np.ndarray) -> np.ndarray:
    """Divide the size of the excitatory charge by the size of the inhibitory charge.

    excitatory_charge, inhibitory_charge: over one window, of any sign, in one unit, one shape
    returns: of the same shape; NaN where there is no inhibitory charge
    """
    excitatory, inhibitory = np.abs(excitatory_charge), np.abs(inhibitory_charge)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(inhibitory > 0, np.divide(excitatory, inhibitory), np.nan)


def total_synaptic_current(excitatory_current: np.ndarray, inhibitory_current: np.ndarray) -> np.ndarray:
    """Average the absolute excitatory plus inhibitory synaptic current over cells.

    excitatory_current, inhibitory_current: in one unit, shape (cells, time)
    returns: in that unit, shape (time,)
    """
    return (np.abs(excitatory_current) + np.abs(inhibitory_current)).mean(axis=0)


def synaptic_activity(
    excitatory_current: np.ndarray, inhibitory_current: np.ndarray, resting_current: float
) -> np.ndarray:
    """Compute the relative change of total synaptic current, which drives blood flow.

    excitatory_current, inhibitory_current: in one unit, shape (cells, time)
    resting_current: time average of `total_synaptic_current` at rest, in that unit
    returns: 0 at rest, -1 without any current, shape (time,)
    """
    if not resting_current > 0:
        raise InputError(f"synaptic_activity: wants a resting current above 0, got {resting_current!r}")
    return total_synaptic_current(excitatory_current, inhibitory_current) / resting_current - 1
