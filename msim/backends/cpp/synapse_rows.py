"""Contacts onto the cells of a rank: drawn cell by cell, laid end to end, and checked before the engine reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from msim.network.spec import NetworkSpec

# Contacts onto one cell: sources in their population, delays in s, values by name.
Row = tuple[np.ndarray, np.ndarray, Mapping[str, np.ndarray]]


def end_to_end(
    rows: Sequence[Row], names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Join rows of contacts into sizes, sources, delays and values; a value that a row lacks is left out."""
    none = [np.empty(0)]
    values = {
        name: np.concatenate([np.asarray(one[2][name], float) for one in rows] or none)
        for name in names
        if all(name in one[2] for one in rows)
    }
    return (
        np.array([len(one[0]) for one in rows], dtype=np.int64),
        np.concatenate([one[0] for one in rows] or none),
        np.concatenate([one[1] for one in rows] or none),
        values,
    )


def problem_of_contacts(
    spec: NetworkSpec, name: str, wanted: Sequence[str], count: int, pre: np.ndarray, delay: np.ndarray,
    values: Mapping[str, np.ndarray],
) -> str:  # fmt: skip
    """Describe the first problem of the contacts of a projection; return '' where there is none.

    wanted: names of values; count: expected number of contacts
    """
    for one in wanted:
        if one not in values:
            return f"{name}: wants values '{one}' of its contacts, got {', '.join(sorted(values)) or 'none'}"
    for what, given in (("sources", pre), ("delays", delay), *((f"values '{one}'", values[one]) for one in wanted)):
        if np.shape(given) != (count,):
            return f"{name}: wants {count} contacts' {what}, got {np.size(given)}"
    if count and not np.min(delay) >= 0.5 * spec.step:
        return f"{name}: wants delays of at least one step of {spec.step:g} s, got {np.min(delay):g} s"
    sources = spec.population(next(one.origin for one in spec.projections if one.name == name)).size
    if count and not 0 <= np.min(pre) <= np.max(pre) < sources:
        return f"{name}: wants sources from 0 to {sources - 1}, got {np.min(pre)} to {np.max(pre)}"
    return ""
