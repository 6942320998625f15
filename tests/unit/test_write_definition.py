"""Definition files are written as they are read, and a value changes in place, alone, or is refused by name."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from msim.base.errors import InputError
from msim.definitions.files.read import shipped
from msim.definitions.files.write import toml_text, with_values, write_new

COLUMN = (shipped("models") / "circuits" / "cortical_column.toml").read_text(encoding="utf-8")
TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=30)
RATE = ("drives", "background_pv", "rate")


def changed(text: str, value: str = "9.876 Hz", keys: tuple[str, ...] = RATE) -> str:
    return with_values(text, {keys: {"value": value}}, "own.toml")


@given(TEXTS, some.floats(allow_nan=False, allow_infinity=False), some.lists(TEXTS), some.integers(-(2**63), 2**63 - 1))
def test_what_is_written_is_what_is_read(text: str, number: float, names: list[str], count: int) -> None:
    tables = {"text": text, "names": names, "rows": [{"number": number, "inner": [{"count": count, "text": text}]}]}
    assert tomllib.loads(toml_text(tables)) == tables


def test_keys_and_values_of_all_kinds_come_back() -> None:
    """A dot in a key makes no table of it."""
    tables = {"set": {"nmda.Mg_o": "1 mM", "plain": True}, "arms": [{"name": "one", "set": {"a.b": 1.5, "c d": False}}]}
    assert tomllib.loads(toml_text(tables)) == tables


@pytest.mark.parametrize("name", ["pyramidal", "pv", "sst"])
def test_only_the_value_is_replaced(name: str) -> None:
    """Of the text one piece differs, and of the entries one value: source, note and all others stay."""
    drive = f"background_{name}"
    new = changed(COLUMN, keys=("drives", drive, "rate"))
    before, after = tomllib.loads(COLUMN), tomllib.loads(new)
    old = before["drives"][drive]["rate"].pop("value")
    assert after["drives"][drive]["rate"].pop("value") == "9.876 Hz" and before == after
    lines = [line for line in difflib.ndiff(COLUMN.splitlines(), new.splitlines()) if line[0] in "+-"]
    assert len(lines) == 2 and lines[1][2:] == lines[0][2:].replace(old, "9.876 Hz")


@pytest.mark.parametrize("path", sorted(shipped("models").rglob("*.toml")), ids=lambda path: path.stem)
def test_there_and_back_gives_the_same_characters(path: Path) -> None:
    """Of every value of every shipped file, whatever stands around it."""
    text = path.read_text(encoding="utf-8")
    stated = dict(values_in((), tomllib.loads(text)))
    there = with_values(text, {keys: {"value": "1 Hz"} for keys in stated}, "own.toml")
    assert all(value == "1 Hz" for value in dict(values_in((), tomllib.loads(there))).values())
    assert with_values(there, {keys: {"value": value} for keys, value in stated.items()}, "own.toml") == text


def values_in(keys: tuple[str, ...], tables: dict[str, object]) -> list[tuple[tuple[str, ...], object]]:
    """All values that tables state, by the keys that lead to them."""
    found = [(keys, tables["value"])] if "value" in tables else []
    inside = [(key, one) for key, one in tables.items() if isinstance(one, dict)]
    return found + [one for key, table in inside for one in values_in((*keys, key), table)]


@pytest.mark.parametrize("text", [
    '[drives.background_pv]\n# rate = { value = "1 Hz" }\nrate = { source = "x", value = "OLD" } # why\n',
    '[drives.background_pv]\nrate.value = "OLD"\nrate.source = "x"\n\n[other]\nrate.value = "1 Hz"\n',
    '[drives.background_pv.rate]\nvalue = \'OLD\'\nsource = "x"\n',
    '[drives]\n"background_pv" = { "rate" = { "value" = "OLD" } }\n',
    '\ufeff[drives.background_pv]\r\nrate = { value = "OLD" }\r\n',
    '[drives.background_pv]\nto = "pv"\n[cells]\n[drives.background_pv.rate]\nvalue = "OLD"\n[drives.other]\n',
])  # fmt: skip
def test_a_value_is_found_however_it_is_written(text: str) -> None:
    assert changed(text).replace('"9.876 Hz"', "9.876 Hz").replace("'9.876 Hz'", "9.876 Hz") == (
        text.replace('"OLD"', "9.876 Hz").replace("'OLD'", "9.876 Hz")
    )


@pytest.mark.parametrize("text", [
    '[drives.other]\nrate = { value = "1 Hz" }',
    '[drives.background_pv]\nto = "pv"\n\n[drives.other]\nrate = { value = "1 Hz" }',
    '[drives.background_pv]\nrate = { same_as = "other.rate" }',
    '[drives.background_pv]\nrate = "1 Hz"',
    "note = '''\n[drives.background_pv]\nrate = { value = \"1 Hz\" }\n'''",
    "",
])  # fmt: skip
def test_a_value_that_is_not_in_the_file_is_not_guessed(text: str) -> None:
    """Nor that of another drive taken for it: the message names file and value, and what to set by hand."""
    with pytest.raises(InputError, match=r"own\.toml: drives\.background_pv\.rate: .* by hand to 9\.876 Hz"):
        changed(text)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_half_of_a_definition_is_not_left_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Any:
        Path(tmp_path / "new.toml").touch()
        return open("/dev/full", "w")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(InputError, match="cannot be written: No space left"):
        write_new({"title": "a" * 100_000}, tmp_path / "new.toml")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
