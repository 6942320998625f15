"""A time axis from minutes to weeks after the first dose, with the doses on it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter

from msim.plots.experiment import experiment_of
from msim.plots.style import GRAY, SHADE, SMALL
from msim.plots.wording import duration_text
from msim.storage.run_store import Run

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
AXIS_START = 5 * MINUTE
X_LABEL = "time after the first dose (log scale)"
# Named ticks for runs of up to so long; their names must not run together in a narrow panel.
_TICKS = (
    (4 * HOUR, (10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR)),
    (DAY - MINUTE, (10 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)),
    (float("inf"), (10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 180 * DAY)),
)
_BETWEEN = (20 * MINUTE, 30 * MINUTE, 2 * HOUR, 3 * HOUR, 4 * HOUR, 12 * HOUR, 2 * DAY, 3 * DAY, 4 * DAY, 14 * DAY)
_ROOM = 1.08  # share of the last time at which the axis ends


def dose_spans(run: Run) -> list[tuple[float, float]]:
    """Return start and end of every dose of any arm in s, each once and in order."""
    return sorted({(dose.start_s, dose.end_s) for arm in experiment_of(run).arms for dose in arm.doses})


def log_time_axis(ax: Axes, end: float) -> None:
    """Lay time in s out from 5 minutes to `end` on a log scale, with ticks that people name."""
    ax.set_xscale("log")
    named = next(ticks for longest, ticks in _TICKS if end <= longest)
    ticks = [one for one in named if one <= end * _ROOM]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FixedFormatter([duration_text(one) for one in ticks]))
    ax.xaxis.set_minor_locator(FixedLocator([one for one in _BETWEEN if one not in ticks]))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(AXIS_START, max(end, 2 * AXIS_START) * _ROOM)


def show_doses(ax: Axes, spans: Sequence[tuple[float, float]]) -> None:
    """Shade the time of every infusion, mark every other dose, and name the first of each kind."""
    low, high = ax.get_xlim()
    named: set[str] = set()
    for start, end in spans:
        kind = "infusion" if end > start else "dose"
        if end <= low or start >= high:
            continue
        if end > start:
            ax.axvspan(max(start, low), min(end, high), color=SHADE, linewidth=0, zorder=0)
        else:
            ax.axvline(start, color=GRAY, linewidth=0.8, zorder=0)
        if kind not in named:
            _name(ax, max(start, low), kind)
            named.add(kind)


def _name(ax: Axes, start: float, kind: str) -> None:
    ax.annotate(
        kind, (start, 1.0), xycoords=ax.get_xaxis_transform(), xytext=(3, -2), textcoords="offset points",
        ha="left", va="top", fontsize=SMALL, color=GRAY,
    )  # fmt: skip


def when(time: float, spans: Sequence[tuple[float, float]]) -> str:
    """Return the place of a time among the doses, in words: '3 h after the first dose', '40 min, end of infusion'."""
    if not spans:
        return duration_text(time)
    if time < spans[0][0]:
        return f"{duration_text(spans[0][0] - time)} before the dose"
    for start, end in spans:
        if start < time < end:
            return f"{duration_text(time)}, during infusion"
        if start < time == end:
            return f"{duration_text(time)}, end of infusion"
    return f"{duration_text(time)} after the first dose"
