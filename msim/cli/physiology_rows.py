"""Rows of `msim physiology`: simulated beside published values, and whether they agree."""

from __future__ import annotations

import math
from collections.abc import Iterator

from msim.evidence.physiology import Activity, Physiology

COLUMNS = ("quantity", "simulated", "published", "row", "agrees")
Row = tuple[str, str, str, str, str]

MARGIN = 0.15  # of a rate that is held against the published one


def rows_of(found: Physiology) -> list[Row]:
    """Return every row; 'published' is empty where no row of the facts has a value."""
    return [*_rest(found), *_volley(found), *_baths(found)]


def _rest(found: Physiology) -> Iterator[Row]:
    for name in found.populations:
        rate = found.rest.rates[name]
        wanted = found.wanted[name]
        agrees = abs(rate / wanted - 1) < MARGIN
        yield f"rate at rest, {name}", f"{rate:.2f} Hz", f"{wanted:g} Hz, fitted to", "DI14", _said(agrees)
    for name, value in found.rest.irregularity.items():
        yield f"CV of intervals, {name}", f"{value:.2f}", "", "", ""
    for name, value in found.open_duty.items():
        yield f"activated share, {name}", f"{value:.2g}", "", "", ""
    yield "gamma peak of the field", _hertz(found.rest.gamma_peak), "", "", ""
    yield "aperiodic exponent of the field, 1 to 50 Hz", f"{found.rest.exponent:.2f}", "", "", ""


def _volley(found: Physiology) -> Iterator[Row]:
    for name, value in found.latencies.items():
        yield f"half of the extra spikes after a volley, {name}", f"{1e3 * value:.1f} ms", "", "", ""


def _baths(found: Physiology) -> Iterator[Row]:
    for dose, bath in found.baths.items():
        where = f"in {dose:g} uM {found.drug}"
        for name in found.populations:
            change = bath.rates[name] / found.rest.rates[name] - 1 if found.rest.rates[name] else math.nan
            # At 1 uM DI1 and DW8 say that inhibition falls and excitation rises.
            known = (1 if name == found.output else -1) if dose == 1 and found.output else 0
            row = ("up" if known > 0 else "down", "DW8, DI1", _said(change * known > 0)) if known else ("", "", "")
            yield f"rate of {name} {where}", f"{100 * change:+.0f} %", *row
        yield from _field(found.rest, bath, where, dose)


def _field(rest: Activity, bath: Activity, where: str, dose: float) -> Iterator[Row]:
    change = bath.gamma / rest.gamma - 1
    row = ("up", "DI7", _said(change > 0)) if dose == 1 else ("", "", "")
    yield f"gamma power {where}", f"{100 * change:+.0f} %", *row
    lower = bath.gamma_peak < rest.gamma_peak
    row = ("lower than at rest", "DI7", _said(lower)) if dose == 1 else ("", "", "")
    yield f"gamma peak {where}", _hertz(bath.gamma_peak), *row
    yield f"synaptic current {where}", f"{100 * (bath.current / rest.current - 1):+.0f} %", "", "", ""


def _hertz(value: float) -> str:
    return f"{value:.0f} Hz" if math.isfinite(value) else "none"


def _said(agrees: bool) -> str:
    return "yes" if agrees else "no"
