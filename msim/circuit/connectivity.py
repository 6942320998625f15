"""Wiring of a projection: rows of synapses, drawn for each postsynaptic cell from its own random stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.seeds import stream, streams


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
    """The contacts onto one cell: presynaptic index in its population, weight of unit mean, delay in s.

    Weights are numbers that single precision holds exactly, so that an engine may keep them in 4 bytes.
    """

    pre: np.ndarray
    weight: np.ndarray
    delay: np.ndarray


def row(wiring: Wiring, seed: int, post_index: int, post_gid: int) -> Row:
    """Draw the contacts onto one cell; the same on any rank, whatever the other cells do.

    Weights are lognormal with mean 1; no cell contacts itself and no pair twice.
    """
    pre, spread, delay = _drawn(wiring, stream(seed, _purpose(wiring), post_gid), post_index)
    return Row(pre, _weight(wiring, spread), delay)


def rows(wiring: Wiring, seed: int, cells: Sequence[int], first_gid: int) -> tuple[np.ndarray, Row]:
    """Draw the contacts onto several cells of a population; each cell gets the contacts that `row` would give it.

    cells: their numbers within the population
    returns: number of contacts of each cell, shape (cells,), and the contacts of all cells, one cell after the other
    """
    generators = streams(seed, _purpose(wiring), [first_gid + one for one in cells])
    parts = [_drawn(wiring, random, index) for index, random in zip(cells, generators, strict=True)]
    if not parts:
        none = np.empty(0)
        return np.empty(0, dtype=int), Row(none.astype(int), none, none)
    pre, spread, delay = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return np.array([one[0].size for one in parts]), Row(pre, _weight(wiring, spread), delay)


def _purpose(wiring: Wiring) -> str:
    return f"wiring {wiring.name}"


def _drawn(wiring: Wiring, random: np.random.Generator, post_index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    candidates = wiring.n_pre - int(wiring.same_population)
    pre = random.choice(candidates, size=min(wiring.in_degree, candidates), replace=False)
    pre.sort()
    if wiring.same_population:
        pre += pre >= post_index
    spread = random.standard_normal(pre.size)
    return pre, spread, random.uniform(wiring.delay_low, wiring.delay_high, pre.size)


def _weight(wiring: Wiring, spread: np.ndarray) -> np.ndarray:
    weight = np.exp(wiring.weight_sigma * spread - wiring.weight_sigma**2 / 2)
    return weight.astype(np.float32).astype(float)


def scaled_in_degree(in_degree: float, n_pre: int, n_pre_reference: int) -> tuple[int, float]:
    """Return the in-degree and the factor on the weights for a column whose size differs from the reference.

    A smaller column keeps the connection probability and makes the contacts stronger in
    proportion, so that mean input stays; a larger one keeps the in-degree.
    returns: (contacts per cell, factor on each)
    """
    if n_pre >= n_pre_reference:
        return int(round(in_degree)), 1.0
    contacts = max(1, int(round(in_degree * n_pre / n_pre_reference)))
    return contacts, in_degree / contacts
