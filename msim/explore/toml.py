"""Writer of an experiment's tables as the text of its file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msim.base.errors import InputError

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(tables: Mapping[str, Any]) -> str:
    """Write tables as TOML: plain values first, then lists of tables, each as [[name]].

    tables: texts, numbers, lists of these and tables; a list of tables only at the top, or inline
    """
    plain = {key: value for key, value in tables.items() if not _are_tables(value)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in tables.items():
        if key not in plain:
            for one in value:
                lines += ["", f"[[{_key(key)}]]", *(f"{_key(name)} = {_value(held)}" for name, held in one.items())]
    return "\n".join(lines) + "\n"


def write_experiment(tables: Mapping[str, Any], path: Path) -> None:
    """Write the file of an experiment; an existing file is never replaced.

    raises: InputError where there is a file already, or none can be written
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(toml_text(tables))
    except FileExistsError:
        raise InputError(f"{path}: is there already; choose another name") from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be written: {problem.strerror}") from None


def _key(name: str) -> str:
    """Return a key, in quotes unless it can stand bare."""
    return name if _BARE.fullmatch(name) else _value(name)


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _value(value: Any) -> str:
    if isinstance(value, str):
        # A text of JSON is one of TOML, but for the one control character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(held)}" for key, held in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return str(value).lower() if isinstance(value, bool) else repr(value)
