"""The documentation site builds without a warning, and leaves nothing out that it promises to hold."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

import msim
from msim.definitions.files.citations import known_sources
from msim.definitions.models.mechanism_registry import MECHANISMS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; every warning is an error, a link that leads nowhere among them."""
    pytest.importorskip("myst_nb", reason="wants the extra 'docs'")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html", "-d", str(out / "trees")]
    command += ["-D", "nb_execution_mode=off"]  # each is a test already; kernels write to stderr
    done = subprocess.run([*command, "docs", str(out / "html")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return out / "html"


def text_of(page: Path) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def test_every_page_of_docs_is_in_the_site(site: Path) -> None:
    """Sphinx itself complains of a page that no table of contents names."""
    pages = [one for one in (ROOT / "docs").rglob("*.md") if not one.relative_to(ROOT / "docs").parts[0] == "_build"]
    assert pages
    for one in pages:
        assert (site / one.relative_to(ROOT / "docs").with_suffix(".html")).is_file()


def test_the_table_of_parameters_has_every_value_with_its_source(site: Path) -> None:
    model = msim.read_model("circuits/cortical_column")
    text, sources = text_of(site / "_generated/parameters.html"), text_of(site / "_generated/sources.html")
    assert [path for path in model.values if path not in text] == []
    assert [key for key in known_sources() if key not in sources] == []


def test_no_form_and_no_public_name_is_without_a_place(site: Path) -> None:
    mechanisms, api = text_of(site / "_generated/mechanisms.html"), text_of(site / "_generated/api.html")
    assert [form for form in MECHANISMS if form not in mechanisms] == []
    assert mechanisms.count("Declared in msim.") == len(MECHANISMS)
    assert [name for name in msim.__all__ if name not in api] == []


def test_no_command_is_without_a_place(site: Path) -> None:
    import typer

    from msim.cli import app

    text = text_of(site / "_generated/commands.html")
    assert [name for name in typer.main.get_command(app).commands if f"msim {name}" not in text] == []  # type: ignore


def test_the_limits_are_the_text_that_reports_print(site: Path) -> None:
    """One text, said once: headings of models/LIMITS.md are those of the page."""
    source = (ROOT / "models/LIMITS.md").read_text(encoding="utf-8")
    page = text_of(site / "_generated/limits.html")
    heads = re.findall(r"^#+ (.+)$", source, flags=re.MULTILINE)
    assert heads and [one for one in heads if one not in page] == []
