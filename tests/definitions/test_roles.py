"""Roles of a model: what others look for in it is named in its file and nowhere in msim."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import msim
from msim.base.errors import DefinitionError, InputError
from msim.definitions.files.read import find
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model, read_model_texts
from msim.definitions.models.roles import role
from msim.emulator.axes import axes_of
from msim.emulator.definition import fast_digest

COLUMN = "circuits/cortical_column"
OWN_WORDS = re.compile("AMPAR_scale|pyramidal")


def changed(model: ModelDefinition, old: str, new: str) -> ModelDefinition:
    """The column with another text."""
    file = next(where for where, text in model.files.items() if "[roles]" in text)
    assert old in model.files[file]
    return read_model_texts("own", {**model.files, file: model.files[file].replace(old, new, 1)})


@pytest.fixture(scope="module")
def column() -> ModelDefinition:
    return read_model(COLUMN)


def test_no_word_of_the_shipped_column_stands_outside_forms() -> None:
    """A model with other cells and another gain has to be as good as the shipped one."""
    root = Path(msim.__file__).parent
    files = [one for one in root.rglob("*") if one.suffix in (".py", ".html", ".js", ".cpp", ".hpp")]
    texts = {one.relative_to(root).as_posix(): one.read_text(encoding="utf-8") for one in files}
    assert len(files) > 300
    assert [name for name, text in texts.items() if OWN_WORDS.search(text) and "Mechanism(" not in text] == []


def test_roles_are_those_of_the_file(column: ModelDefinition) -> None:
    assert "[roles]" in find(COLUMN, "models").read_text(encoding="utf-8")
    assert column.roles.pools == tuple(one for alike in column.roles.block for one in alike)
    assert all(role(column, name) for name in vars(column.roles))


@pytest.mark.parametrize(("old", "new", "parts"), [
    ('population = "pyramidal"', 'population = "pyramid"', ("roles.population", "unknown population", "'pyramidal'")),
    ('gain       = "ampar_scaling.AMPAR_scale"', 'gain = "ampar_scaling.scale"', ("roles.gain", "has no output")),
    ('["block_evoked.b", "block_resting.b"]', '["block_evoked.c"]', ("roles.block", "has no output 'block_evoked.c'")),
    ('["eef2k.p_eEF2",', '["eef2k.eEF2",', ("roles.cascade", "has no output 'eef2k.eEF2'")),
    ('"resting_release.rate_mini"', '"resting_release.rate"', ("roles.miniatures", "has no value")),
    ('spines     = "spines.number"', 'spines = "spines"', ("roles.spines", "has no output 'spines'")),
])  # fmt: skip
def test_a_role_of_nothing_is_refused(old: str, new: str, parts: tuple[str, ...], column: ModelDefinition) -> None:
    with pytest.raises(DefinitionError) as refusal:
        changed(column, old, new)
    assert all(part in str(refusal.value) for part in parts), refusal.value


def test_two_files_do_not_both_say_what_a_model_s_roles_are(column: ModelDefinition) -> None:
    with pytest.raises(DefinitionError, match="roles: is defined already in"):
        read_model_texts("own", {**column.files, "more.toml": '[roles]\nbold = "bold.percent_signal_change"\n'})


def test_who_looks_for_a_role_that_a_model_lacks_is_told_so(column: ModelDefinition) -> None:
    without = changed(column, 'gain       = "ampar_scaling.AMPAR_scale"\n', "")
    assert without.roles.gain == ""
    with pytest.raises(InputError, match="own: wants a model whose table .roles. says 'gain'"):
        role(without, "gain")


def test_roles_say_nothing_of_how_cells_behave(column: ModelDefinition) -> None:
    """So that an emulator keeps its name."""
    without = changed(column, 'gain       = "ampar_scaling.AMPAR_scale"\n', "")
    assert axes_of(without) == axes_of(column)
    assert fast_digest(without, axes_of(without)) == fast_digest(column, axes_of(column))
