"""How a page names times: as the PNG figures do, and with ticks that tell neighbours apart at any zoom."""

from __future__ import annotations

from typing import Any

import pytest

from msim.plots.wording import duration_text
from msim.report.time_axis import script

TICKS = "([low, high, isLog]) => { const found = ticksOf(low, high, isLog); return found.map(t => tickText(t, found)) }"


@pytest.fixture(scope="module")
def page(browser: Any) -> Any:
    made = browser.new_page()
    made.add_script_tag(content=script())
    yield made
    made.close()


@pytest.mark.parametrize("time", [0, 0.5, 1, 90, -300, 600, 2400, 3600, 5400, 7200, 86400, 129600, 604800, 2592000])
def test_a_page_names_times_as_figures_do(page: Any, time: float) -> None:
    wanted = duration_text(time) if abs(time) >= 1 or not time else "500 ms"
    assert page.evaluate("named", time) == wanted


def test_times_without_a_round_unit_are_told_in_parts(page: Any) -> None:
    assert page.evaluate("named", 7265) == "2 h 1 min 5 s"
    assert page.evaluate("named", 1e-4) == "0.1 ms"


@pytest.mark.parametrize("power", range(-4, 6))
@pytest.mark.parametrize("share", [0.0, 1.0, 700.0])
def test_ticks_differ_at_every_zoom_over_ten_orders(page: Any, power: int, share: float) -> None:
    """At no zoom do two ticks read the same, nor do fewer than two stand on the axis."""
    span = 10.0**power
    texts = page.evaluate(TICKS, [share * span, (share + 1) * span, False])
    assert 2 <= len(texts) <= 8
    assert len(set(texts)) == len(texts)


def test_a_log_axis_over_ten_orders_has_few_named_ticks(page: Any) -> None:
    texts = page.evaluate(TICKS, [1e-4, 1e6, True])
    assert 4 <= len(texts) <= 8 and texts[0] == "0.1 ms"


def test_close_ticks_late_in_a_run_count_from_a_round_time(page: Any) -> None:
    assert page.evaluate(TICKS, [7200, 7200.05, False]) == ["2 h", "+ 20 ms", "+ 40 ms"]
