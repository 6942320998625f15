"""Every message that a user can meet has a row in docs/ERRORS.md, and every row is of some message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from raise_sites import Site, own_kinds, sites

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/ERRORS.md").read_text(encoding="utf-8")
SITES = list(sites(ROOT / "msim"))

# Messages that are put together elsewhere: where, and what a user reads there (which has a row too).
MADE_ELSEWHERE = {
    "cli/hashing.py": "... and ... differ first in ...",
    "brain/connectome.py": "...: wants tracts of at most ... s, got ... mm between ... and ...",
    "definitions/models/interventions.py": "the model declares no ... '...'",
    "definitions/studies/roles.py": "...: wants a model whose table [roles] says '...'",
    "definitions/files/read.py": "wants a whole number, got ...",
    "backends/cpp/network.py": "wants one number for all synapses, got ...",
    "backends/cpp/validation.py": "equation of '...' cannot be read: ...",
    "calibration/space.py": 'wants a value of a slow mechanism with source = "fitted", got ...',
    "studies/checks.py": "...: wants at least two volumes, got a TR of ... s in ... s",
    "emulator/emulator.py": "emulator: outside its domain at ...",
}


def rows() -> Iterator[tuple[list[str], str, str]]:
    """Patterns, meaning and cure of every row of the page."""
    for line in PAGE.splitlines():
        if line.startswith("| `"):
            shown, meaning, cure = (one.strip() for one in re.split(r"(?<!\\)\|", line)[1:-1])
            yield re.findall(r"`([^`]+)`", shown), meaning, cure


def pattern(text: str) -> re.Pattern[str]:
    """A message of the page, in which ... stands for anything."""
    return re.compile(".*".join(re.escape(part) for part in text.split("...")))


PATTERNS = {text: pattern(text) for shown, _, _ in rows() for text in shown if text.strip(".:, ") not in ("", "got")}


def lettered(text: str) -> str:
    """What is not filled in, without the words that every message has."""
    return "".join(re.findall("[A-Za-z0-9-]", re.sub(r"\b(wants|got)\b", "", text)))


def messages(site: Site) -> Iterator[str]:
    for message in site.messages:
        if len(lettered(message)) > 3:
            yield message
        else:
            yield MADE_ELSEWHERE.get(site.file, message)


@pytest.mark.parametrize("folder", sorted({one.file.split("/")[0] for one in SITES}))
def test_every_message_has_a_row(folder: str) -> None:
    """A new message without a row fails here: add one to docs/ERRORS.md, with its cure."""
    mine = [one for one in SITES if one.file.split("/")[0] == folder]
    without = [
        f"msim/{site.file}:{site.line}: {message}"
        for site in mine for message in messages(site)
        if not any(one.search(message) for one in PATTERNS.values())
    ]  # fmt: skip
    assert mine and without == []


def test_no_row_is_so_wide_that_every_message_is_in_it() -> None:
    assert [one for one in PATTERNS if len(lettered(one)) < 3] == []


def test_no_row_is_of_a_message_that_is_gone() -> None:
    known = [message for site in SITES for message in messages(site)]
    assert [text for text, one in PATTERNS.items() if not any(map(one.search, known))] == []


def test_every_row_says_what_it_means_and_what_to_do() -> None:
    found = list(rows())
    assert len(found) > 100
    assert [shown for shown, meaning, cure in found if len(meaning) < 8 or not cure] == []


def test_the_kinds_are_those_of_the_exceptions() -> None:
    assert own_kinds(ROOT / "msim") >= {"InputError", "DefinitionError", "StorageError", "SimulationError"}
    assert len(SITES) > 400


def test_a_new_message_would_be_missed() -> None:
    """The page does not match whatever words are raised."""
    assert not any(one.search("the moon is in the wrong quarter, so nothing grows") for one in PATTERNS.values())
