"""Sources of values, written as entries of the bibliography."""

from __future__ import annotations

from collections.abc import Mapping

from msim.base.sources import Source, cite_text, read_sources
from msim.definitions.files.read import shipped


def known_sources() -> Mapping[str, Source]:
    """Return the works that values may cite."""
    return read_sources(shipped("models") / "sources.bib")


def cited(key: str, known: Mapping[str, Source]) -> str:
    """Return a source as the bibliography lists it: 'Kamp et al. 2020 [kamp2020]'."""
    return f"{cite_text(known[key])} [{key}]" if key in known else key
