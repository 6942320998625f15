"""Every key of every definition format: what may stand there runs, and what may not is refused before anything does."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema import FORMATS, Place, entry_in, keys_of, kinds_of, leaves_of, places_in, tables_in, toml
from schema_examples import EXAMPLES, VALID, WRONG, Tables

from msim.definitions.checks import check_files
from msim.virtual.fits import check_fit

FIXED = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
# What a format shares with others and takes nowhere: a bath around a person, a value of another file.
NOWHERE = {
    "study": {"DoseEntry.uM"}, "participants": {"ValueEntry.same_as"}, "brain": {"ValueEntry.same_as"},
    "task": {"ValueEntry.same_as"},
}  # fmt: skip
DOCUMENTS = [(kind, index) for kind, several in EXAMPLES.items() for index in range(len(several))]


def accepted(tables: Tables, folder: Path) -> tuple[Path, str]:
    """The file of these tables, and why msim check refuses it; only an InputError is a refusal."""
    path = folder / "own.toml"
    path.write_text(toml(tables), encoding="utf-8")
    _, problems = check_files([str(path)], check_fit)
    return path, "; ".join(problems)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_key_of_a_format_stands_in_an_example(kind: str) -> None:
    """A new key fails here: put it into an example of schema_examples.py."""
    found = {name for one in EXAMPLES[kind] for name in tables_in(one, FORMATS[kind])}
    wanted = {f"{each.__name__}.{key}" for each in kinds_of(FORMATS[kind]) for key in keys_of(each)}
    assert wanted - found == NOWHERE.get(kind, set())


def test_every_key_that_holds_no_table_has_a_strategy() -> None:
    """A new key fails here too: say in VALID what may stand there. So does a strategy of a key that is gone."""
    assert {name for one in FORMATS.values() for name in leaves_of(one)} == set(VALID)


@pytest.mark.parametrize(("kind", "index"), DOCUMENTS)
def test_what_a_format_allows_passes_the_check(kind: str, index: int, tmp_path: Path) -> None:
    """All keys of a file at once hold other values that are as good."""

    @settings(FIXED, max_examples=6)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tables = drawn(kind, index, data)
        assert accepted(tables, tmp_path)[1] == ""

    law()


def drawn(kind: str, index: int, data: st.DataObject) -> Tables:
    """An example with every key drawn anew."""
    tables = copy.deepcopy(EXAMPLES[kind][index])
    for name, table, key in list(places_in(tables, FORMATS[kind])):
        table[key] = data.draw(VALID[name](table[key]), label=name)
    return tables
