"""Analysis: a kind of study, found by the name of its table in a study file; and the format of such a file."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import create_model

from msim.base.plugins import plugins
from msim.definitions.files.schema import Entry
from msim.definitions.studies.schema import StudyFile

BUILT_IN = "msim.studies.analyses"  # a package; each package in it is an analysis


@dataclass(frozen=True)
class Analysis:
    """A kind of study. Modules are named, and imported only where a study is run or drawn.

    schema: entries of its table; `controls`, where it has that entry, names the group that is not treated
    times: entries that are times above 0 s
    visits: each entry that names visits, and the groups that need these: 'all', 'controls', 'others' than the controls,
        'patients' (the first of them), or 'treated', which get doses
    roles: of the model, which have to be there beside its gain (definitions/models/roles.py)
    limits: heading of what it is known to get wrong; limits_text: that, where models/LIMITS.md does not have it
    units: of the measures in the files of readings that it writes, by name
    study: module with check, statistics, run and write; figure: module with draw (msim/studies/analysis.py)
    """

    schema: type[Entry]
    needs_brain: bool
    times: tuple[str, ...]
    visits: Mapping[str, tuple[str, ...]]
    limits: str
    study: str
    figure: str
    roles: tuple[str, ...] = ()
    limits_text: str = ""
    units: Mapping[str, str] = field(default_factory=dict)


@functools.cache
def analyses() -> dict[str, Analysis]:
    """Return all analyses by the names of their tables: msim's own, and those of installed packages.

    raises: StartError for a package whose analyses cannot be taken
    """
    names = sorted(one.name for one in pkgutil.iter_modules(importlib.import_module(BUILT_IN).__path__))
    found = {name: importlib.import_module(f"{BUILT_IN}.{name}").ANALYSIS for name in names}
    return found | plugins("msim.analyses", Analysis, (*names, *StudyFile.model_fields))


@functools.cache
def study_format() -> type[StudyFile]:
    """Return the format of a study file: with a table for each analysis."""
    tables: dict[str, Any] = {name: (one.schema | None, None) for name, one in analyses().items()}
    return create_model("StudyFile", __base__=StudyFile, **tables)
