"""What figures say of times and how they thin out cells, for any run."""

from __future__ import annotations

import numpy as np
import pytest

from msim.plots.rasters import ROWS, shown_rows, smoothed_rate
from msim.plots.time_axis import when
from msim.plots.wording import duration_text


def test_smoothing_keeps_every_spike() -> None:
    """The rate integrates to the number of spikes per cell."""
    times, rate = smoothed_rate(np.random.default_rng(5).uniform(0, 1, 137), n_cells=10, seconds=1.0)
    assert rate.sum() * (times[1] - times[0]) == pytest.approx(13.7, rel=1e-9)


def test_a_rare_population_keeps_rows_and_none_has_more_than_its_cells() -> None:
    """A raster of many cells stays readable."""
    rows = shown_rows({"pyramidal": 80_000, "pv": 900, "sst": 10})
    assert rows["sst"] == 10 and rows["pv"] >= 15 and ROWS * 0.9 < sum(rows.values()) < ROWS * 1.3
    assert shown_rows({"pyramidal": 80, "pv": 12}) == {"pyramidal": 80, "pv": 12}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 min"), (600, "10 min"), (5400, "1.5 h"), (-300, "−5 min"), (604800, "7 d"), (47.25, "47.25 s")],
)
def test_durations_are_written_as_people_say_them(seconds: float, text: str) -> None:
    """The largest unit that needs no long fraction."""
    assert duration_text(seconds) == text


def test_times_are_named_by_the_doses() -> None:
    """Before, during, at the end of and after an infusion; without doses only the time."""
    spans = [(0.0, 2400.0)]
    assert [when(time, spans) for time in (-300.0, 1200.0, 2400.0, 10800.0)] == [
        "5 min before the dose", "20 min, during infusion", "40 min, end of infusion", "3 h after the first dose",
    ]  # fmt: skip
    assert when(3600.0, []) == "1 h"
