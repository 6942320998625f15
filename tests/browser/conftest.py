"""A browser without a screen, for tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def _chromium() -> str | None:
    names = (os.environ.get("MSIM_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium as the machine has it."""
    api = pytest.importorskip("playwright.sync_api", reason="wants playwright (pip install 'msim[test]')")
    path = _chromium()
    if path is None:
        pytest.skip("wants Chromium on PATH (apt-get install chromium), or its path in MSIM_CHROMIUM")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Opened:
    """Pages opened from disk without a network; `said` holds what they wrote to the console as warning or error."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self.said: list[str] = []

    def __call__(self, path: Path, width: int = 1200, **options: Any) -> Any:
        context = self._browser.new_context(offline=True, viewport={"width": width, "height": 900}, **options)
        page = context.new_page()
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", lambda line: line.type in ("error", "warning") and self.said.append(line.text))
        page.goto(path.resolve().as_uri())
        return page


@pytest.fixture
def opened(browser: Any) -> Iterator[Opened]:
    """Opens a page of a file."""
    pages = Opened(browser)
    yield pages
    for context in list(browser.contexts):
        context.close()
