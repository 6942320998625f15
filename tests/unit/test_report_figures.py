"""Interactive figures: which samples are drawn, and how arms look."""

from __future__ import annotations

import numpy as np
import pytest

from msim.plots.style import numbered_style
from msim.report.figures import add_course, arm_styles, arm_tag, thinned, time_figure


@pytest.mark.parametrize("is_log", [True, False])
@pytest.mark.parametrize("count", [1, 2, 500, 501, 2017])
def test_thinning_keeps_both_ends_and_no_more_than_asked(is_log: bool, count: int) -> None:
    times = 300.0 * np.arange(1, count + 1)
    kept = thinned(times, is_log)
    assert kept[0] == 0 and kept[-1] == count - 1
    assert len(kept) <= 500 and np.all(np.diff(kept) > 0)


def test_thinning_on_a_log_axis_leaves_no_gap_wider_than_a_step_of_samples_or_axis() -> None:
    times = 300.0 * np.arange(1, 2018)
    kept = times[thinned(times, True)]
    step = np.log(times[-1] / times[0]) / 499
    assert np.all((np.diff(np.log(kept)) < 2 * step) | (np.diff(kept) == 300.0))


def test_arms_look_as_in_the_png_figures_and_differ() -> None:
    styles = arm_styles(["a", "b", "c", "d", "e", "f", "g"])
    assert [one.color for one in styles.values()] == [numbered_style(number)["color"] for number in range(7)]
    assert len(set(styles.values())) == 7


def test_everything_drawn_of_an_arm_carries_its_tag() -> None:
    made = time_figure("p", 7200.0)
    times = np.array([300.0, 600.0])
    source = add_course(made, times, np.array([[1.0, 2.0], [3.0, 6.0]]), "drug", arm_styles(["drug"])["drug"])
    assert [one.tags for one in made.renderers] == [[arm_tag("drug")]] * 2
    assert list(source.data["y"]) == [2.0, 4.0] and list(source.data["high"]) == [3.0, 6.0]
