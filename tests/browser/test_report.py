"""Reports in a real browser: from disk, without a network, at both widths, by keyboard and on paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from plotted_run import begin_run, store_run
from reported import hostile_experiment, small_sweep_on_emulator, study_folder

from msim.report.write import write_report

KINDS = ("run", "unfinished", "hostile", "sweep", "map", "study")
READY = "() => typeof Bokeh === 'undefined' || Bokeh.documents.every((one) => one.is_idle)"
DRAWN = "() => Bokeh.documents.flatMap((one) => [...one.all_models])"
TAGGED = f"(tag) => ({DRAWN})().filter((one) => one.tags?.includes(tag))"
OVERFLOWING = """() => {
  const wide = document.documentElement.clientWidth;
  const out = [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width > 0 && box.right > wide + 1 && !one.closest(".scroll, pre, .skip");
  });
  return [document.documentElement.scrollWidth - wide, ...out.slice(0, 3).map((one) => one.outerHTML.slice(0, 120))];
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One report of each kind, as the command writes it."""
    root = tmp_path_factory.mktemp("reports")
    begin_run(root / "unfinished", trials=2)
    store_run(root / "run")
    store_run(root / "hostile", hostile_experiment(root))
    small_sweep_on_emulator(root / "sweep", "dose:doses.mg_per_kg=0.1,0.5")
    small_sweep_on_emulator(root / "map", "dose:doses.mg_per_kg=0.1,0.5", "eef2k.tau_K=5 minute,20 minute")
    study_folder(root / "study")
    return {kind: write_report(root / kind) for kind in KINDS}


def shown(opened: Any, path: Path, width: int = 1200, **options: Any) -> Any:
    page = opened(path, width, **options)
    page.wait_for_function(READY)
    page.wait_for_timeout(300)  # figures are laid out once more when their fonts are known
    return page


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_offline_in_silence_and_nothing_overflows(
    kind: str, width: int, pages: dict[str, Path], opened: Any
) -> None:
    page = shown(opened, pages[kind], width)
    assert opened.said == []
    assert page.evaluate(OVERFLOWING) == [0]
    assert "owned" != page.title()
    assert page.locator("h1").inner_text().strip()
    if kind != "unfinished":
        sizes = page.eval_on_selector_all(".canvas", "all => all.map(one => one.getBoundingClientRect().width)")
        assert sizes and min(sizes) > 200


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_violation_of_wcag_aa(kind: str, pages: dict[str, Path], opened: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="wants axe-playwright-python")
    page = shown(opened, pages[kind])
    for fold in page.locator("details").all()[:3]:
        fold.evaluate("one => { one.open = true }")
    rules = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    found = axe.Axe().run(page, options={"runOnly": rules}).response["violations"]
    told = [(one["id"], one["impact"], [node["html"][:100] for node in one["nodes"][:2]]) for one in found]
    assert told == []


@pytest.mark.parametrize("kind", ["run", "sweep", "study"])
def test_a_box_hides_and_shows_an_arm_everywhere(kind: str, pages: dict[str, Path], opened: Any) -> None:
    page = shown(opened, pages[kind])
    if kind == "sweep":
        assert page.locator("input.arm").count() == 0  # one arm needs no box
        return
    first, second = (box.get_attribute("value") for box in page.locator("input.arm").all()[:2])
    visible = f"(tag) => ({TAGGED})(tag).map((one) => one.visible)"
    before = page.evaluate(visible, f"arm:{first}")
    assert len(before) >= 4 and all(before)
    page.locator(f"input.arm[value={first}]").press("Space")
    assert not any(page.evaluate(visible, f"arm:{first}")) and all(page.evaluate(visible, f"arm:{second}"))
    page.locator(f"input.arm[value={first}]").press("Space")
    assert all(page.evaluate(visible, f"arm:{first}"))


def test_buttons_lead_from_the_whole_run_to_milliseconds(pages: dict[str, Path], opened: Any) -> None:
    """Ten orders of time on one axis: from the week to less than a step of the spikes."""
    page = shown(opened, pages["run"])
    span = f"(group) => ({TAGGED})(`span:${{group}}`).map((one) => [one.start, one.end])"
    (whole,) = page.evaluate(span, "zoom")
    assert whole[1] - whole[0] > 6e5
    page.get_by_role("button", name="50 ms at 7 d").press("Enter")
    (near,) = page.evaluate(span, "zoom")
    assert near == [604800.0, 604800.05]
    assert page.get_by_role("button", name="50 ms at 7 d").get_attribute("aria-pressed") == "true"
    page.evaluate(f"() => ({TAGGED})('span:zoom')[0].setv({{start: 604800.01, end: 604800.0101}})")
    page.wait_for_function(READY)
    assert opened.said == []
    before = page.evaluate(span, "courses")
    page.get_by_role("button", name="first 2 h").click()
    assert page.evaluate(span, "courses") == [[300.0, 7200.0]] != before


def test_the_pointer_reads_a_line(pages: dict[str, Path], opened: Any) -> None:
    page = shown(opened, pages["run"])
    place = page.locator(".canvas").first
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    for share in (0.2, 0.4, 0.6, 0.8, 0.95):
        for height in range(60, int(box["height"]) - 60, 4):
            page.mouse.move(box["x"] + share * box["width"], box["y"] + height)
            told = " ".join(one.inner_text() for one in page.locator(".bk-Tooltip, .bk-tooltip-content").all())
            if told.strip():
                assert "ketamine" in told and re.search(r"time:\s+\d+(\.\d)? (min|h|d)", told), told
                return
    raise AssertionError("no text beside the pointer")


def test_parameters_are_found_by_a_word(pages: dict[str, Path], opened: Any) -> None:
    page = shown(opened, pages["run"])
    rows = page.locator("#parameters tbody tr")
    assert page.locator("#parameters tbody tr:visible").count() == 0
    page.get_by_label("Find a parameter").fill("eef2k.tau_K")
    seen = page.locator("#parameters tbody tr:visible")
    assert 1 <= seen.count() < 10 and "eef2k.tau_K" in seen.first.inner_text()
    page.get_by_label("Find a parameter").fill("")
    page.get_by_role("button", name="Open all").click()
    assert page.locator("#parameters tbody tr:visible").count() == rows.count() > 700


def test_paper_has_figures_and_parameters_but_no_buttons(pages: dict[str, Path], opened: Any, tmp_path: Path) -> None:
    page = shown(opened, pages["run"])
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("button:visible").count() == 0 and page.locator("nav:visible").count() == 0
    assert page.locator("#parameters tbody tr:visible").count() > 700
    assert page.locator(".canvas:visible").count() == page.locator(".canvas").count()
    assert page.pdf(path=tmp_path / "page.pdf", format="A4").startswith(b"%PDF")
