"""Sources of values as a reader finds them in the bibliography."""

from __future__ import annotations

from collections.abc import Mapping

from msim.base.sources import Source, cite_text, read_sources
from msim.definitions.files.read import shipped


def known_sources() -> Mapping[str, Source]:
    """Works that values may cite."""
    return read_sources(shipped("models") / "sources.bib")


def cited(key: str, known: Mapping[str, Source]) -> str:
    """A source as a reader finds it in the bibliography: 'Kamp et al. 2020 [kamp2020]'."""
    return f"{cite_text(known[key])} [{key}]" if key in known else key
