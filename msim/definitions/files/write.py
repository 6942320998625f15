"""Writer of definition files by tomlkit: whole files, and values in place with comments and layout kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msim.base.errors import InputError
from msim.definitions.files.read import read_tables

MARK_OF_UTF8 = "\ufeff"  # with which some editors begin a file, and which TOML does not know


def toml_text(tables: Mapping[str, Any]) -> str:
    """Return tables as TOML: plain values first, then lists of tables, each as [[name]]; tables within are inline."""
    import tomlkit

    lists = {key: value for key, value in tables.items() if _are_tables(value)}
    document = tomlkit.document()
    for key, value in tables.items():
        if key not in lists:
            document.append(key, _inline(value))
    for key, value in lists.items():
        rows = tomlkit.aot()
        for one in value:
            row = tomlkit.table()
            for name, held in one.items():
                row.append(name, _inline(held))
            rows.append(row)
        document.append(key, rows)
    return tomlkit.dumps(document)


def write_new(tables: Mapping[str, Any], path: Path) -> None:
    """Write the file of a definition; an existing file is never replaced.

    raises: InputError where there is a file already, or none can be written
    """
    text = toml_text(tables)
    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError:
        raise InputError(f"{path}: is there already; choose another name") from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be written: {problem.strerror}") from None
    try:
        with file:
            file.write(text)
    except OSError as problem:
        path.unlink(missing_ok=True)  # half of a definition may read as a whole one
        raise InputError(f"{path}: cannot be written: {problem.strerror}") from None


def with_values(text: str, new: Mapping[tuple[str, ...], Mapping[str, str | float]], where: str) -> str:
    """Return the text of a definition file with other entries of values; every other character stays.

    new: by the keys that lead to a value, such as ("drives", "background_pv", "rate"), what changes in its table, such
        as 'value' and 'note'
    where: the file, for the message
    raises: InputError that names the first value that the file does not state in a table of its own
    """
    import tomlkit

    mark = MARK_OF_UTF8 if text.startswith(MARK_OF_UTF8) else ""
    bare = text.removeprefix(mark)
    document, wanted = tomlkit.parse(bare), read_tables(bare, where)
    for keys, entries in new.items():
        refusal = f"{where}: {'.'.join(keys)}: its value could not be found in the file; set it by hand to "
        for tables in (document, wanted):
            value = _inside(tables, keys)
            if "value" not in value:
                raise InputError(f"{refusal}{entries.get('value')}")
            value.update(entries)
    changed = tomlkit.dumps(document)
    # A table in several pieces is one that tomlkit may write in the wrong place.
    if read_tables(changed, where) != wanted:
        raise InputError(f"{refusal}{entries.get('value')}")
    return mark + changed


def _inside(tables: Any, keys: Sequence[str]) -> Any:
    """Return the table to which keys lead; an empty one where they lead to none."""
    for key in keys:
        tables = tables.get(key, {}) if isinstance(tables, Mapping) else {}
    return tables if isinstance(tables, Mapping) else {}


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _inline(value: Any) -> Any:
    """Return a value as tomlkit writes it behind a key, on one line."""
    import tomlkit

    row = tomlkit.inline_table()
    row.append("value", value)
    return row["value"]
