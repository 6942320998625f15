"""msim explore in a real browser: as the command serves it, at both widths."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from msim.definitions.experiments.experiment import read_experiment

ROOT = Path(__file__).resolve().parents[2]
READY = "() => typeof Bokeh !== 'undefined' && Bokeh.documents.length && Bokeh.documents.every((one) => one.is_idle)"
DATA = """(name) => {
  const found = [...Bokeh.documents[0].all_models].find((one) => one.type === "ColumnDataSource" && one.name === name);
  return [...found.data.y];
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def served(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Any]]:
    """Address, folder and process of the command."""
    folder = tmp_path_factory.mktemp("explore")
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "msim", "explore", "circuits/cortical_column", "--no-browser"]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"},
                          stdout=subprocess.PIPE, text=True) as process:  # fmt: skip
        try:
            yield str(process.stdout.readline()).split(" ")[0], folder, process  # type: ignore[union-attr]
        finally:
            process.kill()


@pytest.fixture
def visit(browser: Any, served: tuple[str, Path, Any]) -> Iterator[Any]:
    contexts, said = [], []

    def go(width: int = 1200) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda line: line.type in ("error", "warning") and said.append(line.text))
        page.goto(served[0])
        page.wait_for_function(READY)
        page.wait_for_timeout(500)
        return page

    yield go
    for context in contexts:
        context.close()
    assert said == []


@pytest.mark.parametrize("width", [400, 1600])
def test_it_loads_in_silence_and_nothing_overflows(width: int, visit: Any) -> None:
    page = visit(width)
    assert page.evaluate(OVERFLOW) == 0
    assert page.title().startswith("Explore circuits/cortical_column")
    assert page.locator("html").get_attribute("lang") == "en" and page.locator("main").count() == 1
    widths = page.eval_on_selector_all("figure", "all => all.map((one) => one.getBoundingClientRect().width)")
    assert len(widths) == 5 and min(widths) > 250


def test_axe_finds_no_violation_outside_of_figures(visit: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="wants axe-playwright-python")
    rules = {"type": "tag", "values": ["wcag2a", "wcag2aa"]}
    found = axe.Axe().run(visit(), options={"runOnly": rules}).response["violations"]
    assert [(one["id"], [node["html"][:100] for node in one["nodes"][:3]]) for one in found] == []


def test_a_control_changes_what_is_drawn(visit: Any) -> None:
    page = visit()
    before = page.evaluate(DATA, "ampar_scaling.AMPAR_scale")
    assert max(before) > 1.1
    page.get_by_label("Genotype").select_option(label="eEF2K")
    page.wait_for_function(f"(old) => String(({DATA})('ampar_scaling.AMPAR_scale')) !== String(old)", arg=before)
    assert max(page.evaluate(DATA, "ampar_scaling.AMPAR_scale")) < max(before)


def test_the_button_writes_an_experiment_once(visit: Any, served: tuple[str, Path, Any]) -> None:
    page = visit()
    page.get_by_label("Genotype").select_option(label="MeCP2 S421A")
    page.get_by_role("button", name="Write experiment file").click()
    page.get_by_text("Written:").wait_for()
    made = read_experiment(served[1] / "my_setting.toml")
    assert [one.name for one in made.arms] == ["vehicle", "explored"]
    assert [one.name for one in made.arms[1].interventions] == ["MeCP2_S421A"]
    page.get_by_role("button", name="Write experiment file").click()
    page.get_by_text("is there already").wait_for()


def test_ctrl_c_ends_it_well(served: tuple[str, Path, Any]) -> None:
    served[2].send_signal(signal.SIGINT)
    assert served[2].wait(timeout=60) == 0
