"""Reader that turns a TOML file into checked entries; every complaint names file and key."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError

from msim.base.errors import DefinitionError, InputError, nearest
from msim.base.paths import given_path
from msim.definitions.files.table_kinds import other_kind
from msim.definitions.files.takes import QUANTITY

LARGEST_FILE = 2_000_000
MOST_KEY_PARTS = 16
LARGEST_INTEGER = 2**63
# Python's TOML reader needs memory that grows with the square of the parts of a dotted key.
_LONG_KEY = re.compile(
    rf"""(?<![\w"'-])(?:(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{MOST_KEY_PARTS}}}"""
)
_WANTED = {
    "string_type": "wants a text",
    "int_type": "wants a whole number",
    "list_type": "wants a list",
    "tuple_type": "wants a list",
    "frozen_set_type": "wants a list",
    "dict_type": "wants a table",
    "model_type": "wants a table",
    "model_attributes_type": "wants a table",
    "too_short": "wants at least one entry",
    "string_too_short": "wants a text that is not empty",
}
ENTRY = TypeVar("ENTRY", bound=BaseModel)


def shipped(kind: str) -> Path:
    """Return the folder of shipped models or experiments: in a checkout beside the package, otherwise inside it.

    kind: 'models' or 'experiments'
    """
    package = Path(__file__).resolve().parent.parent.parent
    checkout = package.parent / kind
    inside_checkout = (package.parent / "setup.cfg").is_file() and checkout.is_dir()
    return checkout if inside_checkout else package / "shipped" / kind


def find(name: str, kind: str) -> Path:
    """Return the file that a path or a shipped name stands for, such as 'circuits/cortical_column'."""
    given = given_path(name, kind)
    if os.path.isfile(given):
        return given
    root = shipped(kind)
    inside = root / (name if name.endswith(".toml") else f"{name}.toml")
    if not name.startswith(("/", "~")) and ".." not in Path(name).parts and os.path.isfile(inside):
        return inside
    raise InputError(f"{name}: no such file, and no shipped name in {kind}{nearest(name, shipped_names(kind))}")


def shipped_names(kind: str) -> list[str]:
    """Return the names of all shipped definition files of a kind, without '.toml'."""
    root = shipped(kind)
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.toml"))


def display_name(path: Path) -> str:
    """Return the path as messages show it: relative to the working folder where that is shorter."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)


def read_text(path: Path) -> str:
    """Read the text of a definition file."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DefinitionError(display_name(path), "wants a file, got a folder or a device")
        if size > LARGEST_FILE:
            raise DefinitionError(display_name(path), f"wants at most {LARGEST_FILE} bytes, got {size}")
        return path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise DefinitionError(display_name(path), f"cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise DefinitionError(display_name(path), "wants a text in UTF-8, got other bytes") from None


def read_tables(text: str, where: str) -> dict[str, Any]:
    """Read the text of a definition file into tables whose keys and types are not checked yet.

    raises: DefinitionError where the text is not TOML, or holds a key or number that no definition needs
    """
    long_key = _LONG_KEY.search(text)
    if long_key is not None:
        line = text.count("\n", 0, long_key.start()) + 1
        wanted = f"wants keys of fewer than {MOST_KEY_PARTS} parts"
        raise DefinitionError(where, f"line {line}: {wanted}, got {_short(long_key[0])}")
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        raise DefinitionError(where, "is not TOML: nested too deeply") from None
    except ValueError as problem:  # a syntax error, or an integer of thousands of digits
        raise DefinitionError(where, f"is not TOML: {problem}") from None
    _validate_size(tables, where)
    return tables


def _validate_size(tables: dict[str, Any], where: str) -> None:
    """Refuse nested tables and whole numbers that Python's reader accepts but that later steps cannot handle."""
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), tables)]
    while waiting:
        key, value = waiting.pop()
        place = f"{where}: {'.'.join(str(part) for part in key)}"
        if len(key) > MOST_KEY_PARTS:
            raise DefinitionError(place, f"wants at most {MOST_KEY_PARTS} levels of tables, got more")
        if isinstance(value, int) and abs(value) >= LARGEST_INTEGER:
            raise DefinitionError(place, "wants a whole number of 64 bits, got a larger one")
        inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting += [((*key, name), one) for name, one in inside]


def read_entries(text: str, where: str, kind: type[ENTRY]) -> ENTRY:
    """Read the text of a definition file into its entries.

    raises: DefinitionError that names the file and the first wrong key
    """
    return checked_entries(read_tables(text, where), where, kind)


def checked_entries(tables: dict[str, Any], where: str, kind: type[ENTRY]) -> ENTRY:
    """Turn tables into entries whose keys and types are right.

    raises: DefinitionError that names the file and the first wrong key
    """
    try:
        return kind.model_validate(tables)
    except ValidationError as problem:
        other = other_kind(tables, kind.__name__)
        raise (DefinitionError(where, other) if other else _complaint(problem, where, kind)) from None


def _complaint(problem: ValidationError, where: str, kind: type[BaseModel]) -> DefinitionError:
    first = problem.errors(include_url=False)[0]
    location = first["loc"][:-1] if first["loc"][-1:] == ("[key]",) else first["loc"]
    *above, last = location or ("",)
    key = ".".join(str(part) for part in location)
    place = f"{where}: {key}" if key else where
    if first["type"] == "extra_forbidden":
        return DefinitionError(place, f"unknown key '{last}'{nearest(str(last), _known_keys(kind, above))}")
    if first["type"] == "missing":
        return DefinitionError(place, f"missing key '{last}'")
    if first["type"] == QUANTITY:
        return DefinitionError(place, first["msg"])
    return DefinitionError(place, f"{_wanted(first)}, got {_short(first.get('input'))}")


def _known_keys(kind: Any, location: list[Any]) -> Iterator[str]:
    for part in location:
        kind = _inside(kind, part)
    for name, field in kind.model_fields.items():
        yield field.alias or name


def _inside(kind: Any, part: str | int) -> Any:
    """Return the kind of entry to which a key of a table, or an index of a list, leads."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        known = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
        return _entry(known[str(part)] if part in known else get_args(get_type_hints(kind)["__pydantic_extra__"])[-1])
    return _entry(next(one for one in reversed(get_args(kind)) if one is not ...))


def _entry(annotation: Any) -> Any:
    """Return an annotation without its None: X for 'X | None'."""
    if get_origin(annotation) in (list, tuple, dict) or isinstance(annotation, type):
        return annotation
    return next(one for one in get_args(annotation) if one is not type(None))


def _wanted(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if message.startswith("wants"):
        return message
    return _WANTED.get(error["type"], "wants " + message.removeprefix("Input should be "))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
