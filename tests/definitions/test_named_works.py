"""Works that notes, comments and pages name are in the bibliography; pages of data say what their files hold."""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from msim.base.sources import read_sources

ROOT = Path(__file__).resolve().parents[2]
SOURCES = read_sources(ROOT / "models/sources.bib")
# 'Ma 2012', 'Reese and Kavalali 2015', 'Kamp et al. 2020': what a reader takes for a work.
NAMED = re.compile(
    r"\b([A-Z][^\W\d_]+(?:-[A-Z][^\W\d_]+)*)(?:,? (?:and|&) [A-Z][\w-]+| et al\.?)? ((?:19|20)\d\d[a-z]?)\b"
)
KEY = re.compile(r"\b[a-z]{2,}(?:19|20)\d\d[a-z]?\b")
TEXTS = {"models": ("toml", "md"), "experiments": ("toml", "md"), "msim": ("py",), "docs": ("md",)}
PAGES = sorted((ROOT / "models/brains").rglob("README.md"))


def plain(name: str) -> str:
    """A surname as keys have it: lower case, without accents and hyphens."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return letters.replace("-", "").lower()


def named(text: str) -> set[str]:
    """Keys that a text names, written out or as author and year."""
    return {plain(name) + year for name, year in NAMED.findall(text)} | set(KEY.findall(text))


def test_names_of_works_are_found_as_they_are_written() -> None:
    text = "as in Ma 2012, Reese and Kavalali 2015, Kamp et al. 2020 (Kotermanski & Johnson 2009) and kamp2020b"
    assert named(text) == {"ma2012", "reese2015", "kamp2020", "kotermanski2009", "kamp2020b"}


@pytest.mark.parametrize("folder", TEXTS)
def test_every_work_that_is_named_has_an_entry(folder: str) -> None:
    """In the bibliography, so that a reader finds what a note goes by."""
    paths = [path for kind in TEXTS[folder] for path in sorted((ROOT / folder).rglob(f"*.{kind}"))]
    missing = [
        f"{path.relative_to(ROOT)}: {key}" for path in paths if "_build" not in path.parts
        for key in sorted(named(path.read_text(encoding="utf-8")) - set(SOURCES))
    ]  # fmt: skip
    assert paths and missing == []


def table(path: Path) -> tuple[list[str], np.ndarray]:
    """Names of regions, and the matrix of a file; NaN where nothing stands."""
    head, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    return head[1:], np.array([[float(one) if one else np.nan for one in row[1:]] for row in rows])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_page_of_data_lists_the_files_that_are_there(page: Path) -> None:
    listed = set(re.findall(r"`([\w.-]+\.csv)`", page.read_text(encoding="utf-8")))
    rows = {name for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
            for name in re.findall(r"`([\w.-]+\.csv)`", line.split("|")[1])}  # fmt: skip
    there = {path.name for path in page.parent.glob("*.csv")}
    assert listed <= there and rows == there


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_page_of_data_says_what_its_tables_hold(page: Path) -> None:
    """Mean Fisher z and its spread within and between systems or regions, rounded as they stand there."""
    text = " ".join(page.read_text(encoding="utf-8").split())
    head, *regions = csv.reader((page.parent / "regions.csv").read_text(encoding="utf-8").splitlines())
    names, mean = table(page.parent / "fc_fisher_z_mean7.csv")
    _, spread = table(page.parent / "fc_fisher_z_sd7.csv")
    systems = {row[head.index("system")] for row in regions}
    members = {name: [row[0] for row in regions if row[head.index("system")] == name] for name in systems}
    members |= {name: [name] for name in names}
    within = [(name, name, *rest) for name, *rest in re.findall(r"within (\w+) ([\d.]+) \(([\d.]+)\)", text)]
    between = re.findall(r"(\w+)-(\w+) ([\d.]+) \(([\d.]+)\)", text)
    assert len(within) >= 3 and len(between) >= 5
    for one, other, *stated in [*within, *between]:
        pairs = {tuple(sorted((names.index(a), names.index(b))))
                 for a in members[one] for b in members[other] if a != b or len(members[one]) == 1}  # fmt: skip
        found = [np.nanmean([matrix[pair] for pair in pairs]) for matrix in (mean, spread)]
        assert [f"{value:.2f}" for value in found] == stated, (one, other)


def test_what_the_page_says_of_weights_is_so() -> None:
    page = (ROOT / "models/brains/brain19/README.md").read_text(encoding="utf-8")
    names, weights = table(ROOT / "models/brains/brain19/weights.csv")
    off = weights[~np.eye(len(names), dtype=bool)]
    times = re.search(r"amygdala-VIS is suspiciously\s+strong \(([\d.]+) x the mean edge", page)
    assert times is not None and np.nanmax(weights) == 1.0 and np.array_equal(weights, weights.T)
    assert f"{weights[names.index('AMY'), names.index('VIS')] / off.mean():.1f}" == times[1]
