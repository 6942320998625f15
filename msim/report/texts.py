"""Texts of numbers and times on pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NEAR = (-300.0, 0.0, 600.0, 1800.0, 2400.0, 3600.0, 7200.0, 21600.0, 86400.0, 259200.0, 604800.0, 1209600.0, 2592000.0)
DASH = "–"


def plain_number(value: float) -> str:
    """Format a number to four significant digits; a dash for one that is not finite."""
    if not np.isfinite(value):
        return DASH
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.3e}".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def mean_text(values: np.ndarray) -> str:
    """Format the mean over seeds, and below it the lowest to highest value where there are several."""
    known = np.asarray(values, dtype=float)
    if known.size == 0 or np.isnan(known).any():
        return DASH
    mean = plain_number(float(known.mean()))
    low, high = plain_number(float(known.min())), plain_number(float(known.max()))
    return mean if low == high else f"{mean}\n{low} to {high}"


def told_times(times: np.ndarray) -> list[int]:
    """Return the samples that a table lists: the first, those at times with common names, and the last.

    times: s, rising
    """
    chosen = {int(np.argmin(np.abs(times - one))) for one in NEAR if times[0] <= one <= times[-1]}
    return sorted({0, *chosen, len(times) - 1}) if len(times) else []


def counted(count: int, noun: str) -> str:
    """Format a count with its noun, in the plural unless the count is one."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def listed(names: Sequence[str]) -> str:
    """Join names with commas, the last after 'and'."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
