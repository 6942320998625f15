"""The parameters of a model with units and sources, and the works that they cite."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from msim.base.sources import Source, kind_of, kinds_text
from msim.definitions.files.citations import known_sources
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.tables import kinds_of_values, model_tables
from msim.report.blocks import Block, Section, Table, Words
from msim.report.texts import counted

COLUMNS = ("parameter", "value", "meaning", "source", "note")
SOURCES = ("key", "work")
_KEY = re.compile(r"\[([a-z]+\d{4}[a-z]?)\]\Z")


def parameter_sections(model: ModelDefinition, further: Sequence[str] = ()) -> tuple[Section, Section]:
    """Return the parameters and sources of a model.

    further: other keys that the page cites
    """
    records = model_tables(model)["values"]
    forms = {name: f"{one.mechanism.meaning}" + (f" (on {one.on})" if one.on else "")
             for name, one in model.instances.items()}  # fmt: skip
    return sections_of({model.name: records}, forms, further)


def sections_of(
    parts: Mapping[str, Sequence[Mapping[str, Any]]], meanings: Mapping[str, str], further: Sequence[str] = ()
) -> tuple[Section, Section]:
    """Return records of values, as `value_record` makes them, sorted by owner, and the works that they cite."""
    everything = [one for records in parts.values() for one in records]
    own = [one for one in everything if not one["same_as"]]
    same = len(everything) - len(own)
    told = (f"{counted(len(everything), 'value')}, {same} of them the same as another. Of the others: "
            f"{kinds_text(_kinds(own))}. Measured: a published work is cited; the note says to what a value was fitted "
            "or why it was assumed.")  # fmt: skip
    blocks: list[Block] = [Words((told,))]
    for part, records in parts.items():
        for owner, values in groupby(records, key=lambda one: str(one["value"]).split(".")[0]):
            blocks.append(_table(part if len(parts) > 1 else "", owner, list(values), meanings))
    keys = [_key(one) for one in own] + list(further)
    return Section("parameters", "Parameters", tuple(blocks)), _sources(keys)


def model_kinds(model: ModelDefinition) -> str:
    """Say in a few words how many values of a model are measured, fitted and assumed."""
    return f"values: {kinds_text(kinds_of_values(model.values.values()))}"


def kinds_fact(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Say in a few words how many values of records are measured, fitted and assumed."""
    own = [one for records in parts.values() for one in records if not one["same_as"]]
    return f"values: {kinds_text(_kinds(own))}"


def _kinds(own: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    known = known_sources()
    return dict(Counter(kind_of(_key(one), known) for one in own))


def _key(one: Mapping[str, Any]) -> str:
    """Return the source of a record as a file has it: the key of a work, 'fitted' or 'assumed'."""
    found = _KEY.search(str(one["source"]))
    return found[1] if found else str(one["source"])


def _table(part: str, owner: str, records: Sequence[Mapping[str, Any]], meanings: Mapping[str, str]) -> Table:
    meaning = f": {meanings[owner]}" if owner in meanings else ""
    whose = f"{part}, " if part else ""
    caption = f"{whose}{owner}{meaning} – {counted(len(records), 'value')}"
    rows = [
        (str(one["value"]), _with_unit(one), str(one["meaning"]), _source(one), str(one["note"])) for one in records
    ]
    return Table(caption, COLUMNS, rows, folded=True, can_filter=True)


def _with_unit(one: Mapping[str, Any]) -> str:
    """Return a value as its file gives it; a bare number is marked as without unit."""
    text = str(one["is"])
    return f"{text} (no unit)" if re.fullmatch(r"[-+0-9.eE]+", text) else text


def _source(one: Mapping[str, Any]) -> str:
    return f"same as {one['same_as']}: {one['source']}" if one["same_as"] else str(one["source"])


def _sources(keys: Iterable[str]) -> Section:
    known = known_sources()
    rows = [(key, work_text(known[key])) for key in sorted(set(keys)) if key in known]
    table = Table(f"The {counted(len(rows), 'work')} cited on this page", SOURCES, rows)
    return Section("sources", "Sources", (table,))


def work_text(source: Source) -> str:
    """Format a work with all that a reader needs to find it."""
    names = ", ".join(source.authors[:3]) + (" et al." if len(source.authors) > 3 else "")
    doi = f" doi:{source.doi}" if source.doi else ""
    note = f" ({source.note})" if source.note else ""
    return f"{names} ({source.year}). {source.title}. {source.journal}.{doi}{note}"
