"""Who contacts whom: rows of synapses drawn for each postsynaptic cell from its own stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msim.base.seeds import stream


@dataclass(frozen=True)
class Wiring:
    """The numbers that a projection's rows are drawn from (delays in seconds)."""

    name: str
    n_pre: int
    in_degree: int
    weight_sigma: float
    delay_low: float
    delay_high: float
    same_population: bool


@dataclass(frozen=True)
class Row:
    """The contacts onto one cell: presynaptic index in its population, weight of unit mean, delay in s."""

    pre: np.ndarray
    weight: np.ndarray
    delay: np.ndarray


def row(wiring: Wiring, seed: int, post_index: int, post_gid: int) -> Row:
    """Draw the contacts onto one cell; the same on any rank, whatever the other cells do.

    Weights are lognormal with mean 1; no cell contacts itself and no pair twice.
    """
    random = stream(seed, f"wiring {wiring.name}", post_gid)
    candidates = wiring.n_pre - int(wiring.same_population)
    pre = np.sort(random.choice(candidates, size=min(wiring.in_degree, candidates), replace=False))
    if wiring.same_population:
        pre = pre + (pre >= post_index)
    weight = np.exp(wiring.weight_sigma * random.standard_normal(pre.size) - wiring.weight_sigma**2 / 2)
    delay = random.uniform(wiring.delay_low, wiring.delay_high, pre.size)
    return Row(pre, weight, delay)


def scaled_in_degree(in_degree: float, n_pre: int, n_pre_reference: int) -> tuple[int, float]:
    """In-degree and factor on the weights of a column of another size than the reference.

    A smaller column keeps the connection probability and makes the contacts stronger in
    proportion, so that mean input stays; a larger one keeps the in-degree.
    returns: (contacts per cell, factor on each)
    """
    if n_pre >= n_pre_reference:
        return int(round(in_degree)), 1.0
    contacts = max(1, int(round(in_degree * n_pre / n_pre_reference)))
    return contacts, in_degree / contacts
